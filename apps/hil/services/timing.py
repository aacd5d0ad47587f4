"""What falls due while a question is open: reminders, escalations, deadlines that count working hours.

The rows of `Timer` are looked at once a second by every worker; taking them is one statement that skips what others
took. Whoever dies with a timer in hand leaves it due again a minute later, so nothing is lost and, since acting on a
timer deletes it in the same transaction, nothing happens twice.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from apps.core import clock
from apps.core.errors import DomainError
from apps.core.pump import Pump
from apps.core.tenancy import tenant
from apps.executions.waits import waits_resolve
from apps.hil.models import Ask, AskReason, AskStatus, Interaction, InteractionStatus, Timer, TimerKind
from apps.hil.services.answering import lock
from apps.hil.services.asking import asks_add
from apps.hil.services.closing import interaction_time_out
from apps.hil.services.finding import found_of
from apps.hil.services.recording import entry_add, tell

logger = logging.getLogger(__name__)

MOST_TIMERS = 500
HOLD_SECONDS = 60.0
"""After so long whoever took a timer and did not act on it is taken for dead."""
SHOWN_NAMES = 3


def timers_fire() -> bool:
    """Act on some of what is due, in any workspace. Returns whether there may be more.

    Any number of processes may do this at once.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT timer_id, workspace_id FROM hil_timers_take(%s, %s)", [MOST_TIMERS, HOLD_SECONDS])
        taken = cursor.fetchall()
    by_workspace: dict[UUID, list[UUID]] = defaultdict(list)
    for timer_id, workspace_id in taken:
        by_workspace[workspace_id].append(timer_id)
    for workspace_id, ids in by_workspace.items():
        try:
            _fire(workspace_id, ids, clock.now())
        except Exception:  # of one workspace; the others do not wait for it
            logger.exception("timers of the workspace %s stumbled; tried again in %s s", workspace_id, HOLD_SECONDS)
    return len(taken) == MOST_TIMERS


def _fire(workspace_id: UUID, ids: Sequence[UUID], now: datetime) -> None:
    with tenant(workspace_id):
        found = list(Timer.objects.filter(workspace_id=workspace_id, id__in=ids).values_list("id", "kind"))
    named: dict[str, list[UUID]] = defaultdict(list)
    for id_, kind in found:
        named[kind].append(id_)
    if named[TimerKind.DEADLINE]:
        _end(workspace_id, named[TimerKind.DEADLINE], now)
    if named[TimerKind.REMIND]:
        _remind(workspace_id, named[TimerKind.REMIND], now)
    for id_ in named[TimerKind.ESCALATE]:
        try:
            _escalate(workspace_id, id_, now)
        except Exception:
            logger.exception("the escalation %s stumbled; it is tried again in %s s", id_, HOLD_SECONDS)


def _end(workspace_id: UUID, ids: Sequence[UUID], now: datetime) -> None:
    """The time is over for all of these. Their executions' locks come first, in order, and decide against any click."""
    with tenant(workspace_id):
        rows = Timer.objects.filter(workspace_id=workspace_id, id__in=ids)
        asked = list(rows.values_list("interaction_id", flat=True))  # a question has the id of its wait
        waits_resolve(workspace_id=workspace_id, wait_ids=asked, answer={"outcome": "timeout"}, by="deadline", now=now)
        interaction_time_out(wait_ids=asked)
        rows.delete()


def _remind(workspace_id: UUID, ids: Sequence[UUID], now: datetime) -> None:
    with tenant(workspace_id):
        rows = Timer.objects.filter(workspace_id=workspace_id, id__in=ids).select_related("interaction")
        for timer in rows.prefetch_related("interaction__asks"):
            question = timer.interaction
            if not question.is_pending:
                continue
            shares = (question.timing or {}).get("reminders") or [0]
            share = shares[timer.number] if timer.number < len(shares) else 0
            silent = [ask for ask in question.asks.all() if ask.status == AskStatus.ASKED]
            names = _names([ask.label for ask in silent]) or "everybody who may answer"
            entry_add(interaction=question, kind="reminded", icon="bell", text=f"Reminder to {names}", at=now)
            tell("question.reminded", question, ask_ids=[str(ask.id) for ask in silent], share=share)
        Timer.objects.filter(workspace_id=workspace_id, id__in=ids).delete()


def _escalate(workspace_id: UUID, id_: UUID, now: datetime) -> None:
    with tenant(workspace_id):
        timer = Timer.objects.filter(workspace_id=workspace_id, id=id_).select_related("interaction").first()
        if timer is None:
            return
        question: Interaction = timer.interaction
        lock(question)
        question.refresh_from_db()
        steps = (question.timing or {}).get("escalations") or []
        if question.status == InteractionStatus.PENDING and timer.number < len(steps):
            _step(question, timer.number, steps[timer.number], now)
        Timer.objects.filter(workspace_id=workspace_id, id=id_).delete()


def _step(question: Interaction, number: int, step: dict[str, object], now: datetime) -> None:
    added = []
    assignees = step.get("assignees")
    if isinstance(assignees, list) and assignees:
        try:
            people = [
                one
                for one in found_of(question.workspace_id, assignees)
                if one.user_id != question.barred_user_id or one.user_id is None
            ]
        except DomainError as refused:
            text = f"Escalation failed: {refused.message}"
            entry_add(interaction=question, kind="escalated", icon="triangle-alert", text=text, at=now)
            return
        every = tuple(range(len(question.policy["groups"]))) if question.policy else (0,)
        added = asks_add(
            interaction=question,
            seats=[(one, every) for one in people],
            now=now,
            reason=AskReason.ESCALATED,
        )
    told = [ask for ask in added if ask.is_open]
    channels = step.get("channels")
    names, ways = _names([ask.label for ask in told]), ", ".join(channels) if isinstance(channels, list) else ""
    text = f"Escalated: {names} asked, too" if names else "Escalated: everybody named is asked already"
    if ways:
        told = list(Ask.objects.filter(interaction_id=question.id, status=AskStatus.ASKED).order_by("id"))
        text = f"{text}; by {ways}" if names else f"Escalated: asked by {ways}"
    entry_add(interaction=question, kind="escalated", icon="chevrons-up", text=text, at=now)
    tell("question.escalated", question, ask_ids=[str(ask.id) for ask in told], step=number, channels=channels)


def _names(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - SHOWN_NAMES} more" if len(labels) > SHOWN_NAMES else ""
    return ", ".join(labels[:SHOWN_NAMES]) + more


pump = Pump("questions", timers_fire, most=1)
