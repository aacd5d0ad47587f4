"""A question as a Slack message, and its form as a dialog (Block Kit). Pure: data in, data out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apps.hil.channels.shown import Shown, Way
from apps.hil.facts import Block
from apps.hil.forms import Field
from apps.hil.replies.lexicon import REJECTED

ANSWER, OPEN = "hil.answer", "hil.open"
DIALOG = "hil.dialog"
COMMENT = "hil.comment"
_SECTION, _HEADER, _BUTTON, _OPTION, _INPUT = 2_900, 150, 75, 75, 3_000
_MOST_BLOCKS, _MOST_BUTTONS, _MOST_OPTIONS = 46, 5, 100
_MOST_LINES = 10
_STYLES = {"primary": "primary", "danger": "danger"}

Json = dict[str, Any]


def escaped(text: str) -> str:
    """Slack's three characters: nobody's text becomes a link or calls a whole channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def message(question: Shown, *, delivery: str, url: str) -> list[Json]:
    """The message. `delivery` goes along with each button; `url` is where the recipient answers with more room."""
    found: list[Json] = [{"type": "header", "text": _plain(question.title, _HEADER)}]
    if question.message:
        found.append(_section(escaped(question.message)))
    for block in question.blocks:
        found += _facts(block)
    found = found[: _MOST_BLOCKS - 6]
    if question.is_open:
        about = [f"Answer by *{escaped(question.deadline)}*"] if question.deadline else []
        about += [escaped(question.progress)] if question.progress else []
        about += [f"Asks for {escaped(question.wanted)}"] if question.wanted else []
        if about:
            found.append(_context(" · ".join(about)))
        found += _buttons(question.ways, delivery)
        found.append(_context(f"<{url}|Open in AgentFlow> · {escaped(question.workspace)}, {escaped(question.origin)}"))
    else:
        mark = ":white_check_mark: " if question.is_good else ""
        found.append(_section(f"{mark}*{escaped(question.ended)}*"))
        if question.comment:
            found.append(_section("\n".join(f"> {escaped(line)}" for line in question.comment.split("\n"))))
        found.append(_context(f"{escaped(question.workspace)}, {escaped(question.origin)}"))
    return found


def summary(question: Shown) -> str:
    """What notifications and screen readers say."""
    return f"{question.title}: {question.ended}" if question.ended else question.title


def _buttons(ways: Sequence[Way], delivery: str) -> list[Json]:
    found: list[Json] = []
    for at in range(0, len(ways), _MOST_BUTTONS):
        buttons: list[Json] = []
        for way in ways[at : at + _MOST_BUTTONS]:
            label = f"{way.label}…" if way.needs_form else way.label
            value = json.dumps({"delivery": delivery, "outcome": way.name, "form": way.needs_form})
            button: Json = {
                "type": "button",
                "action_id": f"{ANSWER}.{len(found) * _MOST_BUTTONS + len(buttons)}",
                "text": _plain(label, _BUTTON),
                "value": value,
            }
            if way.style in _STYLES:
                button["style"] = _STYLES[way.style]
            buttons.append(button)
        found.append({"type": "actions", "elements": buttons})
    return found


def _facts(block: Block) -> list[Json]:
    title = f"*{escaped(block.title)}*\n" if block.title else ""
    if block.kind == "rows":
        lines = [f"{escaped(row.label)}: *{escaped(row.value.text)}*" for row in block.rows]
    elif block.kind == "table":
        names = " | ".join(escaped(column.label) for column in block.columns)
        lines = [f"_{names}_", *(" | ".join(escaped(value.text) for value in line) for line in block.lines)]
    elif block.kind == "list":
        lines = [f"• {escaped(line[0].text)}" for line in block.lines]
    elif block.kind == "text":
        return [_section(title + escaped(block.text))]
    else:
        return [_section(f"{title}```{escaped(block.text)[: _SECTION - 200]}```")]
    hidden = block.hidden + max(0, len(lines) - _MOST_LINES)
    more = [f"and {hidden} more"] if hidden else []
    return [_section(title + "\n".join(lines[:_MOST_LINES] + more))]


def _section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": _cut(text, _SECTION), "verbatim": True}}


def _context(text: str) -> Json:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": _cut(text, _SECTION), "verbatim": True}]}


def _plain(text: str, longest: int) -> Json:
    return {"type": "plain_text", "text": _cut(" ".join(text.split()) or "–", longest), "emoji": True}


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


# ── The form ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def dialog(title: str, way: Way, fields: Sequence[Field], *, metadata: Mapping[str, Any], needs_comment: bool) -> Json:
    """The dialog behind a button: the question's own form, and a comment."""
    blocks: list[Json] = [_section(f"*{escaped(title)}*")]
    is_no = way.name in REJECTED  # whoever refuses need not fill in anything
    blocks += [_too_long(field) if is_too_long(field) else _input(field, is_optional=is_no) for field in fields]
    comment = {"type": "plain_text_input", "action_id": "value", "multiline": True, "max_length": _INPUT}
    blocks.append(
        {
            "type": "input",
            "block_id": COMMENT,
            "optional": not needs_comment,
            "label": _plain("Comment", 100),
            "element": comment,
        }
    )
    return {
        "type": "modal",
        "callback_id": DIALOG,
        "private_metadata": json.dumps(dict(metadata)),
        "title": _plain(way.label, 24),
        "submit": _plain(way.label, 24),
        "close": _plain("Not now", 24),
        "blocks": blocks,
    }


def is_too_long(field: Field) -> bool:
    """Whether Slack could give back a part of the value only."""
    return len(field.value) > _INPUT


def _too_long(field: Field) -> Json:
    return _context(f"{escaped(field.label)} is too long to be changed in Slack; it stays as it is.")


def _input(field: Field, *, is_optional: bool) -> Json:
    found: Json = {
        "type": "input",
        "block_id": field.name,
        "optional": is_optional or not field.is_required,
        "label": _plain(field.label, 500),
        "element": _element(field),
    }
    if field.help:
        found["hint"] = _plain(field.help, 500)
    return found


def _element(field: Field) -> Json:
    found: Json = {"action_id": "value"}
    if field.kind in ("select", "radio", "several", "checkbox"):
        return found | _choice(field)
    if field.kind in ("number", "integer"):
        found |= {"type": "number_input", "is_decimal_allowed": field.kind == "number"}
        found |= {"min_value": field.minimum} if field.minimum else {}
        found |= {"max_value": field.maximum} if field.maximum else {}
    elif field.kind == "date":
        found["type"] = "datepicker"
        return found | ({"initial_date": field.value} if field.value else {})
    elif field.kind in ("email", "url"):
        found["type"] = f"{field.kind}_text_input"
    else:
        found |= {"type": "plain_text_input", "multiline": field.kind in ("textarea", "json"), "max_length": _INPUT}
    return found | ({"initial_value": field.value} if field.value else {})


def _choice(field: Field) -> Json:
    options = [
        {"text": _plain(choice.label or "Yes", _OPTION), "value": str(at)}
        for at, choice in enumerate(field.choices[:_MOST_OPTIONS])
    ]
    chosen = [options[at] for at, choice in enumerate(field.choices[:_MOST_OPTIONS]) if choice.is_chosen]
    if field.kind in ("several", "checkbox"):
        kind = "checkboxes" if len(options) <= 10 else "multi_static_select"
        return {"type": kind, "options": options} | ({"initial_options": chosen} if chosen else {})
    kind = "radio_buttons" if field.kind == "radio" and len(options) <= 10 else "static_select"
    return {"type": kind, "options": options} | ({"initial_option": chosen[0]} if chosen else {})


class Filled:
    """What somebody filled into a dialog, read like the fields of a browser's form. What was too long for it is as it
    was.
    """

    def __init__(self, values: Mapping[str, Any], fields: Iterable[Field]) -> None:
        self._values = {
            field.name: [field.value] if is_too_long(field) else _values(values.get(field.name), field)
            for field in fields
        }
        self.comment = next(iter(_values(values.get(COMMENT), None)), "")

    def get(self, key: str, default: str = "", /) -> str | None:
        """The value of a field."""
        return next(iter(self._values.get(key, ())), default)

    def getlist(self, key: str, /) -> list[str]:
        """All values of a field."""
        return list(self._values.get(key, ()))


def _values(block: Any, field: Field | None) -> list[str]:
    element = block.get("value") if isinstance(block, dict) else None
    if not isinstance(element, dict):
        return []
    several, one = element.get("selected_options"), element.get("selected_option")
    if several is not None or one is not None:
        chosen = several if isinstance(several, list) else [one]
        return [_chosen(each, field) for each in chosen if isinstance(each, dict)]
    text = element.get("value") or element.get("selected_date")
    return [str(text)] if text not in (None, "") else []


def _chosen(option: Mapping[str, Any], field: Field | None) -> str:
    at = str(option.get("value") or "")
    if field is None or not at.isdigit() or int(at) >= len(field.choices):
        return ""
    return field.choices[int(at)].value
