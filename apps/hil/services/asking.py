"""Putting questions. Inside the engine's transactions: the database only."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.models import ApiKey
from apps.core import clock, jsonclean
from apps.core.errors import DomainError
from apps.core.ids import uuid7_in_order
from apps.executions.models import Execution
from apps.executions.wait_kinds import OpenWait, Review
from apps.hil import ladder, policy, selectors
from apps.hil.models import Ask, AskStatus, Assurance, Interaction, Kind, Priority, Timer
from apps.hil.services.closing import give_up
from apps.hil.services.finding import Found, able_count, found_of, instead_of
from apps.hil.services.recording import entry_add, tell
from apps.nodes.contract import AskHuman

REVIEW_OUTCOMES = (
    {"name": "happened", "label": "It happened", "style": "primary"},
    {"name": "run_again", "label": "Run it again", "style": "secondary"},
    {"name": "failed", "label": "It failed", "style": "danger"},
)
LEVELS = {
    "link": Assurance.LINK,
    "recipient": Assurance.RECIPIENT,
    "signed_in": Assurance.SIGNED_IN,
    "role": Assurance.ROLE,
}


def interaction_open(*, wait: OpenWait) -> Interaction:
    """Put a node's question to the people it names. Must run in the transaction that opened the wait.

    When none of them exists, or too few do for its policy, it is closed at once as `undeliverable`, and says why.
    """
    asked = wait.request
    if not isinstance(asked, AskHuman):
        raise TypeError(f"A wait of kind {wait.kind!r} asks with {type(asked).__name__}, not with AskHuman.")
    outcomes = [{"name": way.name, "label": way.label, "style": way.style} for way in asked.outcomes]
    made = _made(wait, Kind(asked.question), asked.title, asked.message, asked.data, outcomes, asked.priority)
    made.form = jsonclean.cleaned(asked.form)
    made.channels = jsonclean.cleaned(asked.channels)
    made.deadline_outcome = asked.deadline_outcome
    rules = asked.rules or {}
    made.needs_button, made.can_bulk = rules.get("needs_button", False), rules.get("can_bulk", False)
    made.needs_comment = list(rules.get("needs_comment", ()))
    if made.form is not None:
        made.shown_digest = selectors.digest(_shown(made) | {"form": made.form})
    try:
        timers, endless = _time(made, asked.timing), None
    except ValueError as wrong:
        hint = "Give less time, or more working hours in the settings of the inbox."
        timers, endless = [], DomainError(f"The question cannot be put: {wrong}", hint=hint)
    people = asked.people or {}
    made.assurance = LEVELS[people.get("assurance", "link")]
    made.can_delegate = people.get("can_delegate", True)
    if people.get("bars_starter"):
        made.barred_user_id = _starter(wait.execution_id)
    seats, refused = _seats(made, people) if endless is None else ([], endless)
    made.has_asks = bool(people.get("is_named"))
    if made.policy is not None and not refused:
        made.progress = policy.standing(
            policy.Policy.from_json(made.policy),
            [policy.Seat(groups) for _, groups in seats],
            is_closed=made.has_asks,
        ).progress
    made.save(force_insert=True)
    if refused is not None:
        entry_add(interaction=made, kind="asked", icon="hand", text=f"{made.node_name} asked", at=made.created_at)
        give_up(made, message=refused.message, hint=refused.hint or "", now=made.created_at)
        return made
    asks = asks_add(interaction=made, seats=seats, now=made.created_at)
    Timer.objects.bulk_create(timers)
    named = ", ".join(ask.label for ask in asks[:3]) + (f" and {len(asks) - 3} more" if len(asks) > 3 else "")
    text = f"{made.node_name} asked {named}" if asks else f"{made.node_name} asked"
    entry_add(interaction=made, kind="asked", icon="hand", text=text, at=made.created_at)
    tell("question.asked", made, ask_ids=[str(ask.id) for ask in asks if ask.is_open])
    return made


def review_open(*, wait: OpenWait) -> Interaction:
    """Put the engine's question what became of a step into the inbox. As `interaction_open`."""
    asked = wait.request
    if not isinstance(asked, Review):
        raise TypeError(f"A wait of kind {wait.kind!r} asks with {type(asked).__name__}, not with Review.")
    outcomes = [dict(way) for way in REVIEW_OUTCOMES]
    made = _made(wait, Kind.REVIEW_UNKNOWN, asked.title, asked.message, asked.data, outcomes, "high")
    made.save(force_insert=True)
    entry_add(interaction=made, kind="asked", icon="hand", text=f"{made.node_name} asked", at=made.created_at)
    tell("question.asked", made, ask_ids=[])
    return made


def _made(
    wait: OpenWait, kind: Kind, title: str, message: str, data: Any, outcomes: list[dict[str, str]], priority: str
) -> Interaction:
    shown = jsonclean.cleaned({"title": title, "message": message, "data": data, "outcomes": outcomes})
    return Interaction(
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
        shown_digest=selectors.digest(shown),
        created_at=clock.now(),
        deadline_at=wait.wake_at,
        **shown,
    )


def _shown(made: Interaction) -> dict[str, Any]:
    return {"title": made.title, "message": made.message, "data": made.data, "outcomes": made.outcomes}


# ── When ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _time(made: Interaction, timing: dict[str, Any] | None) -> list[Timer]:
    """Set the deadline where the working hours make it, and return the timers of the ladder."""
    if not timing:
        return []
    hours = selectors.hours_of(made.workspace_id) if timing.get("business_hours") else None
    made.timing = jsonclean.cleaned(timing)
    rungs = ladder.rungs(timing, begins_at=made.created_at, ends_at=made.deadline_at, hours=hours)
    if hours is not None:
        made.deadline_at = next(rung.due_at for rung in rungs if rung.kind == "deadline")
    return [
        Timer(
            workspace_id=made.workspace_id,
            interaction_id=made.id,
            kind=rung.kind,
            number=rung.number,
            due_at=rung.due_at,
        )
        for rung in rungs
    ]


# ── Who ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _starter(execution_id: UUID) -> UUID | None:
    """The member who started the run, or the run that called it; of a key, whoever made it."""
    started_by: dict[str, Any] = {"kind": "execution", "id": str(execution_id)}
    while started_by.get("kind") == "execution":  # nested eight deep at most
        rows = Execution.objects.filter(id=started_by["id"]).values_list("started_by", flat=True)
        started_by = rows.first() or {}
    id_ = started_by.get("id")
    if not id_:
        return None
    if started_by.get("kind") == "api_key":
        return ApiKey.objects.filter(id=id_).values_list("created_by_id", flat=True).first()
    return UUID(id_) if started_by.get("kind") == "user" else None


def _seats(made: Interaction, people: dict[str, Any]) -> tuple[list[tuple[Found, tuple[int, ...]]], DomainError | None]:
    """Who is asked, each with the groups they count in; and why nobody can be asked, if so. Sets the policy."""
    mode, negative = people.get("policy", "any"), people.get("negative", "")
    rest: dict[str, Any] = {
        "rejections": people.get("rejections"),
        "negative": negative,
        "stronger": people.get("stronger", ""),
        "by_outcome": people.get("by_outcome", False),
    }
    try:
        if mode == "groups":
            groups = people["groups"]
            listed = [found_of(made.workspace_id, group["assignees"]) for group in groups]
            names, approvals = [group["name"] for group in groups], [group.get("approvals") for group in groups]
        else:
            everybody = found_of(made.workspace_id, people.get("assignees") or [])
            if not people.get("is_named"):
                if mode == "at_least":
                    able = able_count(made.workspace_id, but=made.barred_user_id)
                    approvals = [people.get("approvals")]
                    policy.of(mode, [range(able)], approvals=approvals)  # only whether there are so many
                    made.policy = policy.of(mode, [()], approvals=approvals, is_closed=False, **rest).as_json()
                return [], None
            listed = [[one] for one in everybody] if mode == "sequence" else [everybody]
            names = [one.label for one in everybody] if mode == "sequence" else []
            approvals = [] if mode in ("sequence", "all") else [people.get("approvals")]
            approvals = [None] if mode == "any" else approvals
        if made.barred_user_id is not None:
            listed = [[one for one in each if one.user_id != made.barred_user_id] for each in listed]
            if mode == "sequence":
                names = [each[0].label for each in listed if each]
                listed = [each for each in listed if each]
                if not listed:
                    raise ValueError("Only the one who started the run is named, and they may not answer.")
        made.policy = policy.of(mode, listed, names=names, approvals=approvals, **rest).as_json()
    except DomainError as refused:
        return [], refused
    except ValueError as wrong:
        hint = "Name people who are members of the workspace, or ask for fewer of them, and run again."
        return [], DomainError(f"The question cannot be put: {wrong}", hint=hint)
    seats: dict[tuple[str, str], tuple[Found, tuple[int, ...]]] = {}
    for at, each in enumerate(listed):
        for one in each:
            before = seats.get(one.key, (one, ()))[1]
            seats[one.key] = (one, (*before, at))
    if not policy.can_agree(policy.Policy.from_json(made.policy), [policy.Seat(at) for _, at in seats.values()]):
        named = "The groups have too few different people: whoever is in two of them counts in one."
        return [], DomainError(named, hint="Name more people, or ask for fewer of them, and run again.")
    return list(seats.values()), None


def asks_add(
    *, interaction: Interaction, seats: list[tuple[Found, tuple[int, ...]]], now: datetime, **more: Any
) -> list[Ask]:
    """Add people to a question, and for those who are away their deputies. In the running transaction.

    In a sequence only the first is asked at once; whether the others are away is looked at when their turn comes.
    Whoever is asked already stays as they are.
    """
    is_sequence = interaction.policy is not None and interaction.policy["mode"] == "sequence" and not more
    known = {(ask.kind, ask.address): ask for ask in Ask.objects.filter(interaction_id=interaction.id)}
    made: list[Ask] = []
    for one, groups in seats:
        if one.key in known:
            continue
        is_turn = not is_sequence or 0 in groups
        ask = Ask(
            id=uuid7_in_order(),
            workspace_id=interaction.workspace_id,
            interaction_id=interaction.id,
            kind=one.kind,
            user_id=one.user_id,
            address=one.address,
            label=one.label,
            groups=list(groups),
            role=one.role,
            status=AskStatus.ASKED if is_turn else AskStatus.WAITING,
            asked_at=now if is_turn else None,
            **more,
        )
        known[one.key] = ask
        made.append(ask)
    if not made:
        return []
    Ask.objects.bulk_create(made)
    asked = [ask for ask in made if ask.is_open]
    return [*made, *instead_of(interaction=interaction, asks=asked, known=known, now=now)]
