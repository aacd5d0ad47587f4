"""From a delivery to its answer, without a thread or a database connection held while the execution runs."""

from __future__ import annotations

import asyncio
import time
from contextvars import copy_context
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from apps.executions import replies
from apps.executions.replies import Reply
from apps.triggers.webhooks import answers, receiver
from apps.triggers.webhooks.answers import Answer
from apps.triggers.webhooks.delivery import Delivery
from apps.triggers.webhooks.receiver import Accepted

_PAUSES = (0.1, 0.2, 0.4, 0.8)


async def respond(delivery: Delivery) -> Answer:
    """Take a delivery in and wait, if its webhook node says so, for what its sender is to be told.

    What is accepted is in the database before this returns. Raises `NobodyListens`, `WrongMethod`, `SecretRefused`,
    `SenderRefused`, `HeaderMissing`, `TriggerPaused`, `TooMany`, `DeliveryTooLarge`, `NotJson`, `JsonTooDeep`,
    `NotText`, `Invalid`, `TransformFailed`, `ReplyFailed`, `BlockedByPause`, or `Unavailable` while the database is
    away.
    """
    loop = asyncio.get_running_loop()
    async with replies.expect() as ticket:
        accept = partial(
            receiver.accept,
            delivery,
            execution_id=ticket.execution_id,
            channel=ticket.channel,
            arrived_at=time.monotonic(),
        )
        accepted: Accepted = await loop.run_in_executor(receiver.THREADS, copy_context().run, accept)
        links = _links(delivery.workspace, accepted.execution_id)
        if not accepted.is_started:
            return answers.of_value(200, {"status": "tested", "given": accepted.given})
        if not accepted.waits:
            own = await _own(accepted, accepted.given)
            return own or answers.accepted(accepted.execution_id, accepted.status, links)
        if accepted.is_new:
            reply = await ticket.wait(accepted.patience_seconds)
        else:
            reply = await _look_until_answered(accepted.execution_id, accepted.patience_seconds)
    if reply is not None and reply.response is None and reply.status == "SUCCESS":
        own = await _own(accepted, reply.output)
        if own is not None:
            return own
    return _told(accepted, reply, links, path=f"/webhooks/{delivery.workspace}/{delivery.path}")


async def _own(accepted: Accepted, value: Any) -> Answer | None:
    """The answer as the webhook node describes it, if it does."""
    if not accepted.target.params.get("reply"):
        return None
    return await asyncio.get_running_loop().run_in_executor(receiver.THREADS, _made, accepted, value)


def _made(accepted: Accepted, value: Any) -> Answer | None:
    try:
        return accepted.reply(value)
    finally:
        connection.close()


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
    loop = asyncio.get_running_loop()
    until = time.monotonic() + patience_seconds
    pauses = iter(_PAUSES)
    while True:
        reply = await loop.run_in_executor(receiver.THREADS, replies.reply_now, execution_id)
        if reply is not None or time.monotonic() >= until:
            return reply
        await asyncio.sleep(next(pauses, 1.0))


def _links(workspace: str, execution_id: UUID) -> dict[str, str]:
    execution = f"{settings.BASE_URL}/api/v1/app/executions/{execution_id}"
    return {
        "execution": execution,
        "response": f"{execution}/response",
        "page": f"{settings.BASE_URL}/w/{workspace}/executions/{execution_id}/",
    }
