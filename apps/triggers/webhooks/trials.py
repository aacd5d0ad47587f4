"""What is sent to a test address: proven as in earnest, kept, shown, and starting nothing."""

from __future__ import annotations

import asyncio
import json
import time
from uuid import UUID

from django.db import connection

from apps.core import clock, jsonclean
from apps.core.errors import DomainError
from apps.core.ids import uuid7
from apps.core.ratelimit import TooMany
from apps.core.tenancy import tenant
from apps.executions import payloads
from apps.nodes.params import validated
from apps.triggers import listening
from apps.triggers.deliveries import Outcome
from apps.triggers.errors import NobodyListens, WrongMethod
from apps.triggers.webhooks import gate, receiver, secrets, signatures
from apps.triggers.webhooks.answers import Answer, of_value
from apps.triggers.webhooks.delivery import Delivery

KEPT_PER_HOUR = 200


async def respond(delivery: Delivery) -> Answer:
    """Take in what was sent to a test address. 200 once it is on the page of whoever opened it.

    Raises `NobodyListens` when nobody has it open, `WrongMethod`, `SenderRefused`, `HeaderMissing`, `SecretRefused`,
    `TooMany`, and for the body what `Delivery.as_input` lists.
    """
    loop = asyncio.get_running_loop()
    arrived_at = time.monotonic()
    return await loop.run_in_executor(
        receiver.THREADS, lambda: receiver.patiently(lambda _: _take(delivery), arrived_at=arrived_at)
    )


def _take(delivery: Delivery) -> Answer:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM triggers_listening_find(%s, %s)", [delivery.workspace, delivery.path])
        rows = [(row[1], row[2], row[3], _list(row[4])) for row in cursor.fetchall()]
    if not rows:
        raise NobodyListens(
            f"Nobody has the test of {delivery.label} open.",
            hint="Open the trigger's page, choose Listen for a test, and send again: it listens for two minutes.",
        )
    fitting = next((row for row in rows if delivery.method in row[3]), None)
    if fitting is None:
        allowed = sorted({method for row in rows for method in row[3]})
        raise WrongMethod(
            f"{delivery.label} is listened to for {' and '.join(allowed)}, not for {delivery.method}.",
            headers={"Allow": ", ".join(allowed)},
            allowed=allowed,
        )
    workspace_id, workflow_id, node_id, _ = fitting
    with tenant(workspace_id):
        node = listening.draft_webhook(workspace_id, workflow_id, node_id)
    params = validated(node.cls, dict(node.params)).model_dump(mode="json", by_alias=True)
    without = signatures.secret_header(params.get("secret"))
    try:
        gate.admit(params, delivery)
        signed_id = gate.prove(secrets.opened(workspace_id, params), delivery, clock.now())
        request = delivery.as_input(without=without)
    except DomainError as refused:
        _keep(delivery, Outcome.of(refused), workspace_id, workflow_id, node_id, without)
        raise
    _keep(delivery, Outcome("captured"), workspace_id, workflow_id, node_id, without)
    return of_value(200, {"status": "captured", "id": gate.external_id(params, delivery, signed_id), "given": request})


def _keep(
    delivery: Delivery, outcome: Outcome, workspace_id: UUID, workflow_id: UUID, node_id: str, without: str | None
) -> None:
    shown = delivery.as_shown(without=without)
    left, references = payloads.taken_out(workspace_id, {"request": shown})
    given = {
        "id": str(uuid7()),
        "workspace_id": str(workspace_id),
        "workflow_id": str(workflow_id),
        "node_id": node_id,
        "source": "test",
        "label": delivery.label[:300],
        "external_id": delivery.external_id,
        "verdict": outcome.verdict,
        "code": outcome.code,
        "message": outcome.message,
        "status": outcome.status,
        "size": len(delivery.body),
        "remote": delivery.remote,
        "request": left["request"],
        "by_reference": references or None,
    }
    text = json.dumps(jsonclean.cleaned(given), ensure_ascii=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT triggers_delivery_note('', %s::jsonb, 1, %s)", [text, KEPT_PER_HOUR])
        (was_kept,) = cursor.fetchone()
    if not was_kept and outcome.verdict == "captured":
        raise TooMany(f"A test address takes {KEPT_PER_HOUR} deliveries in an hour.")


def _list(raw: object) -> list[str]:
    found = json.loads(raw) if isinstance(raw, str) else raw
    return [str(each) for each in found] if isinstance(found, list) else []
