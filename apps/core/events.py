"""Domain events: a row inserted with the change it tells of, told to every subscriber at least once.

A subscriber runs in the transaction that marks the event as told, so what it writes to the database happens once.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Now

from apps.core.backoff import event_pause
from apps.core.models import Event
from apps.core.pump import Pump
from apps.core.subscriptions import label, subscribers_of
from apps.core.tenancy import tenant

logger = logging.getLogger(__name__)

BATCH = 20
HOLD_SECONDS = 20.0
"""After so long whoever took events and did not tell them is taken for dead."""


def event_put(
    *,
    workspace_id: UUID,
    name: str,
    subject_id: UUID,
    now: datetime,
    data: dict[str, Any] | None = None,
    delay_seconds: float = 0.0,
) -> None:
    """Tell what happened, in the transaction in which it happens. Must run inside `tenant()`."""
    due_at = Now() + timedelta(seconds=delay_seconds)
    Event.objects.create(
        workspace_id=workspace_id, name=name, subject_id=subject_id, data=data or {}, created_at=now, due_at=due_at
    )
    pump.poke_on_commit()


def event_tell_again(*, workspace_id: UUID, event_id: UUID) -> None:
    """Tell an event that was given up, or waits for its next try, to those who were not told yet, from now on.

    Nothing happens to one that is told meanwhile.
    """
    with tenant(workspace_id):
        Event.objects.filter(workspace_id=workspace_id, id=event_id).update(due_at=Now(), attempts=0)
        pump.poke_on_commit()


def events_tell() -> bool:
    """Tell some of the events that are due, in any workspace. Returns whether there may be more.

    Any number of processes may do this at once. Raises `OperationalError` while the database cannot be reached.
    """
    taken = list(Event.objects.raw("SELECT * FROM core_events_take(%s, %s)", [BATCH, HOLD_SECONDS]))
    for event in taken:
        try:
            _tell(event)
        except (
            OperationalError,
            InterfaceError,
        ) as error:  # the connection broke, or two of us were in each other's way
            logger.warning("event %s is told again: %s", event.id, str(error).partition("\n")[0])
            connection.close()
            _put_back(event)
    return len(taken) == BATCH


def _tell(event: Event) -> None:
    with tenant(event.workspace_id):
        row = Event.objects.select_for_update().filter(workspace_id=event.workspace_id, id=event.id).first()
        if row is None:
            return  # somebody else was quicker
        failed = ""
        for subscriber in subscribers_of(row.name):
            if label(subscriber) in row.told:
                continue
            try:
                with transaction.atomic():
                    subscriber(row)
            except (OperationalError, InterfaceError):
                raise
            except Exception as error:
                logger.exception("%s could not be told of %s %s", label(subscriber), row.name, row.subject_id)
                failed = f"{label(subscriber)}: {type(error).__name__}: {error}"[:1_000]
            else:
                row.told.append(label(subscriber))
        if not failed:
            row.delete()
            return
        pause = event_pause(row.attempts)
        row.error = failed
        Event.objects.filter(workspace_id=row.workspace_id, id=row.id).update(
            told=row.told, error=failed, due_at=None if pause is None else Now() + timedelta(seconds=pause)
        )
        if pause is None:
            logger.error("event %s %s is given up: %s", row.name, row.subject_id, failed)


def _put_back(event: Event) -> None:
    with tenant(event.workspace_id):
        Event.objects.filter(workspace_id=event.workspace_id, id=event.id).update(due_at=Now() + timedelta(seconds=1))


pump = Pump("events", events_tell, most=2)
