"""What an answer must bring along: checked, and drawn as fields of a form. Free of requests.

A question's `form` is one of
`{"kind": "fields", "schema": JSON Schema of an object, "initial": {…}}` (INPUT; with `"is_answer": true` what it begins
with is an answer already: it counts where nothing else is sent, and what nobody changes stays exactly as it was),
`{"kind": "options", "options": [{"name", "label", "help"}], "least": 1, "most": 3}` (DECISION with several),
`{"kind": "content", "content": …, "is_editable": true, "scores": [{"name", "label", "most"}]}` (REVIEW).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from apps.core import jsonclean, jsonshape
from apps.core.errors import FieldError
from apps.hil.facts import label_of

PREFIX = "field."
EDITED, APPROVED = "edited", "approved"
_LONG_TEXT = 200
_LONGEST_EMAIL = 320
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "yes or no",
    "string": "text",
    "array": "a list",
}


class Posted(Protocol):
    """What a browser sends, as Django gives it."""

    def getlist(self, key: str, /) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be chosen."""

    value: str
    label: str
    help: str = ""
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `kind`: text, textarea, number, integer, checkbox, select, radio, several, date, datetime-local,
    email, url, json. `name` is what a browser sends it as.
    """

    name: str
    key: str
    label: str
    kind: str
    value: str = ""
    help: str = ""
    is_required: bool = False
    choices: tuple[Choice, ...] = ()
    minimum: str = ""
    maximum: str = ""
    error: str = ""


def fields(
    form: Mapping[str, Any] | None, posted: Posted | None = None, errors: Sequence[FieldError] = ()
) -> list[Field]:
    """The fields of a question's form, holding what was posted, or what it begins with."""
    if not form:
        return []
    said = {error.path: error.message for error in reversed(errors)}
    return list(_FIELDS[form["kind"]](form, posted, said))


def _of_schema(form: Mapping[str, Any], posted: Posted | None, said: Mapping[str, str]) -> Iterator[Field]:
    schema, initial = form["schema"], form.get("initial") or {}
    required = schema.get("required") or []
    for key in order_of(schema):
        rule = schema["properties"][key]
        rule = rule if isinstance(rule, dict) else {}
        kind = _kind(rule)
        value = initial.get(key, None if form.get("is_answer") else rule.get("default"))
        kind = "textarea" if kind == "text" and "\n" in str(value) else kind  # an input would join the lines
        chosen = _chosen(kind, value, posted, PREFIX + key)
        yield Field(
            name=PREFIX + key,
            key=key,
            label=str(rule.get("title") or label_of(key)),
            kind=kind,
            value=_text(kind, value) if posted is None else _one(posted, PREFIX + key),
            help=str(rule.get("description") or ""),
            is_required=key in required and kind != "checkbox",
            choices=_choices(rule, kind, chosen),
            minimum=_bound(rule, "minimum"),
            maximum=_bound(rule, "maximum"),
            error=said.get(f"data.{key}", ""),
        )


def order_of(schema: Mapping[str, Any]) -> list[str]:
    """The names of a schema's fields in the order of the form. The database keeps no order of keys, but that of lists:
    `x-order` comes first, then what is `required`, then the rest.
    """
    known = schema.get("properties") or {}
    listed = [*(schema.get("x-order") or ()), *(schema.get("required") or ()), *known]
    return [name for name in dict.fromkeys(each for each in listed if isinstance(each, str)) if name in known]


def _of_options(form: Mapping[str, Any], posted: Posted | None, said: Mapping[str, str]) -> Iterator[Field]:
    chosen = set(posted.getlist(PREFIX + "selected")) if posted is not None else set(form.get("initial") or ())
    options = (
        Choice(each["name"], each["label"], each.get("help", ""), each["name"] in chosen) for each in form["options"]
    )
    least, most = form["least"], form["most"]
    many = f"{least}" if least == most else f"{least} to {most}"
    yield Field(
        PREFIX + "selected",
        "selected",
        f"Choose {many}",
        "several",
        is_required=least > 0,
        choices=tuple(options),
        error=said.get("data", ""),
    )


def _of_content(form: Mapping[str, Any], posted: Posted | None, said: Mapping[str, str]) -> Iterator[Field]:
    if form["is_editable"]:
        kind = "textarea" if isinstance(form["content"], str) else "json"
        value = _text(kind, form["content"]) if posted is None else _one(posted, PREFIX + "content")
        help_ = "Change it where it needs changing: approving it then goes on as edited."
        yield Field(PREFIX + "content", "content", "Content", kind, value, help_, error=said.get("data.content", ""))
    for score in form.get("scores") or ():
        name = f"{PREFIX}score.{score['name']}"
        chosen = _one(posted, name) if posted is not None else ""
        numbers = tuple(
            Choice(str(at), str(at), is_chosen=str(at) == chosen) for at in range(1, int(score["most"]) + 1)
        )
        error = said.get(f"data.scores.{score['name']}", "")
        key = f"scores.{score['name']}"
        yield Field(name, key, score["label"], "radio", is_required=True, choices=numbers, error=error)


_FIELDS = {"fields": _of_schema, "options": _of_options, "content": _of_content}


def _kind(rule: Mapping[str, Any]) -> str:
    type_ = rule.get("type")
    if rule.get("enum"):
        return "select"
    if type_ == "array":
        items = rule.get("items")
        return "several" if isinstance(items, dict) and items.get("enum") else "json"
    if type_ in ("integer", "number"):
        return str(type_)
    if type_ == "boolean":
        return "checkbox"
    if type_ == "string":
        named = {"date": "date", "date-time": "datetime-local", "email": "email", "uri": "url", "textarea": "textarea"}
        found = named.get(str(rule.get("format") or ""))
        return found or ("textarea" if rule.get("maxLength", 0) > _LONG_TEXT else "text")
    return "json"


def _text(kind: str, value: Any) -> str:
    if value is None:
        return ""
    if kind == "checkbox":
        return "true" if value else ""
    if kind == "datetime-local" and isinstance(value, str):
        return value[:16]
    if kind == "json" or not isinstance(value, str):
        return json.dumps(value, indent=2 if kind == "json" else None, ensure_ascii=False)
    return value


def _chosen(kind: str, value: Any, posted: Posted | None, name: str) -> set[str]:
    if posted is not None:
        return set(posted.getlist(name))
    if kind == "several":
        return {_text("", each) for each in value} if isinstance(value, list) else set()
    return {_text("", value)} if value is not None else set()


def _choices(rule: Mapping[str, Any], kind: str, chosen: set[str]) -> tuple[Choice, ...]:
    if kind == "checkbox":
        return (Choice("true", "", is_chosen=bool(chosen & {"true", "True", "on"})),)
    known = rule["items"]["enum"] if kind == "several" else rule.get("enum") or ()
    return tuple(Choice(_text("", each), _text("", each), is_chosen=_text("", each) in chosen) for each in known)


def _bound(rule: Mapping[str, Any], name: str) -> str:
    value = rule.get(name)
    return "" if value is None or isinstance(value, bool) else str(value)


# ── What a browser sent ──────────────────────────────────────────────────────────────────────────────────────────────


def data_of(form: Mapping[str, Any] | None, posted: Posted) -> Any:
    """The data in what a browser sent. What is no number stays text, for `checked` to say so. Raises `NotJson`."""
    if not form:
        return None
    if form["kind"] == "options":
        return posted.getlist(PREFIX + "selected")
    if form["kind"] == "content":
        return _content_of(form, posted)
    found: dict[str, Any] = {}
    initial = form.get("initial") or {} if form.get("is_answer") else None
    for key, rule in (form["schema"].get("properties") or {}).items():
        rule = rule if isinstance(rule, dict) else {}
        if initial is not None and _is_untouched(rule, initial.get(key), posted, PREFIX + key):
            if key in initial:
                found[key] = initial[key]
            continue
        value = _value_of(rule, posted, PREFIX + key)
        if value is not None:
            found[key] = value
    return found


def _is_untouched(rule: Mapping[str, Any], value: Any, posted: Posted, name: str) -> bool:
    """Whether a field still shows what it began with."""
    kind = _kind(rule)
    if kind == "several":
        return set(posted.getlist(name)) == _chosen(kind, value, None, name)
    if kind == "checkbox":
        return bool(_one(posted, name)) == bool(value)
    return _lines(_one(posted, name)).removeprefix("\n") == _lines(_text(kind, value)).removeprefix("\n")


def _content_of(form: Mapping[str, Any], posted: Posted) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if form["is_editable"]:
        text, shown = _lines(_one(posted, PREFIX + "content")), form["content"]
        if not isinstance(shown, str):
            found["content"] = jsonclean.parse(text)
        else:  # a browser changes the ends of lines, and takes an empty first line for none
            found["content"] = shown if text.removeprefix("\n") == _lines(shown).removeprefix("\n") else text
    scores = {}
    for score in form.get("scores") or ():
        given = _one(posted, f"{PREFIX}score.{score['name']}")
        if given:
            scores[score["name"]] = _number(given, whole=True)
    if form.get("scores"):
        found["scores"] = scores
    return found


def _value_of(rule: Mapping[str, Any], posted: Posted, name: str) -> Any:
    kind = _kind(rule)
    if kind == "checkbox":
        return bool(_one(posted, name))
    if kind == "several":
        known = {_text("", each): each for each in rule["items"]["enum"]}
        return [known.get(each, each) for each in posted.getlist(name)]
    text = _lines(_one(posted, name))
    if not text.strip():
        return None
    if kind == "select":
        return {_text("", each): each for each in rule["enum"]}.get(text, text)
    if kind in ("integer", "number"):
        return _number(text, whole=kind == "integer")
    return jsonclean.parse(text) if kind == "json" else text


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _one(posted: Posted, name: str) -> str:
    given = posted.getlist(name)
    return str(given[-1]) if given else ""


def _number(text: str, *, whole: bool) -> Any:
    text = text.strip().replace(" ", "")
    if re.fullmatch(r"[+-]?\d{1,300}", text):
        return int(text)
    if not whole and re.fullmatch(r"[+-]?\d{1,300}([.,]\d{1,300})?", text):
        return float(text.replace(",", "."))
    return text


# ── Whether it is right ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Checked:
    """What the answer comes to: a review whose content was changed is `edited`."""

    outcome: str
    data: Any
    errors: tuple[FieldError, ...] = ()


def checked(form: Mapping[str, Any] | None, outcome: str, data: Any, *, negative: str = "rejected") -> Checked:
    """An answer with its data, and what is wrong with it: each finding names a field as `data.<field>`."""
    if not form or (outcome == negative and form["kind"] != "content"):
        return Checked(outcome, data)
    return _CHECKS[form["kind"]](form, outcome, data, outcome == negative)


def _check_schema(form: Mapping[str, Any], outcome: str, data: Any, _: bool) -> Checked:
    schema = form["schema"]
    if data is None and form.get("is_answer"):
        data = form.get("initial")
    if not isinstance(data, dict):
        return Checked(outcome, data, (FieldError("data", "Send an object with the fields of the form."),))
    found = [
        FieldError(f"data.{key}", "Please fill this in.")
        for key in schema.get("required") or ()
        if isinstance(key, str) and data.get(key) in (None, "")
    ]
    missing = {error.path for error in found}
    try:
        for fault in jsonshape.faults(data, schema, path="data"):
            if fault.path not in missing and "is a required property" not in fault.message:
                found.append(FieldError(fault.path, _said(fault.message)))
    except jsonshape.ShapeInvalid as wrong:
        found.append(FieldError("data", f"The form itself cannot be used: {wrong}"))
    named = {error.path for error in found}
    for key, rule in (schema.get("properties") or {}).items():
        value = data.get(key)
        if f"data.{key}" not in named and isinstance(rule, dict) and isinstance(value, str) and value:
            wrong_format = _format(str(rule.get("format") or ""), value)
            if wrong_format:
                found.append(FieldError(f"data.{key}", wrong_format))
    return Checked(outcome, data, tuple(found))


def _said(message: str) -> str:
    kind = re.search(r" is not of type '(\w+)'$", message)
    if kind:
        return f"This should be {_KINDS.get(kind[1], kind[1])}."
    for pattern, words in (
        (r" is not one of \[(.*)\]$", "Choose one of {}."),
        (r" is less than the minimum of (.+)$", "This should be at least {}."),
        (r" is greater than the maximum of (.+)$", "This should be at most {}."),
        (r" does not match (.+)$", "This should look like {}."),
    ):
        match = re.search(pattern, message, re.DOTALL)
        if match:
            return words.format(match[1].replace("'", ""))
    if message.endswith(" is too short") or message.endswith(" should be non-empty"):
        return "This is too short."
    return "This is too long." if message.endswith(" is too long") else message


def _format(format_: str, value: str) -> str:
    try:
        if format_ == "date":
            date.fromisoformat(value)
        elif format_ == "date-time":
            datetime.fromisoformat(value)
        elif format_ == "email" and not _is_email(value):
            return "This should be an e-mail address."
        elif format_ == "uri" and not re.match(r"[a-z][a-z0-9+.-]*:", value, re.IGNORECASE):
            return "This should be an address such as https://example.com."
    except ValueError:
        return "This should be a date such as 2026-11-20." if format_ == "date" else "This should be a date and time."
    return ""


def _is_email(value: str) -> bool:
    if len(value) > _LONGEST_EMAIL or not _EMAIL.fullmatch(value):
        return False
    before, _, last = value.partition("@")[2].rpartition(".")
    return bool(before and last)


def _check_options(form: Mapping[str, Any], outcome: str, data: Any, _: bool) -> Checked:
    selected = data.get("selected") if isinstance(data, dict) else data
    names = [each["name"] for each in form["options"]]
    if not isinstance(selected, list) or any(each not in names for each in selected):
        return Checked(outcome, data, (FieldError("data", f"Send a list of some of: {', '.join(names)}."),))
    chosen = [name for name in names if name in selected]
    least, most = form["least"], form["most"]
    if not least <= len(chosen) <= most:
        many = f"{least}" if least == most else f"{least} to {most}"
        return Checked(outcome, chosen, (FieldError("data", f"Choose {many}, not {len(chosen)}."),))
    return Checked(outcome, chosen)


def _check_content(form: Mapping[str, Any], outcome: str, data: Any, is_negative: bool) -> Checked:
    given = data if isinstance(data, dict) else {}
    found: list[FieldError] = []
    known = {score["name"]: int(score["most"]) for score in form.get("scores") or ()}
    scores = given.get("scores") or {}
    for name, most in known.items():
        value = scores.get(name) if isinstance(scores, dict) else None
        if value is None:
            if not is_negative:
                found.append(FieldError(f"data.scores.{name}", "Please give a score."))
        elif not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            found.append(FieldError(f"data.scores.{name}", f"A score is a whole number from 1 to {most}."))
    content = given.get("content", form["content"])
    is_changed = not jsonshape.is_same(content, form["content"])
    if is_changed and not form["is_editable"]:
        found.append(FieldError("data.content", "The content of this review cannot be changed."))
    if outcome == EDITED and not is_changed:
        found.append(FieldError("data.content", "Send the changed content, or approve it as it is."))
    if outcome == APPROVED and is_changed:
        outcome = EDITED
    result: dict[str, Any] = {"content": form["content"] if is_negative else content}
    if known:
        result["scores"] = scores
    return Checked(outcome, result, tuple(found))


_CHECKS = {"fields": _check_schema, "options": _check_options, "content": _check_content}
