"""Following an execution: one stream of messages, sent by WebSocket and as server-sent events alike.

A watcher holds neither a thread nor a database connection while nothing happens. What the live layer loses is read from
the history, so every watcher sees every change once and in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from channels.layers import get_channel_layer

from apps.core.tenancy import tenant
from apps.core.threads import in_thread
from apps.executions import live, selectors
from apps.executions.engine.states import TERMINAL
from apps.executions.models import Transition

logger = logging.getLogger(__name__)

Message = dict[str, Any]

KEEP_ALIVE_SECONDS = 15.0
LOOK_SECONDS = 5.0  # how long a change can stay unseen when its live message was lost
FIRST_SECONDS, FIRST_LOOK_SECONDS = 3.0, 0.5  # until the workers know that somebody watches
_PAGE = 500
_QUEUE = 256


async def follow(
    workspace_id: UUID, execution_id: UUID, after: int = 0, *, still_allowed: Callable[[], object] | None = None
) -> AsyncGenerator[Message]:
    """Everything that happened to an execution after checkpoint `after`, then everything that happens.

    First `{"snapshot_seq": n}`, then changes `{"seq", "at", "changes"}` without gaps, and `{"seq": n}` every 15 s of
    silence. Between them `{"seq": n, "stream": {"node_id", "path", "part", "text"}}`: text that a node is still
    writing, of which nothing is kept and pieces may be missing. Ends after the change that ended the execution.
    `still_allowed` is called in a thread every few seconds; what it raises ends the stream: who may watch can change
    meanwhile. Raises `ExecutionNotFound`. Close it with `aclose()`.
    """
    loop = asyncio.get_running_loop()
    async with _Ear(execution_id) as ear:
        seq, is_over = await in_thread(_standing)(workspace_id, execution_id)
        yield {"snapshot_seq": seq}
        last, said_at, asked_at = min(after, seq), loop.time(), loop.time()
        began_at = loop.time()
        fresh = await in_thread(_missed)(workspace_id, execution_id, last)
        while True:
            for message in fresh:
                yield message
                last, said_at = message["seq"], loop.time()
                if _ends(message):
                    return
            if is_over and len(fresh) < _PAGE:
                return
            if still_allowed is not None and loop.time() - asked_at >= LOOK_SECONDS:
                await in_thread(still_allowed)()
                asked_at = loop.time()
            if len(fresh) < _PAGE:
                is_new = loop.time() - began_at < FIRST_SECONDS
                heard = await ear.hear(FIRST_LOOK_SECONDS if is_new else LOOK_SECONDS)
                if heard is not None and "stream" in heard:
                    yield {"seq": last, "stream": heard["stream"]}
                    fresh = []
                    continue
                if heard is not None and heard["seq"] <= last:
                    fresh = []
                    continue
                if heard is not None and heard["seq"] == last + 1:
                    fresh = [heard]
                    continue
            fresh = await in_thread(_missed)(workspace_id, execution_id, last)
            if not fresh and loop.time() - said_at >= KEEP_ALIVE_SECONDS:
                yield {"seq": last}
                said_at = loop.time()


class _Ear:
    """The live messages about one execution, from the moment the block is entered."""

    def __init__(self, execution_id: UUID) -> None:
        self._group, self._word = live.group_of(execution_id), live.watching(execution_id)
        self._heard: asyncio.Queue[Message] = asyncio.Queue(_QUEUE)
        self._is_ready = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._tell())]
        with contextlib.suppress(TimeoutError):  # without the live layer the history is looked at instead
            async with asyncio.timeout(2):
                await self._is_ready.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def hear(self, seconds: float) -> Message | None:
        """The next message, or None after `seconds` without one."""
        try:
            async with asyncio.timeout(seconds):
                return await self._heard.get()
        except TimeoutError:
            return None

    async def _tell(self) -> None:
        """Let the workers know, again and again, that somebody watches."""
        layer = get_channel_layer()
        while True:
            with contextlib.suppress(Exception):  # without the live layer the history is looked at instead
                await layer.group_send(live.WATCHERS, self._word)
            await asyncio.sleep(LOOK_SECONDS)

    async def _listen(self) -> None:
        layer = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(self._group, channel)
                self._is_ready.set()
                try:
                    while True:
                        message = await layer.receive(channel)
                        if not self._heard.full():  # what does not fit is a gap, and gaps are read from the history
                            self._heard.put_nowait({name: each for name, each in message.items() if name != "type"})
                finally:
                    await layer.group_discard(self._group, channel)
            except Exception as error:
                logger.warning("live messages of %s cannot be received: %s", self._group, error)
                await asyncio.sleep(1)


def _standing(workspace_id: UUID, execution_id: UUID) -> tuple[int, bool]:
    with tenant(workspace_id):
        found = selectors.execution_standing(workspace_id=workspace_id, execution_id=execution_id)
    return found


def _missed(workspace_id: UUID, execution_id: UUID, after: int) -> list[Message]:
    with tenant(workspace_id):
        rows = selectors.transition_list(workspace_id=workspace_id, execution_id=execution_id, after=after, limit=_PAGE)
    return [message_of(row) for row in rows]


def message_of(row: Transition) -> Message:
    """A checkpoint as watchers are told of it."""
    return {"seq": row.seq, "at": row.at.isoformat(), "changes": row.changes}


def _ends(message: Message) -> bool:
    return any(change.get("status") in TERMINAL for change in message["changes"])
