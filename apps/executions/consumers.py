"""The WebSocket of an execution."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from functools import partial
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from apps.core.errors import DomainError
from apps.core.streams import TooManyStreams, held_by
from apps.core.threads import in_thread
from apps.executions.feed import Message, follow
from apps.executions.watchers import authorization_of, sequence_number, stream_of, workspace_to_watch

logger = logging.getLogger(__name__)

NOT_YOURS = 4404
TOO_TALKATIVE = TOO_MANY = 4429
FAILED = 1011
_FRAMES = 100


class ExecutionConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """`/ws/executions/<id>/?after=<seq>`: what `feed.follow` says, as text frames. Closes when the execution has ended.

    Whoever may not see the execution is told so by close code 4404, and by 4429 who has too many open. What a client
    sends is ignored, and too much of it closes the socket.
    """

    async def connect(self) -> None:
        """Accept, then send; who may not watch is sent away by a code that scripts can read."""
        self._sending: asyncio.Task[None] | None = None
        self._frames = 0
        await self.accept()
        execution_id: UUID = self.scope["url_route"]["kwargs"]["execution_id"]
        asking: dict[str, Any] = {
            "user": self.scope.get("user"),
            "authorization": authorization_of(self.scope),
            "execution_id": execution_id,
        }
        may_watch = partial(workspace_to_watch, **asking)
        try:
            workspace_id, who = await in_thread(stream_of)(**asking)
        except TooManyStreams:
            await self.close(TOO_MANY)
            return
        except DomainError:
            await self.close(NOT_YOURS)
            return
        after = parse_qs(self.scope["query_string"].decode("latin-1")).get("after", ["0"])[0]
        messages = follow(workspace_id, execution_id, sequence_number(after), still_allowed=may_watch)
        self._sending = asyncio.create_task(self._send(execution_id, messages, who))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any) -> None:
        """There is nothing to say to this socket."""
        self._frames += 1
        if self._frames > _FRAMES:
            await self.close(TOO_TALKATIVE)

    async def disconnect(self, code: int) -> None:
        """Stop following."""
        if self._sending is not None:
            self._sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sending

    async def _send(self, execution_id: UUID, following: AsyncGenerator[Message], who: str) -> None:
        try:
            async with contextlib.aclosing(following) as messages:
                with held_by(who):
                    async for message in messages:
                        await self.send_json(message)
            await self.close()
        except TooManyStreams:
            await self.close(TOO_MANY)
        except DomainError:
            await self.close(NOT_YOURS)
        except Exception:
            logger.exception("the feed of execution %s broke off", execution_id)
            await self.close(FAILED)


class Nowhere(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """Any other address: closed by the same code, instead of a fault in the log."""

    async def connect(self) -> None:
        """Nothing is here."""
        await self.accept()
        await self.close(NOT_YOURS)
