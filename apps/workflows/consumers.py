"""The WebSocket of a workflow's editor: who is here, and when the draft was saved."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import math
import re
import secrets
import time
from typing import Any
from uuid import UUID

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from apps.core.errors import DomainError
from apps.core.streams import TooManyStreams, held_by
from apps.core.threads import in_thread
from apps.workflows.presence import Seat, group_of, seat_of, take_seat

logger = logging.getLogger(__name__)

NOT_YOURS = 4404
TOO_TALKATIVE = TOO_MANY = 4429
FAILED = 1011
LOOK_SECONDS = 5.0  # how long access that ended, or a message that was lost, can stay unnoticed
REPEAT_SECONDS = 20.0
_MAX_FRAME = 8_192
_MAX_CHOSEN = 100
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_FARTHEST = 1_000_000.0
_FRAMES_PER_SECOND, _BURST = 25.0, 50.0
_MOST_IGNORED = 500

Json = Any


class WorkflowConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """`/ws/workflows/<id>/?workspace=<slug>`: tells of those who have the workflow open, and of saved drafts.

    First `{"kind": "you", "peer", "revision"}`, then `here` (who, and what they have chosen; again and again),
    `cursor`, `gone` and `saved`. Clients send `{"chosen": [ids], "open": id}` and `{"cursor": [x, y]}`; nothing else is
    passed on, never what a definition holds. Whoever may not see the workflow is told so by close code 4404, also when
    that ends; by 4429 who has too many open or says too much.
    """

    async def connect(self) -> None:
        """Accept, then say who is here; who may not is sent away by a code that scripts can read."""
        self._keeping: asyncio.Task[None] | None = None
        self._workflow_id: UUID = self.scope["url_route"]["kwargs"]["workflow_id"]
        self._group = group_of(self._workflow_id)
        self._peer = secrets.token_urlsafe(9)
        self._state: dict[str, Json] = {"chosen": [], "open": None}
        self._tokens, self._refilled_at, self._ignored = _BURST, time.monotonic(), 0
        self._told = 0
        await self.accept()
        try:
            self._seat = await in_thread(take_seat)(self.scope, self._workflow_id)
        except TooManyStreams:
            await self.close(TOO_MANY)
            return
        except DomainError:
            await self.close(NOT_YOURS)
            return
        self._keeping = asyncio.create_task(self._keep())

    async def disconnect(self, code: int) -> None:
        """Say goodbye."""
        if self._keeping is None:
            return
        self._keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._keeping
        with contextlib.suppress(Exception):  # without the live layer the others see it by silence
            await self.channel_layer.group_discard(self._group, self.channel_name)
            await self._tell({"kind": "gone"})

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any) -> None:
        """What somebody has chosen, or where they point."""
        if self._keeping is None:
            return
        if text_data is None or len(text_data) > _MAX_FRAME:
            await self.close(TOO_TALKATIVE)
            return
        if not self._may_speak():
            self._ignored += 1
            if self._ignored > _MOST_IGNORED:
                await self.close(TOO_TALKATIVE)
            return
        with contextlib.suppress(ValueError, RecursionError):
            await self._heard(json.loads(text_data))

    async def presence_note(self, event: dict[str, Any]) -> None:
        """What somebody else said, or the server."""
        note = event["note"]
        if event["peer"] == self._peer:
            return
        if note["kind"] == "hello":
            await self.channel_layer.send(note["channel"], self._message(self._here()))
            return
        if note["kind"] == "saved":
            self._told = max(self._told, note["revision"])
        await self.send_json({"peer": event["peer"], **note} if event["peer"] else note)

    async def _keep(self) -> None:
        """Stay, look now and then whether one still may, and repeat oneself for those who missed it."""
        try:
            with held_by(self._seat.who):
                await self.channel_layer.group_add(self._group, self.channel_name)
                self._told = self._seat.revision
                await self.send_json({"kind": "you", "peer": self._peer, "revision": self._seat.revision})
                await self._tell({"kind": "hello", "channel": self.channel_name})
                await self._tell(self._here())
                said_at = time.monotonic()
                while True:
                    await asyncio.sleep(LOOK_SECONDS)
                    await self._look(await in_thread(seat_of)(self.scope, self._workflow_id))
                    if time.monotonic() - said_at >= REPEAT_SECONDS:
                        await self._tell(self._here())
                        said_at = time.monotonic()
        except TooManyStreams:
            await self.close(TOO_MANY)
        except DomainError:
            await self.close(NOT_YOURS)
        except Exception:
            logger.exception("the socket of workflow %s broke off", self._workflow_id)
            await self.close(FAILED)

    async def _look(self, seat: Seat) -> None:
        """Say what was missed: the live layer loses messages."""
        self._seat = seat
        if seat.revision > self._told:
            self._told = seat.revision
            await self.send_json({"kind": "saved", "revision": seat.revision, "by": "", "by_id": ""})

    async def _heard(self, said: Json) -> None:
        if not isinstance(said, dict):
            return
        if "cursor" in said:
            place = _place(said["cursor"])
            await self._tell({"kind": "cursor", "at": place})
        elif "chosen" in said:
            chosen = said["chosen"] if isinstance(said["chosen"], list) else []
            self._state = {"chosen": [each for each in chosen[:_MAX_CHOSEN] if _is_id(each)], "open": None}
            if _is_id(said.get("open")):
                self._state["open"] = said["open"]
            await self._tell(self._here())

    def _here(self) -> dict[str, Json]:
        return {"kind": "here", "person": self._seat.person, **self._state}

    async def _tell(self, note: dict[str, Json]) -> None:
        await self.channel_layer.group_send(self._group, self._message(note))

    def _message(self, note: dict[str, Json]) -> dict[str, Json]:
        return {"type": "presence.note", "peer": self._peer, "note": note}

    def _may_speak(self) -> bool:
        """A bucket of frames: somebody who moves the pointer wildly is drawn less smoothly, nothing else."""
        now = time.monotonic()
        self._tokens = min(_BURST, self._tokens + (now - self._refilled_at) * _FRAMES_PER_SECOND)
        self._refilled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def _is_id(value: Json) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _place(value: Json) -> list[float] | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    if any(isinstance(part, bool) or not isinstance(part, int | float) for part in value):
        return None
    if any(abs(part) > _FARTHEST or math.isnan(part) for part in value):
        return None
    return [round(float(part), 1) for part in value]
