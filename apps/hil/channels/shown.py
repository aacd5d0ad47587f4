"""A question as every channel shows it: what is asked, what can be answered, how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.hil.channels.contract import Job
from apps.hil.facts import Block, facts
from apps.hil.forms import checked, fields
from apps.hil.models import Ask, AskReason, Interaction, InteractionStatus
from apps.hil.replies.lexicon import REJECTED

MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class Way:
    """One answer. `needs_form`: it brings more along than a press of its button says."""

    name: str
    label: str
    style: str
    needs_form: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a question. `ended` is empty while it waits; `is_good`: it was answered, and not refused.
    `wanted` names what a form asks for.
    """

    title: str
    message: str
    blocks: Sequence[Block]
    ways: Sequence[Way]
    workspace: str
    origin: str
    page_url: str
    run_url: str
    deadline: str
    deadline_at: datetime | None
    progress: str
    ended: str
    is_good: bool
    comment: str
    wanted: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return not self.ended


def shown(job: Job) -> Shown:
    """The question of a job as it stands now, with times in the recipient's zone."""
    row, slug = job.interaction, job.workspace.slug
    zone = job.delivery.user.timezone if job.delivery.user else ""
    if not zone and job.delivery.ask and job.delivery.ask.user:
        zone = job.delivery.ask.user.timezone
    is_answered = row.status == InteractionStatus.ANSWERED
    return Shown(
        title=row.title,
        message=row.message,
        blocks=[*facts(row.data), *_content(row)],
        ways=[way for way in ways_of(row) if way.name in row.buttons],
        workspace=job.workspace.name,
        origin=_("%(workflow)s, run %(run)s") % {"workflow": row.workflow.name, "run": str(row.execution_id)[-8:]},
        page_url=f"{settings.BASE_URL}{reverse('interaction', args=[slug, row.id])}",
        run_url=f"{settings.BASE_URL}/w/{slug}/executions/{row.execution_id}/",
        deadline=moment(row.deadline_at, zone) if row.deadline_at else "",
        deadline_at=row.deadline_at,
        progress=row.progress if row.is_pending else "",
        ended=ended(row, zone),
        is_good=is_answered and bool(row.outcomes) and row.outcome not in REJECTED and row.outcome_style != "danger",
        comment=row.comment if is_answered else "",
        wanted=_wanted(row),
    )


def ways_of(row: Interaction) -> list[Way]:
    """The answers in the order of their buttons, without those that are nobody's choice."""
    found = []
    for way in row.outcomes:
        name = way["name"]
        if name not in row.allowed:
            continue
        wants_data = row.form is not None and (name != "rejected" or row.form.get("kind") == "content")
        found.append(Way(name, way["label"], way["style"], wants_data or name in row.needs_comment))
    return found


def ways_in_words(row: Interaction) -> list[Way]:
    """The answers that words alone can give: those that bring nothing along; a refusal may bring its reason. None where
    the author wants a button.
    """
    if row.needs_button:
        return []
    return [
        way
        for way in ways_of(row)
        if not checked(row.form, way.name, None).errors and (way.name in REJECTED or way.name not in row.needs_comment)
    ]


def words_of(row: Interaction) -> str:
    """What to write, in words: “Approve” or “Reject: your reason”. Empty where words cannot answer."""
    said = [f"“{way.label}{_(': your reason') if way.name in row.needs_comment else ''}”" for way in ways_in_words(row)]
    return _(" or ").join(said)


def ended(row: Interaction, zone: str = "") -> str:
    """How it ended, in a sentence; empty while it waits."""
    if row.status == InteractionStatus.ANSWERED and row.answered_at is not None:
        words = {"outcome": row.outcome_word, "who": row.answered_by, "when": moment(row.answered_at, zone)}
        return _("%(outcome)s by %(who)s on %(when)s") % words
    if row.status == InteractionStatus.TIMED_OUT:
        return _("Nobody answered in time")
    if row.status == InteractionStatus.WITHDRAWN:
        return _("Nobody could be reached") if row.outcome == "undeliverable" else _("Withdrawn, because the run ended")
    return ""


def moment(at: datetime, zone: str) -> str:
    """A time with its zone: "Saturday 21 November, 09:12 (Europe/Berlin)"."""
    here = at.astimezone(ZoneInfo(zone)) if zone else at
    return f"{here:%A} {here.day} {here:%B, %H:%M} ({zone.rpartition('/')[2].replace('_', ' ') if zone else 'UTC'})"


def why(ask: Ask | None) -> str:
    """Why somebody gets it, as the rest of "because …"."""
    if ask is None:
        return _("you may answer questions of this workspace")
    if ask.reason == AskReason.DELEGATED and ask.passed_from is not None:
        return _("%(who)s handed it on to you") % {"who": ask.passed_from.label}
    if ask.reason == AskReason.DEPUTY and ask.passed_from is not None:
        return _("you stand in for %(who)s") % {"who": ask.passed_from.label}
    if ask.reason == AskReason.ESCALATED:
        return _("time is running out")
    if ask.role:
        return _("you have the role %(role)s") % {"role": ask.role}
    return _("the workflow names you")


def others(row: Interaction, mine: Ask | None) -> str:
    """Who else is asked, in words; empty when nobody is."""
    names = [ask.label for ask in row.asks.order_by("id") if ask.is_open and (mine is None or ask.id != mine.id)]
    if not names or mine is None:
        return ""
    listed = ", ".join(names[:MOST_NAMES])
    more = len(names) - MOST_NAMES
    return _("%(names)s and %(count)s more") % {"names": listed, "count": more} if more > 0 else listed


def _content(row: Interaction) -> list[Block]:
    form: dict[str, Any] = row.form or {}
    return facts(form.get("content")) if form.get("kind") == "content" else []


def _wanted(row: Interaction) -> str:
    """What is to be entered or chosen, beyond a button."""
    found = fields(row.form)
    choices = [choice.label for field in found if field.kind == "several" for choice in field.choices]
    is_content = (row.form or {}).get("kind") == "content"
    return ", ".join(choices or [field.label for field in found if not (is_content and field.key == "content")])
