"""Taking a delivery in: find who listens, check the proof, write the execution. Runs in a thread, two short visits to
the database."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, InterfaceError, OperationalError, connection

from apps.core import clock
from apps.core.errors import DomainError, Unavailable
from apps.core.tenancy import tenant
from apps.executions import replies
from apps.executions.services import Started, execution_start
from apps.triggers import deliveries, selectors
from apps.triggers.deliveries import Arrival, Outcome
from apps.triggers.errors import NobodyListens, TriggerPaused, WrongMethod
from apps.triggers.services import origin_of
from apps.triggers.webhooks import answers, gate, secrets, signatures
from apps.triggers.webhooks.answers import Answer
from apps.triggers.webhooks.delivery import Delivery
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
    """A delivery that is in the database. `waits`: its sender wants the result, for at most `patience_seconds`.

    `given` is what the workflow starts with, `target` its webhook. A self-test ends here, with `is_started` false.
    """

    target: WebhookTarget
    given: Any
    execution_id: UUID
    is_new: bool
    waits: bool
    patience_seconds: float
    status: str
    is_started: bool = True

    def reply(self, value: Any) -> Answer | None:
        """What the webhook's own `reply` makes of this value; None when it describes none. Raises `ReplyFailed`."""
        if not self.target.params.get("reply"):
            return None
        status, body, headers = gate.replied(
            self.target.params,
            value,
            self.given,
            now=clock.now(),
            timezone=self.target.settings.timezone,
            variables=partial(variables_of, self.target.workspace_id),
        )
        return answers.of_value(status, body, headers)


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
    target, is_paused = selectors.webhook_find(delivery.workspace, delivery.method, delivery.path)
    if target is None:
        nobody = _nobody(delivery)
        deliveries.note(_arrival(delivery), Outcome.of(nobody), slug=delivery.workspace, is_proven=False)
        raise nobody
    is_proven = False
    try:
        gate.admit(target.params, delivery)
        now = clock.now()
        signed_id = gate.prove(secrets.opened(target.workspace_id, target.params), delivery, now)
        is_proven = True
        secrets.used(target.workspace_id, target.workflow_id, target.params)
        if is_paused:
            raise TriggerPaused(headers={"Retry-After": "120"})
        gate.count(target.params, target.workflow_id, target.node_id)
        return _start(target, delivery, signed_id, now, is_again, execution_id=execution_id, channel=channel)
    except DomainError as refused:
        if not isinstance(refused, Unavailable) or isinstance(refused, TriggerPaused):
            _note(target, delivery, Outcome.of(refused), is_proven=is_proven)
        raise


def _start(
    target: WebhookTarget,
    delivery: Delivery,
    signed_id: str | None,
    now: datetime,
    is_again: bool,
    *,
    execution_id: UUID,
    channel: str,
) -> Accepted:
    params = target.params
    request = delivery.as_input(without=signatures.secret_header(params.get("secret")))
    given = gate.transformed(
        params,
        request,
        now=now,
        timezone=target.settings.timezone,
        variables=partial(variables_of, target.workspace_id),
    )
    waits = params.get("respond") == "result"
    found = partial(
        Accepted, target, given, waits=waits, patience_seconds=float(params.get("respond_timeout_seconds", 25))
    )
    external_id = gate.external_id(params, delivery, signed_id)
    if delivery.is_self_test:
        return found(execution_id=execution_id, is_new=True, status="TESTED", is_started=False)
    kept = None if given is request else delivery.as_shown(without=signatures.secret_header(params.get("secret")))
    arrival = Arrival("webhook", delivery.label, external_id, len(delivery.body), delivery.remote, request=kept)
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
            input=given,
            now=now,
            dedupe_key=None if external_id is None else f"webhook:{target.workflow_id}:{target.node_id}:{external_id}",
            reply_to=channel if waits and channel else None,
            started_by={"kind": "webhook", "label": delivery.label},
            execution_id=execution_id,
            beside=deliveries.accepted(target.workspace_id, arrival),
        )
    except IntegrityError:
        if not is_again:
            raise
        # The first attempt was committed, only its confirmation was lost with the connection.
        started = Started(execution_id, is_new=True)
    if not started.is_new:
        verdict = "merged" if started.is_merged else "duplicate"
        _note(target, delivery, Outcome(verdict, execution_id=started.id), external_id=external_id)
    return found(
        execution_id=started.id, is_new=started.is_new, status="NEW" if started.is_new else _status(started.id)
    )


def variables_of(workspace_id: UUID) -> dict[str, Any]:
    """The workspace's variables, for expressions that are evaluated here."""
    with tenant(workspace_id):
        return workflows.variable_values(workspace_id)


def _arrival(delivery: Delivery, external_id: str | None = None, without: str | None = None) -> Arrival:
    return Arrival(
        "webhook",
        delivery.label,
        external_id or delivery.external_id,
        len(delivery.body),
        delivery.remote,
        request=delivery.as_shown(without=without),
    )


def _note(
    target: WebhookTarget,
    delivery: Delivery,
    outcome: Outcome,
    *,
    external_id: str | None = None,
    is_proven: bool = True,
) -> None:
    if delivery.is_self_test:
        return
    without = signatures.secret_header(target.params.get("secret"))
    deliveries.note(
        _arrival(delivery, external_id, without),
        outcome,
        workspace_id=target.workspace_id,
        workflow_id=target.workflow_id,
        node_id=target.node_id,
        is_proven=is_proven,
    )


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
