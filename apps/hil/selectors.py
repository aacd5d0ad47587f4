"""What can be asked about questions. The workspace comes first everywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet

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
    asked = Ask.objects.filter(interaction_id=OuterRef("id"), user_id=person)
    said = Exists(Vote.objects.filter(interaction_id=OuterRef("id"), user_id=person))
    pending = Q(status=InteractionStatus.PENDING)
    if whose == "answered":
        return found.filter(said)
    if whose == "team":
        return found.filter(pending, Q(has_asks=True), ~Exists(asked))
    mine = Q(Exists(asked.filter(status=AskStatus.ASKED))) | (Q(has_asks=False) & ~Q(said))
    barred = Q(barred_user_id__isnull=False, barred_user_id=person)
    return found.filter(pending, mine).exclude(barred)


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


def link_list(*, workspace_id: UUID, interaction_id: UUID) -> list[InteractionLink]:
    """The links made for a question, the oldest first."""
    rows = InteractionLink.objects.filter(workspace_id=workspace_id, interaction_id=interaction_id)
    return list(rows.order_by("id"))


# ── Who is asked, and what they said ─────────────────────────────────────────────────────────────────────────────────


def asks_of(*, workspace_id: UUID, interaction_id: UUID) -> list[Ask]:
    """Who is or was asked, in the order in which they were added."""
    return list(Ask.objects.filter(workspace_id=workspace_id, interaction_id=interaction_id).order_by("id"))


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
    """The SHA-256 of a JSON value, with sorted keys and no spaces: anybody can compute it from an export."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
