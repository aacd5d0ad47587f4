"""Forms made from the fields a credential type declares."""

from __future__ import annotations

import typing
from typing import Any, Literal

from django import forms
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic.fields import FieldInfo

from apps.core.errors import DomainError
from apps.integrations.declare import CredentialType, secret_names
from apps.integrations.models import Credential

PREFIX = "field_"
WORDS = {
    "authorization_code": gettext_lazy("A person, who allows it"),
    "client_credentials": gettext_lazy("The app, for itself"),
    "basic": gettext_lazy("In the Authorization header"),
    "body": gettext_lazy("In the body"),
    "none": gettext_lazy("By its id alone"),
    "tls": gettext_lazy("TLS from the start"),
    "starttls": gettext_lazy("STARTTLS"),
    "security.none": gettext_lazy("Not at all: only within one's own network"),
}
"""What people read for the values of choices, of one field or of any."""


class CredentialForm(forms.Form):
    """A credential's name, its type's fields, and where it may be used. A secret that is set may be left empty."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=100, help_text=gettext_lazy("What people choose it by in a workflow.")
    )
    allowed_hosts = forms.CharField(
        label=gettext_lazy("Allowed hosts"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "placeholder": "api.example.com"}),
        help_text=gettext_lazy(
            "Where it may be sent, one per line, such as api.example.com or *.example.com. Empty: anywhere. Naming "
            "them keeps whoever may use it from sending it to a server of their own."
        ),
    )
    rotate_after_days = forms.IntegerField(
        label=gettext_lazy("Remind me to replace it"),
        required=False,
        min_value=1,
        max_value=3_650,
        help_text=gettext_lazy("After so many days. Empty: never."),
    )
    allow_unverified = forms.BooleanField(
        label=gettext_lazy("Save it anyway"), required=False, widget=forms.CheckboxInput(attrs={"class": "checkbox"})
    )

    def __init__(
        self, kind: CredentialType, *args: Any, row: Credential | None = None, may_share: bool = True, **kwargs: Any
    ) -> None:
        if row is not None:
            kwargs.setdefault("initial", _written(row))
        super().__init__(*args, **kwargs)
        self.kind, self.row = kind, row
        self.secrets = frozenset(secret_names(kind.Fields))
        self.own: list[str] = []
        for name, info in kind.Fields.model_fields.items():
            self.fields[PREFIX + name] = self._field(name, info)
            self.own.append(PREFIX + name)
        if row is None:
            choices = [("workspace", _("Everybody here who may use credentials"))] if may_share else []
            self.fields["scope"] = forms.ChoiceField(
                label=_("Who may use it"),
                choices=[*choices, ("user", _("Only me"))],
                initial="workspace" if may_share else "user",
            )

    @property
    def own_fields(self) -> list[forms.BoundField]:
        """The fields of the type, in its order, without those it folds away."""
        return [self[name] for name in self.own if name.removeprefix(PREFIX) not in self.kind.folded]

    @property
    def folded_fields(self) -> list[forms.BoundField]:
        """The fields of the type that few need."""
        return [self[name] for name in self.own if name.removeprefix(PREFIX) in self.kind.folded]

    @property
    def has_folded_errors(self) -> bool:
        """Whether something among those is wrong."""
        return any(field.errors for field in self.folded_fields)

    @property
    def has_own_errors(self) -> bool:
        """Whether something in the part that is usually closed is wrong."""
        return bool(self.errors.get("allowed_hosts") or self.errors.get("rotate_after_days"))

    def given(self) -> dict[str, Any]:
        """What the services take. A secret that was left empty is not given, so it stays."""
        found = {}
        for name in self.kind.Fields.model_fields:
            value = self.cleaned_data[PREFIX + name]
            if name in self.secrets and value == "" and self.row is not None:
                continue
            found[name] = value
        return {
            "name": self.cleaned_data["name"],
            "fields": found,
            "allowed_hosts": self.cleaned_data["allowed_hosts"].replace(",", " ").split(),
            "rotate_after_days": self.cleaned_data["rotate_after_days"],
            "allow_unverified": self.cleaned_data["allow_unverified"],
        }

    def refuse(self, refused: DomainError) -> None:
        """Show what a service found wrong, beside the field it is about."""
        for error in refused.errors:
            name, _dot, rest = error.path.partition(".")
            field = PREFIX + rest.partition(".")[0] if name == "fields" else name.partition("[")[0]
            self.add_error(field if field in self.fields else None, f"{error.message} {error.hint}".strip())
        if not refused.errors:
            place = "name" if refused.code == "integrations.name_taken" else None
            self.add_error(place, f"{refused.message} {refused.hint}".strip())

    def _field(self, name: str, info: FieldInfo) -> forms.Field:
        is_set = self.row is not None and name in self.row.endings
        options = _options(info.annotation)
        common: dict[str, Any] = {
            "label": info.title
            or name.replace("_", " ").capitalize().replace("url", "address").replace("Api ", "API "),
            "help_text": escape(info.description or "").replace("`", ""),
            "required": info.is_required() and not is_set,
        }
        if options:
            return forms.ChoiceField(
                choices=[(each, _word(name, each)) for each in options],
                initial=info.get_default(),
                **common,
            )
        if info.annotation is bool:
            checkbox = forms.CheckboxInput(attrs={"class": "checkbox"})
            return forms.BooleanField(initial=info.get_default(), widget=checkbox, **common | {"required": False})
        longest = next((m.max_length for m in info.metadata if getattr(m, "max_length", None)), None)
        attributes: dict[str, Any] = {"autocomplete": "off", "spellcheck": "false"}
        if name in self.secrets:
            # A browser must not offer to keep what is not a person's own password.
            attributes |= {"autocomplete": "new-password", "data-1p-ignore": "", "data-lpignore": "true"}
            if is_set:
                attributes["placeholder"] = _("Unchanged")
            widget: forms.Widget = forms.PasswordInput(attrs=attributes, render_value=False)
            return forms.CharField(strip=False, widget=widget, **common)
        initial = None if info.is_required() else info.get_default()
        return forms.CharField(max_length=longest, initial=initial, widget=forms.TextInput(attrs=attributes), **common)


def _options(annotation: Any) -> tuple[str, ...]:
    return tuple(map(str, typing.get_args(annotation))) if typing.get_origin(annotation) is Literal else ()


def _word(name: str, value: str) -> Any:
    return WORDS.get(f"{name}.{value}") or WORDS.get(value) or value.replace("_", " ").capitalize()


def _written(row: Credential) -> dict[str, Any]:
    """A credential as its form shows it: without its secrets."""
    return {
        "name": row.name,
        "allowed_hosts": "\n".join(row.allowed_hosts),
        "rotate_after_days": row.rotate_after_days,
        **{PREFIX + name: value for name, value in row.settings.items()},
    }
