"""Waiting for an execution on behalf of a caller, without a thread and without a database connection.

One channel per web process carries the workers' replies. Executions that are waited for are also read again once a
second, so a lost message costs a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.db import connection

from apps.core.ids import uuid7
from apps.executions import payloads

logger = logging.getLogger(__name__)

READ_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Reply:
    """How an execution stands that somebody waits for: its response, or its end, or that a person was asked."""

    execution_id: UUID
    status: str
    response: dict[str, Any] | None
    output: Any
    error: dict[str, Any] | None


class Ticket:
    """A place in the queue of those who wait. Give `channel` and `execution_id` to `execution_start`."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.execution_id = uuid7()
        self.future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

    async def wait(self, seconds: float) -> Reply | None:
        """The reply, or None when there was none within `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self.future)
        except TimeoutError:
            return None

    def again(self) -> None:
        """Wait for further news after a reply that was not the end."""
        self.future = asyncio.get_running_loop().create_future()


class _Desk:
    """The replies of one event loop: a channel, and who waits for what."""

    def __init__(self) -> None:
        self.tickets: dict[UUID, Ticket] = {}
        self.channel = ""
        self._opening = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> str:
        async with self._opening:
            if not self._tasks:
                self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._read_again())]
                for _ in range(100):
                    if self.channel:
                        break
                    await asyncio.sleep(0.01)
        return self.channel

    async def _listen(self) -> None:
        layer = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                self.channel = channel
                while True:
                    self.deliver(await layer.receive(channel))
            except asyncio.CancelledError:
                raise
            except Exception as error:
                logger.warning("replies cannot be received, reading them instead: %s", error)
                await asyncio.sleep(READ_AGAIN_SECONDS)

    async def _read_again(self) -> None:
        while True:
            await asyncio.sleep(READ_AGAIN_SECONDS)
            if self.tickets:
                try:
                    for reply in await sync_to_async(_read, thread_sensitive=False)(list(self.tickets)):
                        self._settle(reply)
                except Exception as error:
                    logger.warning("replies cannot be read: %s", error)

    def deliver(self, message: dict[str, Any]) -> None:
        told = json.loads(message["outcome"])
        self._settle(Reply(UUID(told["execution_id"]), told["status"], told["response"], told["output"], told["error"]))

    def _settle(self, reply: Reply) -> None:
        ticket = self.tickets.get(reply.execution_id)
        if ticket and not ticket.future.done():
            ticket.future.set_result(reply)


_desks: dict[asyncio.AbstractEventLoop, _Desk] = {}


@contextlib.asynccontextmanager
async def expect() -> AsyncIterator[Ticket]:
    """Take a ticket before the execution is started, so that no reply can be missed."""
    for loop in [each for each in _desks if each.is_closed()]:
        _desks.pop(loop, None)
    desk = _desks.setdefault(asyncio.get_running_loop(), _Desk())
    ticket = Ticket(await desk.open())
    desk.tickets[ticket.execution_id] = ticket
    try:
        yield ticket
    finally:
        desk.tickets.pop(ticket.execution_id, None)


def reply_now(execution_id: UUID) -> Reply | None:
    """How an execution stands now, if there is anything to tell a waiting caller."""
    return next(iter(_read([execution_id])), None)


def _read(execution_ids: Iterable[UUID]) -> list[Reply]:
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT execution_id, workspace_id, status, response, output, error, by_reference
                   FROM executions_replies(%s)""",
                [list(execution_ids)],
            )
            rows = cursor.fetchall()
    finally:
        connection.close()
    return [reply for row in rows if (reply := _reply(*row[:3], *(_value(raw) for raw in row[3:]))) is not None]


def _reply(
    execution_id: UUID, workspace_id: UUID, status: str, response: Any, output: Any, error: Any, references: Any
) -> Reply | None:
    large = references or {}
    if "response" in large or (response is None and status == "SUCCESS" and "output" in large):
        name = "response" if "response" in large else "output"
        try:
            found = payloads.brought_back(workspace_id, {}, {name: large[name]})
        except payloads.StorageAway as away:
            logger.warning("the answer of %s cannot be read yet: %s", execution_id, away)
            return None
        response, output = found.get("response"), found.get("output", output)
    return Reply(execution_id, status, response, output, error)


def _value(raw: Any) -> Any:
    return json.loads(raw) if isinstance(raw, str) else raw
