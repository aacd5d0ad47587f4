"""Handing what was planned to its channel, and keeping where each delivery stands. Called by the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import connection

from apps.core import clock
from apps.core.errors import DomainError
from apps.core.models import Event, Message
from apps.core.subscriptions import Sent
from apps.core.tenancy import tenant
from apps.hil import selectors, services
from apps.hil.channels.contract import CannotDeliver, Channel, Job, Placed
from apps.hil.channels.mail import Mail
from apps.hil.channels.planning import ASK, OUTBOX, REMIND, SAY, UPDATE, is_lost, message_for
from apps.hil.channels.slack import InSlack
from apps.hil.channels.webhook import Webhook
from apps.hil.models import ChannelKind, ChannelSetup, Delivery, DeliveryStatus, Interaction
from apps.hil.services import entry_add

CHANNELS: Mapping[str, Channel] = {channel.kind: channel for channel in (Mail(), InSlack(), Webhook())}
_ICONS = {ChannelKind.EMAIL: "mail", ChannelKind.SLACK: "message-square", ChannelKind.WEBHOOK: "webhook"}


def question_message_send(message: Message) -> Sent:
    """Deliver, remind, update or say. What is no longer needed is not sent, and counts as done."""
    job = _job(message)
    if job is None:
        return Sent(True, answer="Not sent: the question is gone.")
    channel, what = CHANNELS[job.delivery.channel], message.data["what"]
    if not connection.in_atomic_block:
        connection.close()  # a thread that waits for the network holds no connection
    try:
        if what == ASK:
            return _deliver(channel, job)
        if what == REMIND and not job.interaction.is_pending:
            return Sent(True, answer="Not sent: it does not wait any more.")
        if not job.delivery.place:  # never arrived, so there is nothing to go on from
            return Sent(True, answer="Not sent: the question itself was not delivered.")
        {REMIND: channel.remind, UPDATE: channel.update, SAY: channel.say}[what](job)
    except DomainError as failed:
        return _failed(job, failed, is_first=what == ASK)
    return Sent(True)


def _job(message: Message) -> Job | None:
    with tenant(message.workspace_id):
        row = (
            Delivery.objects.filter(workspace_id=message.workspace_id, id=UUID(message.data["delivery_id"]))
            .select_related("workspace", "ask", "user")
            .first()
        )
        if row is None:
            return None
        interaction = selectors.interaction_with_version(
            workspace_id=message.workspace_id, interaction_id=row.interaction_id
        )
        setup = (
            ChannelSetup.objects.filter(workspace_id=message.workspace_id, kind=row.channel)
            .select_related("credential", "mailbox")
            .first()
        )
    return Job(row.workspace, interaction, row, setup, message, clock.now(), dict(message.data))


def _deliver(channel: Channel, job: Job) -> Sent:
    if not job.interaction.is_pending or job.interaction.is_overdue(job.now):
        _note(job, status=DeliveryStatus.SKIPPED, error="", hint="")
        return Sent(True, answer="Not sent: it does not wait any more.")
    if job.delivery.place:
        return Sent(True, answer="Not sent: it had arrived before.")
    if job.setup is not None and not job.setup.is_on:
        raise CannotDeliver(
            f"{job.setup} is switched off in this workspace.", hint="Settings, Channels.", is_final=True
        )
    placed = channel.deliver(job)
    _arrived(job, placed)
    return Sent(True, answer=placed.answer)


def _arrived(job: Job, placed: Placed) -> None:
    """Keep where it stands. What was decided while it was under way is written there at once."""
    row = job.delivery
    with tenant(row.workspace_id):
        Delivery.objects.filter(workspace_id=row.workspace_id, id=row.id).update(
            status=DeliveryStatus.DELIVERED,
            delivered_at=job.now,
            place=placed.place,
            thread=placed.thread,
            error="",
            hint="",
        )
        now = selectors.interaction_get(workspace_id=row.workspace_id, interaction_id=row.interaction_id)
        text = f"{row.get_channel_display()} to {row.label} delivered"
        entry_add(interaction=now, kind="delivered", icon=_ICONS[ChannelKind(row.channel)], text=text, at=job.now)
        if not now.is_pending:
            message_for(row, UPDATE, now=job.now, because="decided")


def _failed(job: Job, failed: DomainError, *, is_first: bool) -> Sent:
    is_final = isinstance(failed, CannotDeliver) and failed.is_final
    if is_first:
        _note(job, status=DeliveryStatus.SENDING, error=failed.message, hint=failed.hint)
    error = " ".join([failed.message, failed.hint]).strip()
    code = failed.server_code if isinstance(failed, CannotDeliver) else None
    return Sent(False, status=code, error=error[:500], is_refused=is_final)


def _note(job: Job, **changed: str) -> None:
    row = job.delivery
    with tenant(row.workspace_id):
        Delivery.objects.filter(workspace_id=row.workspace_id, id=row.id).update(**changed)


def question_given_up(*, event: Event) -> None:
    """The outbox has given a delivery up: that is said with the question, which ends when nobody can be reached."""
    if event.data.get("channel") != OUTBOX or event.data["data"].get("what") != ASK:
        return
    rows = Delivery.objects.filter(workspace_id=event.workspace_id, id=UUID(event.data["data"]["delivery_id"]))
    row = rows.exclude(status=DeliveryStatus.DELIVERED).first()
    if row is None:
        return
    now = clock.now()
    rows.update(status=DeliveryStatus.FAILED)
    found = selectors.interaction_get(workspace_id=row.workspace_id, interaction_id=row.interaction_id)
    text = f"{row.get_channel_display()} to {row.label} could not be delivered: {row.error}"
    entry_add(interaction=found, kind="failed", icon="circle-alert", text=text[:1_000], at=now)
    if found.is_pending and is_lost(found):
        services.interaction_give_up(
            workspace_id=row.workspace_id,
            interaction_id=found.id,
            message=f"Nobody could be reached. {row.label}: {row.error}"[:1_000],
            hint=row.hint,
            now=now,
        )


def retry(*, interaction: Interaction, delivery_id: UUID) -> None:
    """Put a delivery that failed on its way once more. Must run inside `tenant()`."""
    rows = Delivery.objects.filter(workspace_id=interaction.workspace_id, interaction=interaction, id=delivery_id)
    row = rows.filter(status=DeliveryStatus.FAILED).first()
    if row is not None:
        message = message_for(row, ASK, now=clock.now())
        rows.update(status=DeliveryStatus.SENDING, message_id=message.id)
