"""The forms of the workflow pages. They work without JavaScript."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core import jsonclean
from apps.core.errors import DomainError
from apps.workflows.graph.document import MAX_BYTES
from apps.workflows.transfer import Parcel, import_document, ordered


class JsonText(forms.CharField):
    """A text that is JSON. Cleans to its value; says line and column where it is none."""

    widget = forms.Textarea

    def clean(self, value: Any) -> Any:
        """The value; None for an empty text that is not required."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return jsonclean.parse(text, limit=2 * MAX_BYTES)
        except DomainError as refused:
            raise forms.ValidationError(refused.message) from None


class NewForm(forms.Form):
    """A new workflow: blank, pasted, or from a file."""

    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    document = JsonText(
        label=_("Paste a workflow"),
        required=False,
        strip=True,
        help_text=_("An exported workflow, of this product or of n8n; or a definition with nodes and connections."),
        widget=forms.Textarea(attrs={"rows": 8, "class": "mono", "spellcheck": "false"}),
    )
    file = forms.FileField(label=_("A file"), required=False)

    def clean(self) -> dict[str, Any]:
        """Sets `parcel`, what is to be created."""
        given = super().clean() or {}
        name, document, file = given.get("name") or "", given.get("document"), given.get("file")
        if self.errors:
            return given
        try:
            if file is not None:
                document = jsonclean.parse(file.read(2 * MAX_BYTES + 1), limit=2 * MAX_BYTES)
            if document is not None:
                given["parcel"] = import_document(document, name=name)
            elif name:
                given["parcel"] = Parcel(name, "", None)
            else:
                self.add_error("name", _("A workflow needs a name."))
        except DomainError as refused:
            words = dict.fromkeys([refused.message, *(error.message for error in refused.errors[:20])])
            self.add_error("document" if file is None else "file", [*words])
        return given


class EditForm(forms.Form):
    """Name, description and draft, with the revision that was read."""

    name = forms.CharField(label=_("Name"), max_length=200)
    description = forms.CharField(
        label=_("Description"), max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    definition = JsonText(
        label=_("Definition"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 28, "class": "mono", "spellcheck": "false"}),
    )
    draft_revision = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def lock(self) -> None:
        """Let its fields be read and copied, not changed."""
        for field in self.fields.values():
            field.widget.attrs["readonly"] = True


def as_text(definition: Any) -> str:
    """A definition as people read and edit it."""
    return json.dumps(ordered(definition), indent=2, ensure_ascii=False)
