"""Answering: every way leads through here."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.services import audit_record
from apps.core import jsonclean
from apps.core.errors import DomainError, FieldError
from apps.core.ids import uuid7_in_order
from apps.core.tenancy import tenant
from apps.executions import services as executions
from apps.executions.models import Execution
from apps.hil import forms, selectors
from apps.hil.errors import (
    AlreadyAnswered,
    AnswerInvalid,
    CommentNeeded,
    CommentTooLong,
    OutcomeUnknown,
    SelfApproval,
    TimedOut,
    Undeliverable,
    Withdrawn,
)
from apps.hil.models import (
    Ask,
    AskStatus,
    Assurance,
    Interaction,
    InteractionLink,
    InteractionStatus,
    Timer,
    Via,
    Vote,
)
from apps.hil.policy import Policy, Seat, Standing, chosen_by_all, standing
from apps.hil.services.admitting import admit, level_of, place_of
from apps.hil.services.answerers import Answerer
from apps.hil.services.finding import instead_of
from apps.hil.services.recording import entry_add, tell

LONGEST_COMMENT = 10_000
_ANSWER_FIELDS = ["status", "closed_at", "outcome", "comment", "answer", "answered_at", "answered_by"]
_ANSWER_FIELDS += ["answered_by_user", "answered_via", "answered_assurance", "audit_id", "progress"]


def interaction_answer(
    *,
    workspace_id: UUID,
    interaction_id: UUID,
    answerer: Answerer,
    outcome: str,
    now: datetime,
    comment: str = "",
    data: Any = None,
    evidence: dict[str, Any] | None = None,
    is_in_words: bool = False,
) -> Interaction:
    """Answer a question. Returns it as it stands then: decided, and its execution due at once; or still pending, when
    its policy wants to hear others, too.

    Answers to one question come one after the other, under its execution's lock, and one compare-and-set on the
    engine's wait decides: of many at once one decides. `evidence` is kept with the vote; `is_in_words`: words were read
    instead of a button pressed. Raises `AlreadyAnswered` with who, when and how, `TimedOut`, `Withdrawn`, `NotAsked`,
    `NoLongerAsked`, `NotYourTurn`, `HandedOn`, `AlreadyVoted`, `SelfApproval`, `NotSureEnough`, `ButtonNeeded`,
    `OutcomeUnknown` naming what is allowed, `CommentTooLong`, `CommentNeeded`, `AnswerInvalid` with a finding per
    field, `InteractionNotFound`.
    """
    comment = comment.strip()
    with tenant(workspace_id):
        found = selectors.interaction_get(workspace_id=workspace_id, interaction_id=interaction_id)
        closed = refusal(found, now)
        if closed is not None:
            raise closed
        version = lock(found)
        found.refresh_from_db()
        closed = refusal(found, now)
        if closed is not None:
            raise closed
        if found.barred_user_id is not None and found.barred_user_id == answerer.person_id:
            raise SelfApproval
        ask = place_of(found, answerer)
        admit(found, answerer, ask, is_in_words)
        checked = _check(found, outcome, comment, data)
        vote = Vote(
            id=uuid7_in_order(),
            workspace_id=workspace_id,
            interaction_id=found.id,
            ask=ask,
            user_id=answerer.person_id,
            voter=answerer.voter,
            label=answerer.label,
            via=answerer.via,
            assurance=level_of(answerer, ask),
            outcome=checked.outcome,
            comment=comment,
            data=jsonclean.cleaned(checked.data),
            evidence=jsonclean.cleaned(evidence) if evidence else None,
            at=now,
        )
        stands = _stands(found, ask, vote)
        vote.is_deciding = bool(stands.outcome)
        found.progress = stands.progress
        if vote.is_deciding:
            _decide(found, vote, stands.outcome, answerer, now)
        vote.audit_id = found.audit_id = _recorded(found, vote, answerer, version, stands)
        vote.save(force_insert=True)
        if ask is not None:
            Ask.objects.filter(workspace_id=workspace_id, id=ask.id).update(
                status=AskStatus.ANSWERED, answered_at=now, opened_at=ask.opened_at or now
            )
        if vote.is_deciding:
            found.save(update_fields=_ANSWER_FIELDS)
            Timer.objects.filter(workspace_id=workspace_id, interaction_id=found.id).delete()
            tell("question.decided", found, outcome=found.outcome)
        else:
            found.save(update_fields=["progress"])
            tell("question.voted", found, vote_id=str(vote.id))
            _next_turn(found, stands, now)
        if answerer.link_id:
            InteractionLink.objects.filter(workspace_id=workspace_id, id=answerer.link_id).update(used_at=now)
    return found


def interaction_answer_by_link(
    *, link: InteractionLink, outcome: str, comment: str, now: datetime, data: Any = None
) -> Interaction:
    """Answer as the recipient of a link. Raises what `interaction_answer` raises."""
    answerer = Answerer.holder(link)
    if link.ask is not None:
        answerer = Answerer.asked(link.ask, Via.LINK, link_id=link.id)
    return interaction_answer(
        workspace_id=link.workspace_id,
        interaction_id=link.interaction_id,
        answerer=answerer,
        outcome=outcome,
        comment=comment,
        data=data,
        now=now,
    )


def objection(*, interaction: Interaction, answerer: Answerer, asks: list[Ask] | None = None) -> DomainError | None:
    """Why this person may not answer this open question now; None when they may. Must run inside `tenant()`.

    `asks`: who is asked, where the caller has looked that up already.
    """
    if interaction.barred_user_id is not None and interaction.barred_user_id == answerer.person_id:
        return SelfApproval()
    try:
        admit(interaction, answerer, place_of(interaction, answerer, asks), False)
    except DomainError as refused:
        return refused
    return None


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
        return Undeliverable() if interaction.outcome == "undeliverable" else Withdrawn()
    if interaction.status == InteractionStatus.TIMED_OUT or interaction.is_overdue(now):
        assert interaction.deadline_at is not None
        return TimedOut(
            f"The time to answer ended at {interaction.deadline_at:%Y-%m-%d %H:%M:%S} UTC; the run goes on"
            f" {_silence(interaction)}.",
            deadline_at=interaction.deadline_at.isoformat(),
        )
    return None


def _silence(interaction: Interaction) -> str:
    if interaction.deadline_outcome == "timeout":
        return "by its timeout port"
    return f"as if “{interaction.deadline_outcome}” had been the answer"


def lock(interaction: Interaction) -> int | None:
    """Let nobody else decide on this execution's questions until the transaction ends. Returns the version's number.

    The same lock the engine takes before it closes a wait: whoever comes second sees what the first has done.
    """
    rows = Execution.objects.filter(workspace_id=interaction.workspace_id, id=interaction.execution_id)
    found = rows.select_related("version").only("id", "version__number").select_for_update(of=("self",)).get()
    return found.version.number


def _check(interaction: Interaction, outcome: str, comment: str, data: Any) -> forms.Checked:
    if outcome not in interaction.allowed:
        names = ", ".join(interaction.allowed)
        message = f"“{outcome[:100]}” is not an answer to this question. Allowed: {names}."
        raise OutcomeUnknown(message, errors=[FieldError("outcome", f"Allowed: {names}.")], allowed=interaction.allowed)
    if len(comment) > LONGEST_COMMENT:
        message = f"A comment has at most {LONGEST_COMMENT:,} characters; this one has {len(comment):,}."
        raise CommentTooLong(message, errors=[FieldError("comment", message)])
    jsonclean.check(comment, path="comment")
    jsonclean.check(data, path="data")
    if not comment and outcome in interaction.needs_comment:
        label = next(way["label"] for way in interaction.outcomes if way["name"] == outcome)
        message = f"“{label}” needs a comment: say why."
        raise CommentNeeded(message, errors=[FieldError("comment", message)])
    found = forms.checked(interaction.form, outcome, data)
    if found.errors:
        raise AnswerInvalid(errors=list(found.errors))
    return found


# ── What it comes to ─────────────────────────────────────────────────────────────────────────────────────────────────


def _stands(interaction: Interaction, ask: Ask | None, vote: Vote) -> Standing:
    """Where the question stands with this vote."""
    if interaction.policy is None:
        return Standing(vote.outcome, "", 0)
    votes = list(Vote.objects.filter(workspace_id=vote.workspace_id, interaction_id=interaction.id).order_by("id"))
    return standing_of(interaction, [*votes, vote])


def standing_of(interaction: Interaction, votes: list[Vote]) -> Standing:
    """Where a question with a policy stands with these votes, the oldest first."""
    policy = Policy.from_json(interaction.policy)
    if not interaction.has_asks:
        return standing(policy, [Seat((0,), vote.outcome) for vote in votes], is_closed=False)
    asks = {
        each.id: each
        for each in selectors.asks_of(workspace_id=interaction.workspace_id, interaction_id=interaction.id)
        if each.status != AskStatus.PASSED and (each.user_id is None or each.user_id != interaction.barred_user_id)
    }
    said = [Seat(tuple(asks[vote.ask_id].groups), vote.outcome) for vote in votes if vote.ask_id in asks]
    voted = {vote.ask_id for vote in votes}
    silent = [Seat(tuple(each.groups)) for each in asks.values() if each.id not in voted]
    return standing(policy, said + silent)


def _decide(interaction: Interaction, vote: Vote, outcome: str, answerer: Answerer, now: datetime) -> None:
    """Let the execution go on with the answer."""
    answer = {
        "outcome": outcome,
        "comment": vote.comment or None,
        "data": _together(interaction, vote, outcome),
        "answered_by": answerer.as_json(),
        "answered_at": now.isoformat(),
        "votes": _told(interaction, vote),
    }
    try:
        executions.wait_resolve(
            workspace_id=interaction.workspace_id, wait_id=interaction.wait_id, answer=answer, by=answerer.by, now=now
        )
    except executions.AlreadyAnswered:
        interaction.refresh_from_db()
        raise (refusal(interaction, now) or AlreadyAnswered()) from None
    interaction.status, interaction.outcome, interaction.comment = InteractionStatus.ANSWERED, outcome, vote.comment
    interaction.answer, interaction.answered_by, interaction.answered_via = answer, answerer.label, answerer.via
    interaction.answered_by_user_id = answerer.person_id
    interaction.answered_assurance = vote.assurance
    interaction.answered_at = interaction.closed_at = now


def _votes(interaction: Interaction, last: Vote) -> list[Vote]:
    if interaction.policy is None:
        return [last]
    return [*Vote.objects.filter(interaction_id=interaction.id).order_by("id"), last]


def _told(interaction: Interaction, last: Vote) -> list[dict[str, Any]]:
    """All votes, as the workflow gets them."""
    return [
        {
            "by": vote.label,
            "outcome": vote.outcome,
            "comment": vote.comment or None,
            "data": vote.data,
            "via": str(vote.via),
            "at": vote.at.isoformat(),
        }
        for vote in _votes(interaction, last)
    ]


def _together(interaction: Interaction, last: Vote, outcome: str) -> Any:
    """The data of the answer: of the latest vote for its outcome; of several choices, see `policy.chosen_by_all`."""
    votes = [vote for vote in _votes(interaction, last) if vote.outcome == outcome]
    if not votes:
        return None
    form = interaction.form
    if form and form["kind"] == "options" and len(votes) > 1:
        names, said = [each["name"] for each in form["options"]], [vote.data or [] for vote in votes]
        return chosen_by_all(names, said, least=form["least"], most=form["most"])
    return votes[-1].data


def _next_turn(interaction: Interaction, stands: Standing, now: datetime) -> None:
    """In a sequence: ask whoever comes next."""
    if not interaction.has_asks or interaction.policy is None or interaction.policy["mode"] != "sequence":
        return
    asks = selectors.asks_of(workspace_id=interaction.workspace_id, interaction_id=interaction.id)
    turned = [ask for ask in asks if ask.status == AskStatus.WAITING and stands.turn in ask.groups]
    if not turned:
        return
    for ask in turned:
        ask.status, ask.asked_at = AskStatus.ASKED, now
    Ask.objects.bulk_update(turned, ["status", "asked_at"])
    known = {(ask.kind, ask.address): ask for ask in asks}
    asked = [*turned, *instead_of(interaction=interaction, asks=turned, known=known, now=now)]
    told = [ask for ask in asked if ask.is_open]
    names = ", ".join(ask.label for ask in told)
    entry_add(interaction=interaction, kind="asked", icon="hand", text=f"{names} asked next", at=now)
    tell("question.asked_more", interaction, ask_ids=[str(ask.id) for ask in told], reason="next")


def _recorded(interaction: Interaction, vote: Vote, answerer: Answerer, version: int | None, stands: Standing) -> UUID:
    """Write the vote into the chain of the audit log, and into the question's record."""
    said = {
        "interaction_id": str(interaction.id),
        "execution_id": str(interaction.execution_id),
        "workflow_id": str(interaction.workflow_id),
        "version": version,
        "node_id": interaction.node_id,
        "path": interaction.path,
        "shown_digest": interaction.shown_digest,
        "vote_id": str(vote.id),
        "voter": vote.voter,
        "by": vote.label,
        "outcome": stands.outcome or vote.outcome,
        "vote": vote.outcome,
        "comment": vote.comment,
        "data_digest": selectors.digest(vote.data),
        "via": str(vote.via),
        "assurance": Assurance(vote.assurance).label,
    }
    if vote.evidence is not None:
        said["evidence"] = vote.evidence
    event = audit_record(
        workspace_id=interaction.workspace_id,
        actor=answerer.actor,
        action="interaction.answered" if vote.is_deciding else "interaction.voted",
        target=interaction.title,
        data=said,
    )
    way = next((way for way in interaction.outcomes if way["name"] == vote.outcome), None)
    icon = {"danger": "circle-x"}.get(way["style"] if way else "", "circle-check")
    entry_add(
        interaction=interaction,
        kind="decided" if vote.is_deciding else "voted",
        icon=icon,
        text=f"{vote.label}: {way['label'] if way else vote.outcome}",
        at=vote.at,
        data={"vote_id": str(vote.id), "via": str(vote.via), "assurance": int(vote.assurance)},
        audit_id=event.id,
    )
    return event.id
