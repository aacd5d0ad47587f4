"""One question as its page shows it: what was asked, what each answer sets off, what became of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import DomainError
from apps.hil import consequences
from apps.hil.consequences import Consequence
from apps.hil.facts import Block, facts, label_of
from apps.hil.forms import Field, Posted, fields
from apps.hil.models import Interaction, Via
from apps.hil.web.rows import OUTCOME_ICONS
from apps.hil.web.words import SOON, length, time_left
from apps.workflows import graph
from apps.workflows.graph import Graph, GraphInvalid

_ICONS = {"primary": "check", "danger": "x"}
_VIA = {
    Via.APP: gettext_lazy("in the app"),
    Via.API: gettext_lazy("by API"),
    Via.LINK: gettext_lazy("by link"),
    Via.EMAIL: gettext_lazy("by e-mail"),
    Via.SLACK: gettext_lazy("in Slack"),
    Via.WEBHOOK: gettext_lazy("by webhook"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One button, and what pressing it does."""

    outcome: str
    label: str
    icon: str
    is_primary: bool
    hotkey: str
    effect: SafeString


@dataclass(frozen=True, slots=True)
class Sent:
    """What is known of a call nobody saw the end of: when it was sent, on which try, and the key it can be found by."""

    at: datetime | None
    attempt: int
    key: str


@dataclass(frozen=True, slots=True)
class Question:
    """What the templates read of a question."""

    row: Interaction
    blocks: list[Block]
    beside: list[Block]
    """The blocks, less what the fields begin with: to be read beside them."""
    begun: str
    """What the fields begin with is called so in the data; empty where it does not stand there."""
    answers: list[Answer]
    left: str
    is_soon: bool
    remaining: int
    allowed_time: str
    allowed_seconds: int
    timeout_effect: SafeString | str
    timeout_past: SafeString | str
    outcome_icon: str
    via: str
    is_open: bool
    error: dict[str, Any]
    sent: Sent | None
    recorded: str
    fields: list[Field]
    content: list[Block]
    comment_note: str
    objection: DomainError | None


def question(
    row: Interaction,
    now: datetime,
    *,
    posted: Posted | None = None,
    refused: DomainError | None = None,
    objection: DomainError | None = None,
) -> Question:
    """The page's view of a question read with `selectors.interaction_with_version`.

    `posted` and `refused`: what was sent and why it was refused, so that nothing has to be typed twice. `objection`:
    why the reader may not answer.
    """
    shown = row.data
    error: dict[str, Any] = {}
    sent: Sent | None = None
    if row.is_review and isinstance(row.data, dict):
        shown, error, sent = row.data.get("parameters"), row.data.get("error") or {}, _sent(row.data)
    begun = _begun(row)
    compiled = _graph(row)
    # The deadline was set when the node ran, the row when it parked: to the minute they are the same.
    allowed = round((row.deadline_at - row.created_at).total_seconds() / 60) * 60 if row.deadline_at else 0
    remaining = int((row.deadline_at - now).total_seconds()) if row.deadline_at else 0
    answer = (row.answer or {}).get("data")
    return Question(
        row=row,
        blocks=facts(shown),
        beside=facts({key: value for key, value in row.data.items() if key != begun}) if begun else facts(shown),
        begun=label_of(begun),
        answers=_answers(row, compiled),
        left=time_left(row.deadline_at, now) if row.deadline_at else "",
        is_soon=row.deadline_at is not None and row.deadline_at - now < SOON,
        remaining=max(0, remaining),
        allowed_time=length(allowed),
        allowed_seconds=max(1, allowed),
        timeout_effect=_timeout(
            row,
            compiled,
            _("Without an answer {} goes on without one.")
            if consequences.goes_on(compiled, row.node_id)
            else _("Without an answer the run goes on to {}."),
            _("Without an answer nothing more runs on this path."),
        ),
        timeout_past=_timeout(row, compiled, _("The run went on to {}."), _("Nothing more ran on this path.")),
        outcome_icon=OUTCOME_ICONS.get(row.outcome_style, "circle-check"),
        via=str(_VIA[Via(row.answered_via)]) if row.answered_via else "",
        is_open=row.is_pending and not row.is_overdue(now),
        error=error,
        sent=sent,
        recorded="" if answer is None else json.dumps(answer, indent=2, ensure_ascii=False)[:20_000],
        fields=fields(row.form, posted if refused else None, refused.errors if refused else ()),
        content=_content(row),
        comment_note=_comment_note(row),
        objection=objection,
    )


def _begun(row: Interaction) -> str:
    """The member of the data that stands in the fields, too, as the arguments of an agent's call do; empty: none."""
    initial = (row.form or {}).get("initial")
    if row.is_review or not initial or not isinstance(row.data, dict):
        return ""
    return next((key for key, value in row.data.items() if value == initial), "")


def _content(row: Interaction) -> list[Block]:
    """What a review is about, where it is not in a field already."""
    form = row.form or {}
    if form.get("kind") != "content" or (form["is_editable"] and row.is_pending):
        return []
    if row.status == "answered" and isinstance((row.answer or {}).get("data"), dict):
        return facts(row.answer["data"].get("content"))
    return facts(form["content"])


def _comment_note(row: Interaction) -> str:
    shown = [way for way in row.outcomes if way["name"] in row.buttons]
    needed = [way["label"].lower() for way in shown if way["name"] in row.needs_comment]
    if not needed:
        return _("optional")
    if len(needed) == len(shown):
        return _("needed")
    return _("needed to %(answers)s") % {"answers": ", ".join(needed)}


def _sent(data: dict[str, Any]) -> Sent | None:
    key, at = data.get("idempotency_key"), data.get("sent_at")
    return Sent(datetime.fromisoformat(at) if at else None, data.get("attempt", 1), key) if key else None


def _graph(row: Interaction) -> Graph | None:
    try:
        return graph.compile(row.execution.version.definition)
    except GraphInvalid:  # a node type has gone since; the question can be answered all the same
        return None


def _answers(row: Interaction, compiled: Graph | None) -> list[Answer]:
    if compiled is None:
        found = [Consequence(way["name"], way["label"], way["style"]) for way in row.outcomes]
        return [_answer(way, SafeString(""), "") for way in found if way.outcome in row.buttons]
    read = consequences.of_review if row.is_review else consequences.of_question
    keys: set[str] = set()
    made = []
    for way in read(compiled, row.node_id, [way for way in row.outcomes if way["name"] in row.buttons]):
        key = next((letter for letter in way.label.lower() if letter.isascii() and letter.isalpha()), "")
        key = "" if key in keys else key
        keys.add(key)
        made.append(_answer(way, _effect(way), key))
    return made


def _answer(way: Consequence, effect: SafeString, key: str) -> Answer:
    icon = "rotate-cw" if way.again else _ICONS.get(way.style, "")
    return Answer(way.outcome, way.label, icon, way.style == "primary", key, effect)


def _effect(way: Consequence) -> SafeString:
    label = way.label
    if way.again:
        return format_html(_("{} sends {} once more, under the same idempotency key."), label, _names(way.runs))
    if way.fails:
        return format_html(_("{} ends the run as failed."), label)
    if way.resumes:
        sentence = _("{} has {} go on without it.") if way.style == "danger" else _("{} lets {} go on.")
        return format_html(sentence, label, _names(way.runs))
    if way.runs:
        return format_html(_("{} runs {}."), label, _names(way.runs))
    return format_html(_("{} runs nothing more on this path."), label)


def _timeout(row: Interaction, compiled: Graph | None, sentence: str, nothing: str) -> SafeString | str:
    if row.deadline_at is None or compiled is None:
        return ""
    names = consequences.of_timeout(compiled, row.node_id)
    return format_html(sentence, _names(names)) if names else nothing


def _names(names: tuple[str, ...]) -> SafeString:
    return format_html_join(", ", "<b>{}</b>", ((name,) for name in names))
