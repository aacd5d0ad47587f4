"""The outbox: what is sent outward, until it has arrived or is given up."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from apps.core import clock, jsonclean
from apps.core.backoff import message_pause
from apps.core.errors import NotFound
from apps.core.events import event_put
from apps.core.models import Message
from apps.core.pump import Pump
from apps.core.subscriptions import Sent, sender_of
from apps.core.tenancy import tenant

logger = logging.getLogger(__name__)

HOLD_SECONDS = 90.0
"""Longer than any sender takes: after so long whoever took a message is taken for dead."""
GIVEN_UP = "message.given_up"
"""The event that tells of a message that is tried no more; its data names `channel` and the message's own `data`."""
LONGEST_ANSWER = 500
MOST_TRIES = 50


class MessageUnknown(NotFound):
    """There is no such delivery in this workspace."""

    code = "core.delivery_not_found"


def message_put(
    *,
    workspace_id: UUID,
    channel: str,
    subject_id: UUID,
    target: str,
    now: datetime,
    data: dict[str, Any] | None = None,
) -> Message:
    """Put something on its way, in the transaction that decides so. Must run inside `tenant()`."""
    (first, *_) = settings.OUTBOX_DELAYS
    found = Message.objects.create(
        workspace_id=workspace_id,
        channel=channel,
        subject_id=subject_id,
        target=target,
        data=data or {},
        created_at=now,
        due_at=now + timedelta(seconds=first),
    )
    pump.poke_on_commit()
    return found


def message_list(workspace_id: UUID, *, subject_ids: Iterable[UUID]) -> QuerySet[Message]:
    """What was sent about these subjects, the oldest first."""
    return Message.objects.filter(workspace_id=workspace_id, subject_id__in=list(subject_ids)).order_by("id")


def message_send_again(*, workspace_id: UUID, message_id: UUID, subject_id: UUID) -> Message:
    """Put a message on its way once more, under the same id, with the whole schedule before it.

    One that is still on its way is sent at once. Raises `MessageUnknown`.
    """
    with tenant(workspace_id):
        rows = Message.objects.select_for_update().filter(workspace_id=workspace_id, subject_id=subject_id)
        found = rows.filter(id=message_id).first()
        if found is None:
            raise MessageUnknown
        found.due_at, found.delivered_at, found.attempts = clock.now(), None, 0
        Message.objects.filter(workspace_id=workspace_id, id=message_id).update(
            put_at=Now(), due_at=Now(), delivered_at=None, attempts=0
        )
        pump.poke_on_commit()
    return found


def messages_send() -> bool:
    """Send one message that is due, in any workspace. Returns whether there was one.

    Any number of processes may do this at once. Raises `OperationalError` while the database cannot be reached.
    """
    taken = list(Message.objects.raw("SELECT * FROM core_messages_take(1, %s)", [HOLD_SECONDS]))
    for message in taken:
        _send(message)
    return bool(taken)


def _database_now() -> datetime:
    """By the clock that also says when it was put on its way and is due."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (found,) = cursor.fetchone()
    moment: datetime = found
    return moment


def _send(message: Message) -> None:
    began_at, began = _database_now(), time.monotonic()
    if not connection.in_atomic_block:
        connection.close()  # a thread that waits for the network holds no connection
    sender = sender_of(message.channel)
    try:
        sent = sender(message) if sender else Sent(False, error=f"Nobody here sends by {message.channel}.")
    except Exception as error:
        logger.exception("message %s by %s could not be sent", message.id, message.channel)
        sent = Sent(False, error=f"{type(error).__name__}: {error}"[:LONGEST_ANSWER])
    written = {
        "at": began_at.isoformat(),
        "seconds": round(time.monotonic() - began, 3),
        "status": sent.status,
        "error": sent.error,
        "answer": sent.answer[:LONGEST_ANSWER],
    }
    with tenant(message.workspace_id):
        rows = Message.objects.select_for_update().filter(workspace_id=message.workspace_id, id=message.id)
        row = rows.first()
        if row is None:
            return
        number = row.tries[-1]["number"] + 1 if row.tries else 1
        row.tries = [*row.tries, jsonclean.cleaned({"number": number, **written})][-MOST_TRIES:]
        changed: dict[str, Any] = {"tries": row.tries}
        # A try that died with its process was not written down, and does not count.
        made = sum(datetime.fromisoformat(each["at"]) >= row.put_at for each in row.tries)
        is_over = sent.is_delivered or sent.is_refused
        pause = None if is_over else message_pause(made, settings.OUTBOX_DELAYS)
        if row.attempts == message.attempts:  # not put on its way anew meanwhile
            changed["delivered_at"] = Now() if sent.is_delivered else None
            changed["due_at"] = None if pause is None else Now() + timedelta(seconds=pause)
        Message.objects.filter(workspace_id=message.workspace_id, id=message.id).update(**changed)
        if "due_at" in changed and pause is None and not sent.is_delivered:
            event_put(
                workspace_id=message.workspace_id,
                name=GIVEN_UP,
                subject_id=message.subject_id,
                now=clock.now(),
                data={"channel": message.channel, "message_id": str(message.id), "data": message.data},
            )
    if pause is None and not sent.is_delivered:
        logger.error("message %s to %s is given up: %s", message.id, message.target, sent.error or sent.status)


pump = Pump("outbox", messages_send, most=8)
