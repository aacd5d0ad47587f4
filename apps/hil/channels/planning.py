"""From what happened with a question to what is sent where. Inside the event's transaction: the database only."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts import selectors as accounts
from apps.accounts.access.permissions import Permission, permissions_of_role
from apps.core.models import Event, Message
from apps.core.outbox import message_put
from apps.hil import selectors
from apps.hil.channels.answerers import unseen_by
from apps.hil.channels.routes import Route, routes_of
from apps.hil.models import Ask, AskKind, AskStatus, ChannelKind, ChannelSetup, Delivery, DeliveryStatus, Interaction

OUTBOX = "question"
ASK, REMIND, UPDATE, SAY = "ask", "remind", "update", "say"
MOST_PEOPLE = 200


@dataclass(frozen=True, slots=True)
class _Place:
    channel: ChannelKind
    target: str
    label: str
    ask_id: UUID | None = None
    user_id: UUID | None = None


def question_send(*, event: Event, now: datetime) -> int:
    """Send a question to those it is newly put to, by the ways it names. Gives how many deliveries that is."""
    found = _pending(event)
    if found is None:
        return 0
    wanted = {UUID(each) for each in event.data.get("ask_ids") or ()}
    asks = selectors.asks_of(workspace_id=event.workspace_id, interaction_id=found.id)
    asks = [ask for ask in asks if ask.id in wanted and ask.is_open]
    return sum(_put(found, place, now) for place in _places(found, asks, event.data.get("channels")))


def question_remind(*, event: Event, now: datetime) -> int:
    """Remind those who have not answered, where the question was delivered to."""
    found = _pending(event)
    if found is None:
        return 0
    wanted = {UUID(each) for each in event.data.get("ask_ids") or ()}
    rows = Delivery.objects.filter(interaction_id=found.id, status=DeliveryStatus.DELIVERED).select_related("ask")
    due = [row for row in rows if row.ask is None or (row.ask_id in wanted and row.ask.is_open)]
    for row in due:
        if row.channel != ChannelKind.WEBHOOK:
            message_for(row, REMIND, now=now, share=event.data.get("share"))
    return len(due)


def question_update(*, event: Event, now: datetime) -> int:
    """Bring what was sent up to date."""
    rows = Delivery.objects.filter(workspace_id=event.workspace_id, interaction_id=event.subject_id)
    what = event.name.removeprefix("question.")
    count = 0
    for row in rows.exclude(status__in=[DeliveryStatus.FAILED, DeliveryStatus.SKIPPED]):
        if row.channel == ChannelKind.EMAIL and what in ("voted", "passed"):
            continue  # a mail stays what it was; only its end is worth another
        message_for(row, UPDATE, now=now, because=what)
        count += 1
    return count


def message_for(row: Delivery, what: str, *, now: datetime, **data: Any) -> Message:
    """Put something about a delivery on its way. Must run inside `tenant()`."""
    return message_put(
        workspace_id=row.workspace_id,
        channel=OUTBOX,
        subject_id=row.interaction_id,
        target=f"{row.get_channel_display()}: {row.label}",
        now=now,
        data={"delivery_id": str(row.id), "what": what, **data},
    )


def _pending(event: Event) -> Interaction | None:
    found = Interaction.objects.filter(workspace_id=event.workspace_id, id=event.subject_id).first()
    return found if found is not None and found.is_pending and not found.is_review else None


def _put(interaction: Interaction, place: _Place, now: datetime) -> int:
    made = Delivery(
        workspace_id=interaction.workspace_id,
        interaction_id=interaction.id,
        ask_id=place.ask_id,
        user_id=place.user_id,
        channel=place.channel,
        target=place.target,
        label=place.label,
        key=secrets.token_hex(20),
        created_at=now,
    )
    Delivery.objects.bulk_create([made], ignore_conflicts=True)
    if not Delivery.objects.filter(id=made.id).exists():
        return 0  # it was sent there before
    made.message_id = message_for(made, ASK, now=now).id
    made.save(update_fields=["message_id"])
    return 1


# ── Where ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _places(interaction: Interaction, asks: Sequence[Ask], instead: Any) -> Iterator[_Place]:
    """Each place once. `instead`: ways of an escalation, which count for everybody from now on."""
    known = routes_of(instead) or routes_of(interaction.channels)
    unseen = unseen_by(interaction)
    if asks:
        for ask in asks:
            for route in (routes_of(ask.channels) if ask.channels is not None else known) or _natural(ask, unseen):
                if not route.target and route.channel != "webhook":
                    yield from _to_person(ask, route)
    elif not interaction.has_asks:
        yield from _to_everybody(interaction, [route for route in known if not route.target], unseen)
    for route in known:
        if route.channel == "webhook":
            yield _Place(ChannelKind.WEBHOOK, "webhook", "Webhook")
        elif route.target:
            yield _Place(ChannelKind.SLACK, route.target, route.target)


def _natural(ask: Ask, unseen: set[UUID]) -> list[Route]:
    """How somebody is reached for whom no way is named and who finds nothing in the inbox: who is no member, or may
    not see the workflow.
    """
    if ask.kind == AskKind.EMAIL or ask.user_id in unseen:
        return [Route("email")]
    return [Route("slack")] if ask.kind == AskKind.SLACK else []


def _to_person(ask: Ask, route: Route) -> Iterator[_Place]:
    channel = ChannelKind(route.channel)
    if channel == ChannelKind.EMAIL and ask.kind == AskKind.SLACK:
        channel = ChannelKind.SLACK  # there is no other way to them
    yield _Place(channel, ask.address, ask.label, ask.id, ask.user_id)


def _to_everybody(interaction: Interaction, routes: Sequence[Route], unseen: set[UUID]) -> Iterator[_Place]:
    people = [route for route in routes if route.channel != "webhook"]
    if not people:
        return
    setup = ChannelSetup.objects.filter(workspace_id=interaction.workspace_id, kind=ChannelKind.SLACK).first()
    usual = str(setup.settings.get("channel") or "") if setup else ""
    able = [
        member.user
        for member in accounts.members(interaction.workspace_id)
        if member.user.is_active and Permission.INTERACTION_ANSWER in permissions_of_role(member.role)
    ]
    for route in people:
        if route.channel == "slack" and usual:
            yield _Place(ChannelKind.SLACK, usual, usual)
            continue
        for user in able[:MOST_PEOPLE]:
            if user.id != interaction.barred_user_id and user.id not in unseen:
                yield _Place(ChannelKind(route.channel), user.email, user.label, user_id=user.id)


def is_lost(interaction: Interaction) -> bool:
    """Whether nobody can be reached: all who are asked are outside, and no delivery has arrived or still may."""
    if not interaction.has_asks:
        return False
    asks = Ask.objects.filter(interaction_id=interaction.id, status__in=[AskStatus.ASKED, AskStatus.WAITING])
    if asks.filter(kind=AskKind.MEMBER).exists():
        return False  # there is the inbox
    rows = Delivery.objects.filter(interaction_id=interaction.id)
    return rows.exists() and not rows.exclude(status=DeliveryStatus.FAILED).exists()
