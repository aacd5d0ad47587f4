"""The door for other systems: an async view that holds no thread and no database connection while it waits."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from apps.executions import replies
from apps.executions.replies import Reply
from apps.triggers.errors import DeliveryTooLarge
from apps.triggers.webhooks import answers, receiver
from apps.triggers.webhooks.answers import Answer
from apps.triggers.webhooks.delivery import MAX_BYTES, Delivery, headers_of
from apps.triggers.webhooks.receiver import Accepted

_accept = sync_to_async(receiver.accept, thread_sensitive=False)
_reply_now = sync_to_async(replies.reply_now, thread_sensitive=False)
_LOOK_SECONDS = (0.1, 0.2, 0.4, 0.8)


@csrf_exempt
async def receive(request: HttpRequest, workspace: str, path: str) -> HttpResponse:
    """Take a delivery in and answer as its webhook node says. Refusals are problem documents.

    An accepted delivery is in the database before this answers. Raises `NobodyListens`, `WrongMethod`, `SecretRefused`,
    `DeliveryTooLarge`, `NotJson`, `NotText`, `BlockedByPause`, or `Unavailable` while the database is away.
    """
    delivery = Delivery(
        workspace=workspace,
        path=path.strip("/"),
        method=request.method or "",
        headers=headers_of(request.scope["headers"]),  # type: ignore[attr-defined]
        query=request.META.get("QUERY_STRING", ""),
        body=_read(request),
    )
    async with replies.expect() as ticket:
        accepted = await _accept(delivery, execution_id=ticket.execution_id, channel=ticket.channel)
        answer = await _answer(delivery, accepted, ticket)
    return HttpResponse(answer.content, status=answer.status, headers=answer.headers)


async def _answer(delivery: Delivery, accepted: Accepted, ticket: replies.Ticket) -> Answer:
    links = _links(delivery.workspace, accepted.execution_id)
    if not accepted.waits:
        return answers.accepted(accepted.execution_id, accepted.status, links)
    if accepted.is_new:
        reply = await ticket.wait(accepted.patience_seconds)
    else:
        reply = await _look_until_answered(accepted.execution_id, accepted.patience_seconds)
    return _told(accepted, reply, links, path=f"/webhooks/{delivery.workspace}/{delivery.path}")


def _told(accepted: Accepted, reply: Reply | None, links: dict[str, str], *, path: str) -> Answer:
    if reply is None:
        return answers.accepted(accepted.execution_id, "RUNNING", links)
    if reply.response is not None:
        response = reply.response
        return answers.of_value(response.get("status", 200), response.get("body"), response.get("headers"))
    if reply.status == "SUCCESS":
        return answers.of_value(200, reply.output)
    if reply.status in ("ERROR", "CANCELED", "TIMED_OUT"):
        return answers.failed(accepted.execution_id, reply.status, reply.error, links, path=path)
    return answers.accepted(accepted.execution_id, reply.status, links)


async def _look_until_answered(execution_id: UUID, patience_seconds: float) -> Reply | None:
    """The stored answer of a delivery that came before, as soon as there is one."""
    until = time.monotonic() + patience_seconds
    pauses = iter(_LOOK_SECONDS)
    while True:
        reply = await _reply_now(execution_id)
        if reply is not None or time.monotonic() >= until:
            return reply
        await asyncio.sleep(next(pauses, 1.0))


def _read(request: HttpRequest) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > MAX_BYTES:
        raise DeliveryTooLarge(f"The body has {int(length):,} bytes; at most {MAX_BYTES:,} are accepted.")
    body: bytes = request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise DeliveryTooLarge(f"The body has more than {MAX_BYTES:,} bytes.")
    return body


def _links(workspace: str, execution_id: UUID) -> dict[str, Any]:
    execution = f"{settings.BASE_URL}/api/v1/app/executions/{execution_id}"
    return {
        "execution": execution,
        "response": f"{execution}/response",
        "page": f"{settings.BASE_URL}/w/{workspace}/executions/{execution_id}/",
    }
