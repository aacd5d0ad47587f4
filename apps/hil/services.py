"""What can be done to questions: open, answer, let go. Each is one transaction."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.accounts.access.actor import Actor, system
from apps.accounts.services import audit_record, token_hash
from apps.core import clock, events, jsonclean
from apps.core.errors import DomainError, FieldError, Invalid
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import services as executions
from apps.executions.wait_kinds import OpenWait, Review
from apps.hil import selectors
from apps.hil.errors import (
    AlreadyAnswered,
    CommentTooLong,
    LinkExpired,
    LinkUnknown,
    NoLinkForReviews,
    OutcomeUnknown,
    TimedOut,
    Withdrawn,
)
from apps.hil.models import Interaction, InteractionLink, InteractionStatus, Kind, Priority, Via
from apps.nodes.contract import AskHuman

LINK_LIFETIME = timedelta(days=7)
LONGEST_COMMENT = 10_000
LONGEST_RECIPIENT = 200
# The engine reads `deadline` in a wait's `resolved_by` as "nobody answered"; the others it writes itself, too.
_ENGINES_OWN = {"deadline", "canceled", "timed_out", "error", "success"}

_ANSWER_FIELDS = ["status", "closed_at", "outcome", "comment", "answer", "answered_at"]
_ANSWER_FIELDS += ["answered_by", "answered_by_user", "answered_via"]

REVIEW_OUTCOMES = (
    {"name": "happened", "label": "It happened", "style": "primary"},
    {"name": "run_again", "label": "Run it again", "style": "secondary"},
    {"name": "failed", "label": "It failed", "style": "danger"},
)


# ── Opened and closed by the engine, inside its transactions ─────────────────────────────────────────────────────────


def interaction_open(*, wait: OpenWait) -> Interaction:
    """Put a node's question into the inbox. Must run in the transaction that opened the wait."""
    asked = wait.request
    if not isinstance(asked, AskHuman):
        raise TypeError(f"A wait of kind {wait.kind!r} asks with {type(asked).__name__}, not with AskHuman.")
    outcomes = [{"name": way.name, "label": way.label, "style": way.style} for way in asked.outcomes]
    return _insert(wait, Kind(asked.question), asked.title, asked.message, asked.data, outcomes, asked.priority)


def review_open(*, wait: OpenWait) -> Interaction:
    """Put the engine's question what became of a step into the inbox. As `interaction_open`."""
    asked = wait.request
    if not isinstance(asked, Review):
        raise TypeError(f"A wait of kind {wait.kind!r} asks with {type(asked).__name__}, not with Review.")
    outcomes = [dict(way) for way in REVIEW_OUTCOMES]
    return _insert(wait, Kind.REVIEW_UNKNOWN, asked.title, asked.message, asked.data, outcomes, "high")


def _insert(
    wait: OpenWait, kind: Kind, title: str, message: str, data: Any, outcomes: list[dict[str, str]], priority: str
) -> Interaction:
    shown = jsonclean.cleaned({"title": title, "message": message, "data": data, "outcomes": outcomes})
    made = Interaction.objects.create(
        id=wait.id,
        workspace_id=wait.workspace_id,
        execution_id=wait.execution_id,
        wait_id=wait.id,
        workflow_id=wait.workflow_id,
        node_id=wait.node_id,
        node_name=wait.node_name,
        path=wait.path,
        kind=kind,
        priority=Priority[priority.upper()],
        shown_digest=_digest(shown),
        created_at=clock.now(),
        deadline_at=wait.wake_at,
        **shown,
    )
    _tell("question.asked", made)
    return made


def _tell(name: str, interaction: Interaction) -> None:
    events.event_put(
        workspace_id=interaction.workspace_id,
        name=name,
        subject_id=interaction.id,
        now=clock.now(),
        data={"workflow_id": str(interaction.workflow_id)},
    )


def _digest(shown: dict[str, Any]) -> str:
    text = json.dumps(shown, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def interaction_time_out(*, wait_ids: Sequence[UUID]) -> int:
    """Close questions nobody answered in time. Returns how many were open. Must run in the engine's transaction."""
    return _close(wait_ids, status=InteractionStatus.TIMED_OUT, outcome="timeout")


def interaction_withdraw(*, wait_ids: Sequence[UUID]) -> int:
    """Close questions whose executions have ended. As `interaction_time_out`."""
    return _close(wait_ids, status=InteractionStatus.WITHDRAWN, outcome=None)


def _close(wait_ids: Sequence[UUID], *, status: InteractionStatus, outcome: str | None) -> int:
    still_open = Interaction.objects.filter(wait_id__in=list(wait_ids), status=InteractionStatus.PENDING)
    asked = list(still_open.only("id", "workspace_id", "workflow_id"))
    if not asked:
        return 0
    closed = still_open.update(status=status, outcome=outcome, closed_at=clock.now())
    for interaction in asked:
        _tell("question.closed", interaction)
    return closed


# ── Answered by people ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who answers, and how the answer came in. `label` is what people read in the record."""

    actor: Actor
    label: str
    via: Via
    link_id: UUID | None = None

    @classmethod
    def of(cls, actor: Actor, via: Via) -> Answerer:
        """A member or a key."""
        return cls(actor, actor.user.label if actor.user else actor.label, via)

    @property
    def by(self) -> str:
        """The name for the engine's wait, never one of the words it uses itself."""
        return f"“{self.label}”" if self.label.lower() in _ENGINES_OWN else self.label

    def as_json(self) -> dict[str, Any]:
        """Who answered, as the workflow gets it."""
        kind = "link" if self.link_id else self.actor.kind
        found: dict[str, Any] = {"label": self.label, "kind": kind, "via": str(self.via)}
        if self.actor.id is not None:
            found["id"] = str(self.actor.id)
        if self.actor.user is not None:
            found["email"] = self.actor.user.email
        return found


def interaction_answer(
    *,
    workspace_id: UUID,
    interaction_id: UUID,
    answerer: Answerer,
    outcome: str,
    now: datetime,
    comment: str = "",
    data: Any = None,
) -> Interaction:
    """Answer a question; its execution becomes due at once. Returns the question as it stands then.

    One compare-and-set on the engine's wait decides: of many answers at once one wins. Raises `AlreadyAnswered` with
    who, when and how, `TimedOut`, `Withdrawn`, `OutcomeUnknown` naming what is allowed, `CommentTooLong`,
    `InteractionNotFound`.
    """
    comment = comment.strip()
    with tenant(workspace_id):
        found = selectors.interaction_get(workspace_id=workspace_id, interaction_id=interaction_id)
        closed = refusal(found, now)
        if closed is not None:
            raise closed
        _check(found, outcome, comment, data)
        answer = {
            "outcome": outcome,
            "comment": comment or None,
            "data": data,
            "answered_by": answerer.as_json(),
            "answered_at": now.isoformat(),
        }
        try:
            executions.wait_resolve(
                workspace_id=workspace_id, wait_id=found.wait_id, answer=answer, by=answerer.by, now=now
            )
        except executions.AlreadyAnswered:
            found.refresh_from_db()
            raise (refusal(found, now) or AlreadyAnswered()) from None
        found.status, found.outcome, found.comment = InteractionStatus.ANSWERED, outcome, comment
        found.answer, found.answered_by, found.answered_via = answer, answerer.label, answerer.via
        found.answered_by_user = answerer.actor.user
        found.answered_at = found.closed_at = now
        found.save(update_fields=_ANSWER_FIELDS)
        _tell("question.closed", found)
        if answerer.link_id:
            InteractionLink.objects.filter(workspace_id=workspace_id, id=answerer.link_id).update(used_at=now)
        audit_record(
            workspace_id=workspace_id,
            actor=answerer.actor,
            action="interaction.answered",
            target=found.title,
            data={
                "interaction_id": str(found.id),
                "execution_id": str(found.execution_id),
                "outcome": outcome,
                "via": str(answerer.via),
                "shown_digest": found.shown_digest,
            },
        )
    return found


def refusal(interaction: Interaction, now: datetime) -> DomainError | None:
    """Why this question can no longer be answered; None while it can."""
    if interaction.status == InteractionStatus.ANSWERED:
        assert interaction.answered_at is not None
        return AlreadyAnswered(
            f"Already answered by {interaction.answered_by} at {interaction.answered_at:%Y-%m-%d %H:%M:%S} UTC:"
            f" {interaction.outcome_word}.",
            answered_by=interaction.answered_by,
            answered_at=interaction.answered_at.isoformat(),
            outcome=interaction.outcome,
        )
    if interaction.status == InteractionStatus.WITHDRAWN:
        return Withdrawn()
    if interaction.status == InteractionStatus.TIMED_OUT or interaction.is_overdue(now):
        assert interaction.deadline_at is not None
        return TimedOut(
            f"The time to answer ended at {interaction.deadline_at:%Y-%m-%d %H:%M:%S} UTC; the run goes on by its"
            " timeout port.",
            deadline_at=interaction.deadline_at.isoformat(),
        )
    return None


def _check(interaction: Interaction, outcome: str, comment: str, data: Any) -> None:
    if outcome not in interaction.allowed:
        names = ", ".join(interaction.allowed)
        message = f"“{outcome[:100]}” is not an answer to this question. Allowed: {names}."
        raise OutcomeUnknown(message, errors=[FieldError("outcome", f"Allowed: {names}.")], allowed=interaction.allowed)
    if len(comment) > LONGEST_COMMENT:
        message = f"A comment has at most {LONGEST_COMMENT:,} characters; this one has {len(comment):,}."
        raise CommentTooLong(message, errors=[FieldError("comment", message)])
    jsonclean.check(comment, path="comment")
    jsonclean.check(data, path="data")


# ── Links ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class CreatedLink:
    """A new link with its token, which is shown once and kept nowhere."""

    link: InteractionLink
    token: str

    @property
    def path(self) -> str:
        """The address behind the product's own."""
        return f"/i/{self.token}/"


def interaction_link_create(
    *, workspace_id: UUID, interaction_id: UUID, recipient: str, actor: Actor, now: datetime
) -> CreatedLink:
    """A link that lets `recipient` answer one question, once, without signing in.

    It works until the question's deadline (seven days when it has none), and never after the question was decided.
    Raises what `refusal` gives, `NoLinkForReviews`, `Invalid` without a recipient.
    """
    recipient = " ".join(recipient.split())
    if not 1 <= len(recipient) <= LONGEST_RECIPIENT:
        message = f"Say who the link is for, in 1 to {LONGEST_RECIPIENT} characters: it stands in the record."
        raise Invalid(message, errors=[FieldError("recipient", message)])
    jsonclean.check(recipient, path="recipient")
    with tenant(workspace_id):
        found = selectors.interaction_get(workspace_id=workspace_id, interaction_id=interaction_id)
        closed = refusal(found, now)
        if closed is not None:
            raise closed
        if found.is_review:
            raise NoLinkForReviews
        token = secrets.token_urlsafe(32)
        link = InteractionLink.objects.create(
            id=uuid7(),
            workspace_id=workspace_id,
            interaction=found,
            recipient=recipient,
            hash=token_hash(token),
            created_by=actor.user,
            created_at=now,
            expires_at=found.deadline_at or now + LINK_LIFETIME,
        )
        audit_record(
            workspace_id=workspace_id,
            actor=actor,
            action="interaction.link_created",
            target=found.title,
            data={"interaction_id": str(found.id), "link_id": str(link.id), "recipient": recipient},
        )
    return CreatedLink(link, token)


def link_find(*, token: str, now: datetime) -> InteractionLink:
    """The link with this token. Says nothing about the state of its question.

    Opens no tenant block that outlives the call. Raises `LinkUnknown` (404) or `LinkExpired` (410).
    """
    found = selectors.link_by_hash(token_hash(token))
    if found is None:
        raise LinkUnknown
    with tenant(found.workspace_id):
        link = selectors.link_get(workspace_id=found.workspace_id, link_id=found.link_id)
    if link is None:
        raise LinkUnknown
    if link.expires_at <= now:
        raise LinkExpired
    return link


def interaction_answer_by_link(*, link: InteractionLink, outcome: str, comment: str, now: datetime) -> Interaction:
    """Answer as the recipient of a link. Raises what `interaction_answer` raises."""
    answerer = Answerer(system(f"{link.recipient} (link)"), link.recipient, Via.LINK, link_id=link.id)
    return interaction_answer(
        workspace_id=link.workspace_id,
        interaction_id=link.interaction_id,
        answerer=answerer,
        outcome=outcome,
        comment=comment,
        now=now,
    )
