"""The form that starts a workflow. It works without JavaScript."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core import jsonclean
from apps.core.errors import DomainError
from apps.executions.trial_data import given_by_hand, schema_sample
from apps.workflows.graph import GraphNode

MAX_INPUT_BYTES = 1_000_000


class StartForm(forms.Form):
    """Which trigger, and what it is to deliver."""

    trigger = forms.ChoiceField(label=_("Start at"))
    input = forms.CharField(
        label=_("Input"),
        required=False,
        strip=True,
        help_text=_("JSON. Empty: no input."),
        widget=forms.Textarea(attrs={"rows": 12, "class": "mono", "spellcheck": "false"}),
    )

    def __init__(self, data: Any = None, *, triggers: Sequence[GraphNode], **options: Any) -> None:
        super().__init__(data, **options)
        choice = self.fields["trigger"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(node.id, node.name) for node in triggers]
        if len(triggers) < 2:
            choice.widget = forms.HiddenInput()
            choice.initial = triggers[0].id if triggers else ""

    def clean_input(self) -> Any:
        """The value of the text; None when it is empty."""
        text = self.cleaned_data["input"]
        if not text:
            return None
        try:
            return jsonclean.parse(text, limit=MAX_INPUT_BYTES)
        except DomainError as refused:
            raise forms.ValidationError(refused.message) from None


def as_text(node: GraphNode, last: Any) -> str:
    """What the last run began with, as somebody would send it again."""
    return json.dumps(given_by_hand(node, last), indent=2, ensure_ascii=False)


def sample_input(node: GraphNode) -> str:
    """What a form for this trigger starts with: the schema's properties, or an empty object."""
    return json.dumps(schema_sample(node), indent=2, ensure_ascii=False)
