"""What can be asked about questions. The workspace comes first everywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from apps.executions.models import Execution
from apps.hil.errors import InteractionNotFound
from apps.hil.hours import Hours
from apps.hil.models import (
    Absence,
    Ask,
    AskStatus,
    Calendar,
    Entry,
    Interaction,
    InteractionLink,
    InteractionStatus,
    Kind,
    Vote,
)


@dataclass(frozen=True, slots=True)
class FoundLink:
    """What the holder of a link's hash learns before the workspace is entered."""

    workspace_id: UUID
    link_id: UUID


def interaction_pending_count(*, workspace_id: UUID) -> int:
    """How many questions wait for an answer."""
    return Interaction.objects.filter(workspace_id=workspace_id, status=InteractionStatus.PENDING).count()


def review_pending_count(*, workspace_id: UUID) -> int:
    """How many steps wait for somebody to say what became of them."""
    return inbox_waiting(workspace_id=workspace_id, only_reviews=True).count()


def interaction_list(
    *,
    workspace_id: UUID,
    statuses: Iterable[str] = (),
    execution_id: UUID | None = None,
    workflow_id: UUID | None = None,
    kind: str = "",
) -> QuerySet[Interaction]:
    """Questions of a workspace with their workflow, the newest first, without what was shown and answered."""
    found = _rows(workspace_id).order_by("-id")
    wanted = list(statuses)
    if wanted:
        found = found.filter(status__in=wanted)
    if execution_id:
        found = found.filter(execution_id=execution_id)
    if workflow_id:
        found = found.filter(workflow_id=workflow_id)
    if kind:
        found = found.filter(kind=kind)
    return found


def inbox_waiting(*, workspace_id: UUID, only_reviews: bool = False) -> QuerySet[Interaction]:
    """What waits for an answer, in the order of the inbox: the urgent first, then by deadline.

    `only_reviews`: only the engine's own questions what became of a step.
    """
    found = _rows(workspace_id).filter(status=InteractionStatus.PENDING)
    if only_reviews:
        found = found.filter(kind=Kind.REVIEW_UNKNOWN)
    return found.order_by("-priority", F("deadline_at").asc(nulls_last=True), "id")


WHOSE = ("mine", "team", "answered")


def of_person(found: QuerySet[Interaction], whose: str, user_id: UUID | None) -> QuerySet[Interaction]:
    """Those of the questions that somebody can answer now (`mine`), that are put to others (`team`), or that they have
    answered (`answered`). What is put to everybody is everybody's, but for who started the run where that bars them.
    """
    person = user_id or UUID(int=0)  # nobody: a key whose maker is gone
    if whose == "answered":
        return found.filter(Exists(Vote.objects.filter(interaction_id=OuterRef("id"), user_id=person)))
    return found.filter(_team(person) if whose == "team" else _mine(person), status=InteractionStatus.PENDING)


# Subqueries that name nothing of the row outside are looked up once, however many questions there are.
def _mine(user_id: UUID) -> Q:
    asked = Ask.objects.filter(user_id=user_id, status=AskStatus.ASKED).values("interaction_id")
    is_open = Q(has_asks=False) & (Q(policy__isnull=True) | ~Q(id__in=_said(user_id)))
    is_asked = is_open | Q(has_asks=True, id__in=asked)
    return is_asked & (Q(barred_user_id__isnull=True) | ~Q(barred_user_id=user_id))


def _said(user_id: UUID) -> QuerySet[Vote, UUID]:
    """The questions somebody has answered and that waited for others then. A question without a policy is decided by
    its first vote, so that there is none as long as it waits.
    """
    return Vote.objects.filter(user_id=user_id, is_deciding=False).values_list("interaction_id", flat=True)


def _team(user_id: UUID) -> Q:
    return Q(has_asks=True) & ~Q(id__in=Ask.objects.filter(user_id=user_id).values("interaction_id"))


@dataclass(frozen=True, slots=True)
class Counts:
    """How many questions wait: for somebody, for others, in all, and among them steps whose outcome nobody saw."""

    mine: int
    team: int
    every: int
    reviews: int
    bulk: int
    voted: int


def inbox_counts(*, workspace_id: UUID, user_id: UUID | None) -> Counts:
    """The numbers above the inbox, in one look. Without somebody (a viewer answers nothing) all is theirs to see."""
    pending = Interaction.objects.filter(workspace_id=workspace_id, status=InteractionStatus.PENDING)
    reviews = Count("id", filter=Q(kind=Kind.REVIEW_UNKNOWN))
    if user_id is None:
        found = pending.aggregate(every=Count("id"), reviews=reviews)
        return Counts(found["every"], 0, found["every"], found["reviews"], 0, 0)
    mine, team = _mine(user_id), _team(user_id)
    found = pending.aggregate(
        every=Count("id"),
        reviews=reviews,
        mine=Count("id", filter=mine),
        team=Count("id", filter=team),
        bulk=Count("id", filter=Q(can_bulk=True) & mine),
        voted=Count("id", filter=Q(policy__isnull=False, id__in=_said(user_id))),
    )
    return Counts(**found)


def inbox_voted(*, workspace_id: UUID, user_id: UUID) -> QuerySet[Interaction]:
    """What somebody has answered and others have not yet."""
    found = _rows(workspace_id).filter(status=InteractionStatus.PENDING, id__in=_said(user_id))
    return found.order_by("-priority", F("deadline_at").asc(nulls_last=True), "id")


def searched(
    found: QuerySet[Interaction],
    *,
    q: str = "",
    kind: str = "",
    priority: int | None = None,
    workflow: UUID | None = None,
) -> QuerySet[Interaction]:
    """Those of the questions that fit: `q` is part of the title or of the workflow's name."""
    if q:
        found = found.filter(Q(title__icontains=q) | Q(workflow__name__icontains=q))
    if kind:
        found = found.filter(kind=kind)
    if priority is not None:
        found = found.filter(priority=priority)
    return found if workflow is None else found.filter(workflow_id=workflow)


def inbox_closed(*, workspace_id: UUID) -> QuerySet[Interaction]:
    """What no longer waits, the latest first."""
    return _rows(workspace_id).exclude(status=InteractionStatus.PENDING).order_by("-closed_at", "-id")


def _rows(workspace_id: UUID) -> QuerySet[Interaction]:
    found = Interaction.objects.filter(workspace_id=workspace_id).select_related("workflow")
    return found.defer("message", "data", "answer", "workflow__draft")


def interaction_get(*, workspace_id: UUID, interaction_id: UUID) -> Interaction:
    """One question with its workflow. Raises `InteractionNotFound`."""
    rows = Interaction.objects.filter(workspace_id=workspace_id, id=interaction_id).select_related("workflow")
    found = rows.defer("workflow__draft").first()
    if found is None:
        raise InteractionNotFound
    return found


def interaction_with_version(*, workspace_id: UUID, interaction_id: UUID) -> Interaction:
    """One question with its execution and the version that asks, to say what answers set off. As `interaction_get`."""
    rows = Interaction.objects.filter(workspace_id=workspace_id, id=interaction_id)
    rows = rows.select_related("workflow", "execution__version", "answered_by_user")
    hidden = ("input", "output", "response", "unknown_writes", "error")
    found = rows.defer("workflow__draft", *(f"execution__{name}" for name in hidden)).first()
    if found is None:
        raise InteractionNotFound
    return found


def interaction_open_of(*, workspace_id: UUID, execution_id: UUID) -> list[Interaction]:
    """What an execution waits for people to answer, the oldest question first."""
    return list(
        interaction_list(
            workspace_id=workspace_id, statuses=[InteractionStatus.PENDING], execution_id=execution_id
        ).order_by("id")
    )


def execution_standing(*, workspace_id: UUID, execution_id: UUID) -> tuple[int, str] | None:
    """The sequence number and status of an execution, without its payloads: cheap enough to ask again and again."""
    rows = Execution.objects.filter(workspace_id=workspace_id, id=execution_id)
    return rows.values_list("seq", "status").first()


def link_by_hash(hash_: str) -> FoundLink | None:
    """Where the link with this SHA-256 leads. Works outside a tenant block; says nothing about whether it is usable."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, link_id FROM hil_link_by_hash(%s)", [hash_])
        row = cursor.fetchone()
    return FoundLink(*row) if row else None


def link_get(*, workspace_id: UUID, link_id: UUID) -> InteractionLink | None:
    """One link with its workspace."""
    rows = InteractionLink.objects.filter(workspace_id=workspace_id, id=link_id)
    return rows.select_related("workspace", "ask__user").first()


def link_list(*, workspace_id: UUID, interaction_id: UUID) -> QuerySet[InteractionLink]:
    """The links made for a question, the oldest first."""
    return InteractionLink.objects.filter(workspace_id=workspace_id, interaction_id=interaction_id).order_by("id")


# ── Who is asked, and what they said ─────────────────────────────────────────────────────────────────────────────────


def asks_of(*, workspace_id: UUID, interaction_id: UUID) -> list[Ask]:
    """Who is or was asked, in the order in which they were added."""
    return list(Ask.objects.filter(workspace_id=workspace_id, interaction_id=interaction_id).order_by("id"))


def ask_of(*, workspace_id: UUID, interaction_id: UUID, user_id: UUID) -> Ask | None:
    """The row of a member who is asked, if they are."""
    return Ask.objects.filter(workspace_id=workspace_id, interaction_id=interaction_id, user_id=user_id).first()


def votes_of(*, workspace_id: UUID, interaction_id: UUID) -> list[Vote]:
    """What was said, the oldest first."""
    return list(Vote.objects.filter(workspace_id=workspace_id, interaction_id=interaction_id).order_by("id"))


def entries_of(*, workspace_id: UUID, interaction_id: UUID) -> QuerySet[Entry]:
    """A question's record, the oldest first. Questions of before it was kept have none."""
    return Entry.objects.filter(workspace_id=workspace_id, interaction_id=interaction_id).order_by("id")


def deputies(*, workspace_id: UUID, now: datetime) -> dict[UUID, UUID]:
    """Who stands in for whom at this moment: of several absences of somebody the latest counts."""
    rows = Absence.objects.filter(workspace_id=workspace_id, from_at__lte=now, deputy__isnull=False)
    rows = rows.filter(Q(until_at__isnull=True) | Q(until_at__gt=now)).order_by("from_at", "id")
    return {user: deputy for user, deputy in rows.values_list("user_id", "deputy_id")}


def hours_of(workspace_id: UUID) -> Hours:
    """When the workspace works: what it set, or Monday to Friday, 9 to 17, UTC."""
    kept = Calendar.objects.filter(workspace_id=workspace_id).first()
    if kept is None or not kept.days:
        return Hours()
    return Hours(kept.zone, frozenset(kept.days), kept.opens, kept.closes, kept.free_days)


def digest(value: Any) -> str:
    """The SHA-256 of a JSON value, with sorted keys, no spaces, and whole numbers as integers, as the database
    gives them back: anybody can compute it from an export.
    """
    text = json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(Decimal(repr(value)))
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def absences_of(*, workspace_id: UUID, user_id: UUID, now: datetime) -> QuerySet[Absence]:
    """When somebody is or will be away, the next first."""
    rows = Absence.objects.filter(workspace_id=workspace_id, user_id=user_id).select_related("deputy")
    return rows.filter(Q(until_at__isnull=True) | Q(until_at__gt=now)).order_by("from_at", "id")


def inbox_bulk(*, workspace_id: UUID, user_id: UUID) -> QuerySet[Interaction]:
    """What somebody can answer together with others, as its authors allow."""
    return of_person(inbox_waiting(workspace_id=workspace_id), "mine", user_id).filter(can_bulk=True)


def bulk_of(*, workspace_id: UUID, ids: Iterable[UUID]) -> list[Interaction]:
    """Those of the questions that can be answered together, in the order in which their executions are locked
    everywhere: who answers several in one transaction never waits for somebody who waits for them.
    """
    rows = Interaction.objects.filter(workspace_id=workspace_id, id__in=list(ids), can_bulk=True)
    return list(rows.order_by("execution_id", "id"))


# ── How fast people answer ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Times:
    """How questions ended, and how long answers took: half of them at most `median`, nine of ten at most `slow`."""

    answered: int
    timed_out: int
    median: float | None
    slow: float | None
    label: str = ""
    day: date | None = None


_TIMES = """
    count(*) FILTER (WHERE status = 'answered'),
    count(*) FILTER (WHERE status = 'timed_out'),
    extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY answered_at - created_at)),
    extract(epoch FROM percentile_cont(0.9) WITHIN GROUP (ORDER BY answered_at - created_at))
    FROM hil_interaction WHERE workspace_id = %s AND status <> 'pending' AND closed_at >= %s
"""


def _times(sql: str, given: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return list(cursor.fetchall())


def times_of_all(*, workspace_id: UUID, since: datetime) -> Times:
    """Of all questions that were closed since then."""
    ((answered, late, median, slow),) = _times(f"SELECT {_TIMES}", [workspace_id, since])
    return Times(answered, late, _seconds(median), _seconds(slow))


def times_by_day(*, workspace_id: UUID, since: datetime, zone: str) -> list[Times]:
    """By the day on which they were closed, in a zone."""
    sql = f"SELECT (closed_at AT TIME ZONE %s)::date, {_TIMES} GROUP BY 1 ORDER BY 1"
    rows = _times(sql, [zone, workspace_id, since])
    return [Times(done, late, _seconds(median), _seconds(slow), day=day) for day, done, late, median, slow in rows]


def times_by_person(*, workspace_id: UUID, since: datetime, most: int = 20) -> list[Times]:
    """By who answered, the busiest first."""
    sql = f"SELECT answered_by, {_TIMES} AND answered_by IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s"
    rows = _times(sql, [workspace_id, since, most])
    return [Times(done, late, _seconds(median), _seconds(slow), label=who) for who, done, late, median, slow in rows]


def times_by_workflow(*, workspace_id: UUID, since: datetime, most: int = 20) -> list[Times]:
    """By the workflow that asked, the one with the most questions first."""
    sql = f"""SELECT (SELECT name FROM workflows_workflow w WHERE w.id = hil_interaction.workflow_id), {_TIMES}
              GROUP BY workflow_id ORDER BY count(*) DESC LIMIT %s"""
    rows = _times(sql, [workspace_id, since, most])
    return [Times(done, late, _seconds(median), _seconds(slow), label=name) for name, done, late, median, slow in rows]


def overdue(*, workspace_id: UUID, now: datetime, within: timedelta) -> QuerySet[Interaction]:
    """What waits and has little or no time left, the latest first."""
    rows = _rows(workspace_id).filter(status=InteractionStatus.PENDING, deadline_at__lte=now + within)
    return rows.order_by("deadline_at", "id")


def decisions(*, workspace_id: UUID, since: datetime | None, until: datetime | None) -> QuerySet[Interaction]:
    """What was asked and what became of it, the latest first, for an export."""
    rows = Interaction.objects.filter(workspace_id=workspace_id).exclude(status=InteractionStatus.PENDING)
    if since is not None:
        rows = rows.filter(closed_at__gte=since)
    if until is not None:
        rows = rows.filter(closed_at__lt=until)
    rows = rows.select_related("workflow", "execution__version").prefetch_related("votes")
    hidden = ("input", "output", "response", "unknown_writes", "error")
    return rows.defer(
        "workflow__draft", "execution__version__definition", *(f"execution__{name}" for name in hidden)
    ).order_by("-closed_at", "-id")


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value)
