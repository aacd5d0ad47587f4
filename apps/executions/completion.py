"""Telling others that an execution has ended: a signed webhook in the form of Standard Webhooks."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from apps.core import clock, signing
from apps.core.egress import EgressError
from apps.core.models import Event, Message
from apps.core.outbox import message_put
from apps.core.subscriptions import Sent
from apps.core.tenancy import tenant
from apps.executions import selectors
from apps.executions.graphs import graph_of
from apps.executions.models import Execution
from apps.executions.worker import outward
from apps.workflows.graph import Completion

CHANNEL = "completion"
TIMEOUT_SECONDS = 20.0
MAX_ANSWER_BYTES = 1_000_000
MAX_OUTPUT_BYTES = 1_000_000
GONE = 410


def completion_announce(*, event: Event, now: datetime) -> None:
    """Put the webhook on its way that the execution's version asks for, if it does. Must run inside `tenant()`."""
    wanted = _wanted(event.workspace_id, UUID(event.data["version_id"]))
    if wanted is None or event.data["status"] not in wanted.statuses:
        return
    message_put(
        workspace_id=event.workspace_id,
        channel=CHANNEL,
        subject_id=event.subject_id,
        target=_shown(wanted.url),
        now=now,
    )


def completion_send(message: Message) -> Sent:
    """Post it. Delivered is 2xx only: redirects are not followed, and 410 means never again."""
    with tenant(message.workspace_id):
        execution = selectors.execution_get(workspace_id=message.workspace_id, execution_id=message.subject_id)
        wanted = _wanted(message.workspace_id, execution.version_id)
    assert wanted is not None
    body = json.dumps(body_of(execution), ensure_ascii=False, separators=(",", ":")).encode()
    headers = signing.headers(
        signing.key_of(wanted.secret) if wanted.secret else None,
        message_id=f"msg_{message.id.hex}",
        timestamp=int(clock.now().timestamp()),
        body=body,
    )
    try:
        answer = outward.door().request(
            "POST",
            wanted.url,
            headers={"content-type": "application/json", **headers},
            content=body,
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
            max_bytes=MAX_ANSWER_BYTES,
        )
    except EgressError as failed:
        return Sent(False, error=" ".join([failed.message, failed.hint]).strip())
    is_delivered = 200 <= answer.status < 300
    return Sent(
        is_delivered,
        status=answer.status,
        answer=answer.content[:2_000].decode("utf-8", "replace"),
        error="" if is_delivered else f"It answered {answer.status}.",
        is_refused=answer.status == GONE,
    )


def body_of(execution: Execution) -> dict[str, Any]:
    """What is told of an execution that has ended. An output larger than 1 MB is left out, and that is said."""
    output = selectors.execution_value(execution=execution, name="output")
    data: dict[str, Any] = {
        "execution_id": str(execution.id),
        "workflow_id": str(execution.workflow_id),
        "workflow_name": execution.workflow.name,
        "version": execution.version.number,
        "status": execution.status,
        "created_at": execution.created_at.isoformat(),
        "finished_at": execution.finished_at and execution.finished_at.isoformat(),
        "output": output,
        "error": execution.error,
    }
    if len(json.dumps(output)) > MAX_OUTPUT_BYTES:
        data |= {"output": None, "is_output_left_out": True}
    at = execution.finished_at or execution.created_at
    return {"type": "execution.finished", "timestamp": at.isoformat(), "data": data}


def _wanted(workspace_id: UUID, version_id: UUID) -> Completion | None:
    return graph_of(workspace_id=workspace_id, version_id=version_id).settings.completion


def _shown(url: str) -> str:
    """The address without its query, which may hold a secret."""
    return urlunsplit(urlsplit(url)._replace(query="", fragment=""))
