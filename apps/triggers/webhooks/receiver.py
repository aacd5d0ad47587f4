"""Taking a delivery in: find who listens, check the proof, write the execution. Runs in a thread, two short visits to
the database."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.db import IntegrityError, InterfaceError, OperationalError, connection

from apps.core import clock
from apps.core.errors import Unavailable
from apps.executions import replies
from apps.executions.services import Started, execution_start
from apps.triggers.errors import NobodyListens, WrongMethod
from apps.triggers.services import origin_of
from apps.triggers.webhooks import signatures
from apps.triggers.webhooks.delivery import Delivery, short
from apps.workflows import selectors as workflows
from apps.workflows.selectors import WebhookTarget

logger = logging.getLogger(__name__)
T = TypeVar("T")

# Short visits to the database only, so a few threads are enough, and half of the connections stay free for pages.
THREADS = ThreadPoolExecutor(8, thread_name_prefix="webhook")

PATIENCE_SECONDS = 2.0
"""How long a delivery is held while the database restarts, before its sender is asked to come again."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A delivery that is in the database. `waits`: its sender wants the result, for at most `patience_seconds`."""

    execution_id: UUID
    is_new: bool
    waits: bool
    patience_seconds: float
    status: str


_missed_at = -math.inf  # when the database was missed last, if nobody reached it since


def accept(delivery: Delivery, *, execution_id: UUID, channel: str, arrived_at: float) -> Accepted:
    """Start what listens to a delivery, once however often it is sent, and return the connection to the pool.

    `arrived_at` is on the monotonic clock: who stood in line while others found the database away is not kept for
    another try. Raises what `views.receive` lists.
    """
    return patiently(
        partial(_accept, delivery, execution_id=execution_id, channel=channel),
        arrived_at=arrived_at,
    )


def patiently(work: Callable[[bool], T], *, arrived_at: float) -> T:
    """Do short database work, waiting out a restart of the database, and return the connection to the pool.

    `work` is told whether this is another try: then the first may have been committed. Raises `Unavailable` when the
    database stays away.
    """
    global _missed_at
    until = arrived_at + PATIENCE_SECONDS
    is_again = False
    if time.monotonic() >= until and time.monotonic() - _missed_at < 1:
        raise _away()
    while True:
        try:
            done = work(is_again)
            _missed_at = -math.inf
            return done
        except (OperationalError, InterfaceError) as error:
            connection.close()
            logger.warning("a delivery waits for the database: %s", str(error).partition("\n")[0])
            _missed_at = time.monotonic()
            if _missed_at >= until:
                raise _away() from None
            is_again = True
            time.sleep(0.1)
        finally:
            connection.close()


def _accept(delivery: Delivery, is_again: bool, *, execution_id: UUID, channel: str) -> Accepted:
    target = workflows.webhook_find(delivery.workspace, delivery.method, delivery.path)
    if target is None:
        raise _nobody(delivery)
    params, now = target.params, clock.now()
    secret = params.get("secret")
    signed_id = signatures.verify(secret, headers=delivery.headers, body=delivery.body, now=now)
    waits = params.get("respond") == "result"
    try:
        started = execution_start(
            origin=origin_of(
                workspace_id=target.workspace_id,
                workflow_id=target.workflow_id,
                version_id=target.version_id,
                queue=target.queue,
                settings=target.settings,
            ),
            trigger_node=target.node_id,
            input=delivery.as_input(without=signatures.secret_header(secret)),
            now=now,
            dedupe_key=_dedupe_key(target, delivery, signed_id),
            reply_to=channel if waits and channel else None,
            started_by={"kind": "webhook", "label": f"{delivery.method} /{delivery.path}"},
            execution_id=execution_id,
        )
    except IntegrityError:
        if not is_again:
            raise
        # The first attempt was committed, only its confirmation was lost with the connection.
        started = Started(execution_id, is_new=True)
    return Accepted(
        execution_id=started.id,
        is_new=started.is_new,
        waits=waits,
        patience_seconds=float(params.get("respond_timeout_seconds", 25)),
        status="NEW" if started.is_new else _status(started.id),
    )


def _dedupe_key(target: WebhookTarget, delivery: Delivery, signed_id: str | None) -> str | None:
    external_id = delivery.external_id if signed_id is None else short(signed_id)
    return None if external_id is None else f"webhook:{target.workflow_id}:{target.node_id}:{external_id}"


def _status(execution_id: UUID) -> str:
    reply = replies.reply_now(execution_id)
    return reply.status if reply else "RUNNING"


def _away() -> Unavailable:
    return Unavailable(
        "The database cannot be reached right now, so this delivery was not taken in.",
        hint="Send it again in a few seconds, with the same Idempotency-Key.",
        headers={"Retry-After": "2"},
    )


def _nobody(delivery: Delivery) -> NobodyListens | WrongMethod:
    address = f"/webhooks/{delivery.workspace}/{delivery.path}"
    others = workflows.webhook_methods(delivery.workspace, delivery.path)
    if others:
        return WrongMethod(
            f"{address} is listened to for {' and '.join(others)}, not for {delivery.method}.",
            headers={"Allow": ", ".join(others)},
            allowed=others,
        )
    return NobodyListens(f"No active workflow listens to {delivery.method} {address}.")
