"""The bus: events that are posted to a workspace, the waits they end and the workflows they start.

Posting is one transaction, delivering are others. A wait that opens holds the name's lock shared until it is committed,
a post holds it alone: so each of the two has been before the other. A wait that was there before the event is found by
the delivery; one that came after looks back and finds the event. Nothing falls between, nothing is found twice.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from apps.core.errors import DomainError
from apps.core.ids import uuid7
from apps.core.tenancy import hiding, tenant
from apps.executions.services import execution_start, wait_resolve
from apps.executions.wait_kinds import OpenWait
from apps.executions.waits import waits_resolve
from apps.nodes.contract import Event as Asked
from apps.triggers import deliveries, selectors
from apps.triggers.deliveries import Arrival, Outcome
from apps.triggers.errors import EventTooLarge
from apps.triggers.models import Event
from apps.triggers.selectors import EventListener
from apps.triggers.services import origin_of

logger = logging.getLogger(__name__)

MAX_BYTES = 64_000
LOOKS_BACK_SECONDS = 60
KEPT_DAYS = 7
AT_ONCE = 1_000
_LATE_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class Posted:
    """An event that is in the workspace. `is_new` is false when its id had been posted before."""

    event: Event
    is_new: bool


# ── Posting ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def event_post(*, workspace_id: UUID, name: str, data: Any, by: str, now: datetime, external_id: str | None) -> Posted:
    """Keep an event, then end the waits and start the workflows it is for.

    It is committed before anything follows from it, and what could not follow now is done within seconds. An
    `external_id` that was posted in the last days gives the event of then, and nothing happens. Raises `EventTooLarge`.
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > MAX_BYTES:
        raise EventTooLarge(f"The data has {len(text.encode()):,} bytes; at most {MAX_BYTES:,} are accepted.")
    with tenant(workspace_id), connection.cursor() as cursor:
        cursor.execute("SELECT triggers_event_lock(%s, %s, true)", [workspace_id, name])
        cursor.execute(
            """INSERT INTO triggers_event
                   (id, workspace_id, external_id, name, data, posted_at, posted_by, resolved_count, started, refused)
               VALUES (%s, %s, %s, %s, %s, clock_timestamp(), %s, 0, '[]', '[]')
               ON CONFLICT (workspace_id, external_id) WHERE external_id IS NOT NULL DO NOTHING RETURNING id""",
            [uuid7(), workspace_id, external_id, name, text, by],
        )
        row = cursor.fetchone()
        if row is None:
            return Posted(Event.objects.get(workspace_id=workspace_id, external_id=external_id), is_new=False)
        event_id: UUID = row[0]
    try:
        with hiding(()):  # whoever posts starts what listens, also what they may not see
            delivered = event_deliver(workspace_id=workspace_id, event_id=event_id, now=now)
        if delivered is not None:
            return Posted(delivered, is_new=True)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("event %s is delivered later", event_id)
    with tenant(workspace_id):
        return Posted(Event.objects.get(workspace_id=workspace_id, id=event_id), is_new=True)


def events_deliver_late(*, now: datetime) -> int:
    """Deliver what was posted and, because a process or the database went away, not delivered. Gives the number.

    May run in any number of processes at once. Raises `OperationalError` while the database cannot be reached.
    """
    done = 0
    for workspace_id, event_id in selectors.events_pending(most=_LATE_AT_MOST):
        try:
            done += event_deliver(workspace_id=workspace_id, event_id=event_id, now=now) is not None
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("event %s cannot be delivered", event_id)
    return done


def event_deliver(*, workspace_id: UUID, event_id: UUID, now: datetime) -> Event | None:
    """End the waits an event is for, a thousand per transaction, then start workflows, each once. May be repeated.

    Returns the event with what followed; None when another process is at it, or was before.
    """
    while True:
        with tenant(workspace_id):
            rows = Event.objects.select_for_update(skip_locked=True).filter(workspace_id=workspace_id, id=event_id)
            event = rows.filter(delivered_at=None).first()
            if event is None:
                return None
            wait_ids = selectors.event_wait_ids(event, most=AT_ONCE)
            event.resolved_count += waits_resolve(
                workspace_id=workspace_id,
                wait_ids=wait_ids,
                answer=_as_output(event.public_id, event.name, event.data, event.posted_at),
                by=f"the event {event.name}",
                now=now,
            )
            event_waits_close(wait_ids)
            is_done = len(wait_ids) < AT_ONCE
            if is_done:
                _start_workflows(event, now)
                event.delivered_at = now
            event.save(update_fields=["resolved_count", "started", "refused", "delivered_at"])
        if is_done:
            return event


def _start_workflows(event: Event, now: datetime) -> None:
    given = _as_output(event.public_id, event.name, event.data, event.posted_at)
    for listener in selectors.event_listeners(event):
        arrival = Arrival("event", event.name, event.external_id, len(json.dumps(event.data)))
        try:
            started = execution_start(
                origin=origin_of(
                    workspace_id=event.workspace_id,
                    workflow_id=listener.workflow_id,
                    version_id=listener.version_id,
                    queue=listener.queue,
                    settings=listener.settings,
                ),
                trigger_node=listener.node_id,
                input=given,
                now=now,
                dedupe_key=_dedupe_key(event, listener),
                started_by={"kind": "event", "label": event.name, "id": str(event.id)},
                beside=deliveries.accepted(event.workspace_id, arrival),
            )
        except DomainError as refused:
            deliveries.note(
                replace(arrival, request=given),
                Outcome.of(refused),
                workspace_id=event.workspace_id,
                workflow_id=listener.workflow_id,
                node_id=listener.node_id,
            )
            logger.info("workflow %s refused event %s: %s", listener.workflow_id, event.id, refused)
            note = {"workflow_id": str(listener.workflow_id), "code": refused.code, "message": refused.message}
            event.refused.append(note)
        else:
            event.started.append({"workflow_id": str(listener.workflow_id), "execution_id": str(started.id)})


def _dedupe_key(event: Event, listener: EventListener) -> str:
    return f"event:{event.id}:{listener.workflow_id}"


def _as_output(public_id: str, name: str, data: Any, posted_at: datetime) -> dict[str, Any]:
    return {"id": public_id, "name": name, "data": data, "posted_at": posted_at.isoformat()}


def events_purge() -> int:
    """Forget events older than a week, and their ids with them. Gives how many were forgotten."""
    forgotten = gone = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT triggers_events_purge(%s * interval '1 day', 5000)", [KEPT_DAYS])
            gone = int(cursor.fetchone()[0])
            forgotten += gone
            if gone < 5000:
                return forgotten


# ── Waiting ──────────────────────────────────────────────────────────────────────────────────────────────────────────

# An event goes to a node of an execution once, or a loop that waits again would find the event it just had; and the
# event that started an execution is no news to it.
_OPEN = """
WITH opened AS (
    INSERT INTO triggers_event_wait (wait_id, workspace_id, execution_id, name, shape, key, created_at)
    VALUES (%(wait)s, %(workspace)s, %(execution)s, %(name)s, %(shape)s, triggers_event_digest(%(values)s::jsonb),
            clock_timestamp())
    RETURNING created_at, key
)
SELECT e.id, e.external_id, e.data, e.posted_at FROM opened, triggers_event e
WHERE e.workspace_id = %(workspace)s AND e.name = %(name)s
  AND e.posted_at > opened.created_at - %(seconds)s * interval '1 second' AND e.posted_at <= opened.created_at
  AND triggers_event_key(e.data, %(shape)s) = opened.key
  AND NOT EXISTS (
      SELECT FROM executions_wait w
      WHERE w.execution_id = %(execution)s AND w.node_id = %(node)s AND w.kind = 'event'
        AND w.answer ->> 'id' = COALESCE(e.external_id, e.id::text))
  AND NOT EXISTS (
      SELECT FROM executions_execution x
      WHERE x.id = %(execution)s AND x.dedupe_key = 'event:' || e.id || ':' || x.workflow_id)
ORDER BY e.posted_at LIMIT 1
"""


def event_wait_open(*, wait: OpenWait, now: datetime) -> None:
    """Note who waits for what; an event of the last minute ends the wait in the same moment.

    Must run in the transaction that opened the wait, which from here on holds back posts of this name.
    """
    asked = wait.request
    if not isinstance(asked, Asked):
        raise TypeError(f"A wait of kind {wait.kind!r} asks with {type(asked).__name__}, not with Event.")
    paths = sorted(asked.match)
    with connection.cursor() as cursor:
        # A statement of its own: the next one's snapshot is taken after the lock is held.
        cursor.execute("SELECT triggers_event_lock(%s, %s, false)", [wait.workspace_id, asked.name])
        cursor.execute(
            _OPEN,
            {
                "wait": wait.id,
                "workspace": wait.workspace_id,
                "execution": wait.execution_id,
                "node": wait.node_id,
                "name": asked.name,
                "shape": " ".join(paths),
                "values": json.dumps([asked.match[path] for path in paths]),
                "seconds": LOOKS_BACK_SECONDS,
            },
        )
        row = cursor.fetchone()
    if row is not None:
        data = json.loads(row[2]) if isinstance(row[2], str) else row[2]
        answer = _as_output(row[1] or str(row[0]), asked.name, data, row[3])
        event_waits_close([wait.id])
        wait_resolve(
            workspace_id=wait.workspace_id, wait_id=wait.id, answer=answer, by=f"the event {asked.name}", now=now
        )


def event_waits_close(wait_ids: list[UUID]) -> None:
    """Nobody waits there any more. Must run in the transaction that ends the waits, after their executions' locks."""
    if not wait_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM triggers_event_wait WHERE wait_id = ANY(%s)", [wait_ids])
