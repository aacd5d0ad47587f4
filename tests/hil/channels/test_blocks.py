"""What a dialog in Slack does to long values."""

from __future__ import annotations

from typing import Any

from apps.hil import forms
from apps.hil.channels.blocks import Filled, dialog
from apps.hil.channels.shown import Way


def test_a_text_too_long_for_slack_is_approved_as_it_is_and_never_cut() -> None:
    form: dict[str, Any] = {"kind": "content", "content": "Word. " * 1_000, "is_editable": True, "scores": []}
    way, fields = Way("approved", "Approve", "primary", True), forms.fields(form)
    view = dialog("Publish?", way, fields, metadata={}, needs_comment=False)
    assert [block["block_id"] for block in view["blocks"] if block["type"] == "input"] == ["hil.comment"]
    assert "too long to be changed" in str(view)
    filled = Filled({"hil.comment": {"value": {"value": "Fine."}}}, fields)
    found = forms.checked(form, "approved", forms.data_of(form, filled))
    assert (found.outcome, found.data["content"]) == ("approved", form["content"])
