"""Telling watchers and waiting callers what was just committed. Best effort: whoever misses a message asks again.

Messages go through the channel layer from one thread with its own event loop, so that no thread that runs nodes waits
for the broker. While the broker is down they are dropped for five seconds at a time.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0
WATCHERS = "executions.watchers"  # the group in which watchers say what they watch
WATCHED_SECONDS = 15.0  # for how long one word of theirs counts; they repeat it every five


def group_of(execution_id: UUID | str) -> str:
    """The channel-layer group of an execution's watchers."""
    return f"execution.{execution_id}"


def watching(execution_id: UUID | str) -> dict[str, Any]:
    """What a watcher says to the group `WATCHERS`, at first and again and again."""
    return {"type": "execution.watching", "group": group_of(execution_id)}


def only_watched() -> None:
    """Let this process send changes of those executions only that somebody watches. For workers.

    A watcher that has just begun may miss a change; it looks into the history during its first seconds.
    """
    _publisher().only_watched()


def changed(execution_id: UUID, *, seq: int, at: datetime, changes: Sequence[dict[str, Any]]) -> None:
    """Tell watchers what checkpoint `seq` changed."""
    message = {"type": "execution.changed", "seq": seq, "at": at.isoformat(), "changes": list(changes)}
    _publisher().send(group_of(execution_id), message)


def streamed(execution_id: UUID, *, node_id: str, path: str, part: str, text: str) -> None:
    """Show watchers a piece of text that a node is still writing; empty: what was shown of this part is void."""
    piece = {"node_id": node_id, "path": path, "part": part, "text": text}
    _publisher().send(group_of(execution_id), {"type": "execution.streamed", "stream": piece})


def reply(channel: str, outcome: dict[str, Any]) -> None:
    """Tell the web process behind `channel` how an execution it waits for went."""
    # As text: the layer's own encoding knows no integers beyond 64 bits, and one that fails would silence all others.
    _publisher().send(channel, {"type": "execution.reply", "outcome": json.dumps(outcome, default=str)})


class _Publisher:
    """A thread that sends what others queue."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._queue: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue(maxsize=10_000)
        self._silent_until = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._watched: dict[str, float] | None = None  # group → until when; None: whatever there is, is sent
        threading.Thread(target=self._run, name="live", daemon=True).start()

    def only_watched(self) -> None:
        if self._watched is None:
            self._watched = {}
            self._loop.call_soon_threadsafe(lambda: self._tasks.append(self._loop.create_task(self._listen())))

    def send(self, target: str, message: dict[str, Any]) -> None:
        now = time.monotonic()
        is_for_watchers = message["type"] != "execution.reply"
        if self._watched is not None and is_for_watchers and self._watched.get(target, 0.0) < now:
            return
        if now >= self._silent_until:
            self._loop.call_soon_threadsafe(self._put, target, message)

    def _put(self, target: str, message: dict[str, Any]) -> None:
        if not self._queue.full():
            self._queue.put_nowait((target, message))

    async def _listen(self) -> None:
        """Hear who watches what."""
        layer = get_channel_layer()
        assert self._watched is not None
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(WATCHERS, channel)
                while True:
                    now = time.monotonic()
                    group = (await layer.receive(channel))["group"]
                    self._watched = {name: until for name, until in self._watched.items() if until >= now}
                    self._watched[group] = time.monotonic() + WATCHED_SECONDS
            except Exception as error:
                logger.warning("who watches cannot be heard: %s", error)
                await asyncio.sleep(1)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._work())

    async def _work(self) -> None:
        layer = get_channel_layer()
        while True:
            batch = [await self._queue.get()]
            while not self._queue.empty() and len(batch) < 100:
                batch.append(self._queue.get_nowait())
            try:
                async with asyncio.timeout(2):
                    await asyncio.gather(*(self._send(layer, target, message) for target, message in batch))
            except Exception as error:
                self._silent_until = time.monotonic() + PAUSE_SECONDS
                logger.warning("live messages pause for %.0f s: %s", PAUSE_SECONDS, error)

    @staticmethod
    async def _send(layer: Any, target: str, message: dict[str, Any]) -> None:
        if message["type"] == "execution.reply":
            await layer.send(target, message)
        else:
            await layer.group_send(target, message)


@cache
def _publisher() -> _Publisher:
    return _Publisher()
