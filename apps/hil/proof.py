"""Whether the decisions that are shown are those that were made.

The audit log's chain proves that its events are what they were. Here every decision and every vote is held against its
event, and what was shown against the digest that was taken when it was asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts import selectors as accounts
from apps.accounts.models import AuditEvent, AuditHead
from apps.core import clock
from apps.core.tenancy import tenant
from apps.hil import selectors
from apps.hil.models import Interaction, InteractionStatus, Vote

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many decisions were checked, and what is wrong with those that do not hold, by the question's id.

    `forgotten`: how many more were made before the oldest event that the audit log still keeps.
    """

    checked: int
    wrong: tuple[tuple[UUID, str], ...]
    forgotten: int = 0


def verify(workspace_id: UUID) -> Verdict:
    """Hold every closed question of a workspace that has an event against it. Opens its own transactions."""
    kept_from = _kept_from(workspace_id)
    checked, wrong, forgotten = 0, [], 0
    for every in _batches(workspace_id):
        rows = [row for row in every if kept_from is None or (row.closed_at and row.closed_at >= kept_from)]
        forgotten += len(every) - len(rows)
        with tenant(workspace_id):
            votes = Vote.objects.filter(workspace_id=workspace_id, interaction_id__in=[row.id for row in rows])
            votes = votes.filter(at__gte=kept_from) if kept_from else votes
            said = list(votes)
            ids = [row.audit_id for row in rows if row.audit_id] + [vote.audit_id for vote in said if vote.audit_id]
            events = accounts.audit_events(workspace_id).in_bulk(ids)
        for row in rows:
            checked += 1
            found = _wrong(row, [vote for vote in said if vote.interaction_id == row.id], events)
            if found:
                wrong.append((row.id, found))
    return Verdict(checked, tuple(wrong), forgotten)


def _kept_from(workspace_id: UUID) -> datetime | None:
    """From when on the log keeps events; None while it keeps all. That none is missing since is the chain's to say."""
    with tenant(workspace_id):
        head = AuditHead.objects.filter(workspace_id=workspace_id).first()
        if head is None or not head.first_seq:
            return None
        oldest = accounts.audit_events(workspace_id).last()
        return oldest.at if oldest else clock.now()


def _batches(workspace_id: UUID) -> Iterator[list[Interaction]]:
    after = UUID(int=0)
    while True:
        with tenant(workspace_id):
            found = Interaction.objects.filter(workspace_id=workspace_id, audit_id__isnull=False, id__gt=after)
            rows = list(found.exclude(status=InteractionStatus.PENDING).order_by("id")[:_BATCH])
        if not rows:
            return
        yield rows
        after = rows[-1].id


def _wrong(row: Interaction, votes: list[Vote], events: dict[Any, AuditEvent]) -> str:
    if row.shown_digest != digest_of(row):
        return "what is shown is not what was asked"
    event = events.get(row.audit_id)
    if event is None:
        return "its event is not in the audit log"
    known = event.data
    if known.get("interaction_id") != str(row.id) or known.get("shown_digest") != row.shown_digest:
        return "its event tells of another question"
    if known.get("outcome") != row.outcome:
        return f"the outcome is {row.outcome}, its event says {known.get('outcome')}"
    if row.status == InteractionStatus.ANSWERED and known.get("by", row.answered_by) != row.answered_by:
        return f"it says that {row.answered_by} answered, its event says {known['by']}"
    if row.status == InteractionStatus.ANSWERED and known.get("comment") != row.comment:
        return "the comment is not what its event says"
    for vote in votes:
        event = events.get(vote.audit_id)
        if event is None:
            return f"the event of the vote of {vote.label} is not in the audit log"
        if (event.data.get("vote"), event.data.get("voter")) != (vote.outcome, vote.voter):
            return f"the vote of {vote.label} is not what its event says"
        if event.data.get("by", vote.label) != vote.label:
            return f"a vote is said to be that of {vote.label}, its event says {event.data['by']}"
        if event.data.get("data_digest") != selectors.digest(vote.data) or event.data.get("comment") != vote.comment:
            return f"what {vote.label} wrote is not what the event says"
    return ""


def digest_of(row: Interaction) -> str:
    """The SHA-256 of all that a question shows, as it stands now."""
    shown = {"title": row.title, "message": row.message, "data": row.data, "outcomes": row.outcomes}
    return selectors.digest(shown if row.form is None else shown | {"form": row.form})
