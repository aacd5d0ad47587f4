"""How fast a node makes its calls, and when it lets go of its time so that it can go on with fresh one."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from typing import Final

from apps.nodes.contract import Context

_SHORT: Final = 2.0
"""Longer pauses are waits of the execution: nothing is held meanwhile."""
_SHARE: Final = 0.5
"""Of the node's time, after which it takes fresh one: the rest belongs to the call under way."""


class Later(Exception):
    """The node has to go on at this moment: what was done so far is kept in its steps."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__(f"goes on at {until.isoformat()}")


class Pace:
    """The time of one run of a node that makes many calls. May be used by several threads at once."""

    def __init__(self, ctx: Context) -> None:
        self._ctx, self._began = ctx, time.monotonic()
        self._is_moving = False
        self._lock = threading.Lock()

    def before_call(self, pause: float) -> None:
        """Wait so many seconds before a call, not before the first of this run. Raises `Later` where it should not hold
        its thread so long, or has used its time.
        """
        with self._lock:
            was_moving, self._is_moving = self._is_moving, True
        if not was_moving:
            return
        passed = time.monotonic() - self._began
        if pause > _SHORT or passed + pause > self._ctx.timeout_seconds * _SHARE:
            raise Later(self._ctx.now + timedelta(seconds=passed + pause))
        if pause:
            time.sleep(pause)
