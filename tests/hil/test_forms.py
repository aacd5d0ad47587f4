"""What an answer must bring: drawn, read from a browser, checked with words that help."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from apps.core.errors import FieldError
from apps.hil.forms import Checked, checked, data_of, fields

FORM = {
    "kind": "fields",
    "schema": {
        "type": "object",
        "required": ["vat", "amount"],
        "properties": {
            "vat": {"type": "string", "title": "VAT number", "pattern": "^[A-Z]{2}"},
            "amount": {"type": "number", "minimum": 1, "maximum": 100},
            "units": {"type": "integer"},
            "country": {"enum": ["SE", "DE"]},
            "is_new": {"type": "boolean"},
            "day": {"type": "string", "format": "date"},
            "mail": {"type": "string", "format": "email"},
            "tags": {"type": "array", "items": {"enum": ["a", "b", "c"]}},
            "rest": {"type": "object"},
        },
    },
    "initial": {"country": "DE", "tags": ["b"]},
}
OPTIONS: dict[str, Any] = {
    "kind": "options",
    "options": [{"name": name, "label": name.upper()} for name in ("mail", "blog", "chat")],
    "least": 1,
    "most": 2,
}
CONTENT: dict[str, Any] = {
    "kind": "content",
    "content": "Faster imports.",
    "is_editable": True,
    "scores": [{"name": "style", "label": "Style", "most": 5}],
}


def said(form: dict[str, Any], data: Any, outcome: str = "answered") -> dict[str, str]:
    return {error.path: error.message for error in checked(form, outcome, data).errors}


def test_a_schema_becomes_fields_that_begin_with_what_is_known() -> None:
    found = {field.key: field for field in fields(FORM)}
    assert [field.kind for field in found.values()] == [
        *("text", "number", "integer", "select", "checkbox", "date", "email", "several", "json")
    ]
    assert (found["vat"].label, found["vat"].is_required, found["units"].label) == ("VAT number", True, "Units")
    assert [choice.value for choice in found["country"].choices if choice.is_chosen] == ["DE"]
    assert [choice.value for choice in found["tags"].choices if choice.is_chosen] == ["b"]
    assert (found["amount"].minimum, found["amount"].maximum) == ("1", "100")


def test_what_a_browser_sends_becomes_data_of_the_right_kinds() -> None:
    posted = QueryDict(mutable=True)
    posted.update({"field.vat": "SE12", "field.amount": "12,5", "field.units": "3", "field.is_new": "true"})
    posted.update({"field.country": "SE", "field.rest": '{"a": 1}', "field.day": ""})
    posted.setlist("field.tags", ["a", "c"])
    data = data_of(FORM, posted)
    assert data == {
        "vat": "SE12",
        "amount": 12.5,
        "units": 3,
        "country": "SE",
        "is_new": True,
        "tags": ["a", "c"],
        "rest": {"a": 1},
    }
    assert checked(FORM, "answered", data).errors == ()


def test_what_is_wrong_is_said_field_by_field_and_stays_typed_in() -> None:
    posted = QueryDict("field.amount=many&field.vat=se&field.country=FR&field.day=soon&field.mail=x")
    data = data_of(FORM, posted)
    errors = checked(FORM, "answered", data).errors
    assert {error.path: error.message for error in errors} == {
        "data.amount": "This should be a number.",
        "data.vat": "This should look like ^[A-Z]{2}.",
        "data.country": "Choose one of SE, DE.",
        "data.day": "This should be a date such as 2026-11-20.",
        "data.mail": "This should be an e-mail address.",
    }
    found = {field.key: field for field in fields(FORM, posted, errors)}
    assert (found["amount"].value, found["amount"].error) == ("many", "This should be a number.")


def test_missing_and_out_of_bounds() -> None:
    assert said(FORM, {"amount": 101}) == {
        "data.vat": "Please fill this in.",
        "data.amount": "This should be at most 100.",
    }
    assert said(FORM, [1]) == {"data": "Send an object with the fields of the form."}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "Choose 1 to 2, not 0."),
        (["mail", "blog", "chat"], "Choose 1 to 2, not 3."),
        (["fax"], "Send a list of some of: mail, blog, chat."),
        ("mail", "Send a list of some of: mail, blog, chat."),
    ],
)
def test_too_few_too_many_and_unknown_options(data: Any, message: str) -> None:
    assert said(OPTIONS, data) == {"data": message}


def test_options_come_back_in_their_order_once() -> None:
    assert checked(OPTIONS, "answered", {"selected": ["blog", "mail", "blog"]}).data == ["mail", "blog"]


def test_a_review_that_changes_the_content_is_edited() -> None:
    unchanged = checked(CONTENT, "approved", {"content": "Faster imports.", "scores": {"style": 4}})
    assert (unchanged.outcome, unchanged.data["content"]) == ("approved", "Faster imports.")
    changed = checked(CONTENT, "approved", {"content": "Twice as fast.", "scores": {"style": 4}})
    assert (changed.outcome, changed.data) == ("edited", {"content": "Twice as fast.", "scores": {"style": 4}})


def test_a_review_asks_for_scores_but_not_of_who_rejects() -> None:
    assert said(CONTENT, {}, "approved") == {"data.scores.style": "Please give a score."}
    assert said(CONTENT, {"scores": {"style": 6}}, "approved") == {
        "data.scores.style": "A score is a whole number from 1 to 5."
    }
    assert said(CONTENT, None, "rejected") == {}
    assert said(CONTENT, {"scores": {"style": 1}}, "edited") == {
        "data.content": "Send the changed content, or approve it as it is."
    }
    assert "data.content" in said(
        CONTENT | {"is_editable": False}, {"content": "x", "scores": {"style": 1}}, "approved"
    )


def test_a_message_of_the_whole_form() -> None:
    errors = [FieldError("data", "Choose 1 to 2, not 0.")]
    (field,) = fields(OPTIONS, QueryDict(""), errors)
    assert (field.label, field.error) == ("Choose 1 to 2", "Choose 1 to 2, not 0.")


def test_the_order_of_fields_is_that_of_lists_since_the_database_keeps_no_other() -> None:
    schema = {"x-order": ["b"], "required": ["c"], "properties": {"a": {}, "b": {}, "c": {}}}
    assert [field.key for field in fields({"kind": "fields", "schema": schema})] == ["b", "c", "a"]


@pytest.mark.parametrize("content", ["One\r\nTwo\rThree", "\nOne", "One\n"])
def test_a_content_that_came_back_as_a_browser_sends_it_is_not_changed(content: str) -> None:
    form = CONTENT | {"content": content, "scores": []}
    sent = QueryDict(mutable=True)
    sent["field.content"] = content.removeprefix("\n").replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    assert checked(form, "approved", data_of(form, sent)) == checked(form, "approved", {"content": content})


def test_true_is_not_one_to_a_review() -> None:
    form = CONTENT | {"content": {"n": 1}, "scores": [], "is_editable": False}
    assert checked(form, "approved", {"content": {"n": True}}).errors


def test_an_address_made_to_keep_us_busy_is_refused_at_once() -> None:
    form = {"kind": "fields", "schema": {"type": "object", "properties": {"to": {"type": "string", "format": "email"}}}}
    began = time.process_time()
    found = checked(form, "answered", {"to": "a@" + "a." * 100_000 + "@"})
    assert [error.path for error in found.errors] == ["data.to"]
    assert time.process_time() - began < 1


def test_what_a_form_begins_with_may_be_an_answer_already() -> None:
    """An agent's call that waits for approval: what nobody changes stays exactly as it was."""
    schema = {
        "type": "object",
        "required": ["at"],
        "properties": {
            "at": {"type": "string", "format": "date-time"},
            "note": {"type": "string", "default": "none"},
            "urgent": {"type": "boolean"},
            "rows": {"type": "array"},
            "words": {"type": "string"},
        },
    }
    initial = {"at": "2026-11-21T10:00:30Z", "rows": [1, 2.0], "words": "two\nlines"}
    form = {"kind": "fields", "schema": schema, "initial": initial, "is_answer": True}
    shown = {field.key: field for field in fields(form)}
    assert (shown["note"].value, shown["words"].kind) == ("", "textarea")
    untouched = {field.name: field.value.replace("\n", "\r\n") for field in shown.values()}
    assert data_of(form, QueryDict(urlencode(untouched))) == initial
    changed = data_of(form, QueryDict(urlencode(untouched | {"field.note": "soon", "field.urgent": "true"})))
    assert changed == initial | {"note": "soon", "urgent": True}
    assert checked(form, "approved", None) == Checked("approved", initial)
    assert checked(form | {"is_answer": False}, "approved", None).errors
