"""Threads that work while there is something to do, in the processes that host them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, connection, transaction

logger = logging.getLogger(__name__)


class Pump:
    """Does `work` on up to `most` threads as long as it says that there may be more, and holds none otherwise.

    A process hosts it from its first `tend` on, once a second; a poke in between saves the wait, and a lost one costs
    a second.
    """

    def __init__(self, name: str, work: Callable[[], bool], *, most: int) -> None:
        self.name, self._work, self._most = name, work, most
        self._running = 0
        self._is_hosted = self._is_wanted = False
        self._lock = threading.Lock()

    def tend(self) -> None:
        """Host it in this process from now on, and look. Returns at once."""
        self._is_hosted = True
        self.poke()

    def poke(self) -> None:
        """Look now, if this process hosts it. Returns at once."""
        with self._lock:
            if not self._is_hosted:
                return
            self._is_wanted = True
            if self._running >= self._most:
                return
            self._running += 1
        threading.Thread(target=self._run, name=self.name, daemon=True).start()

    def poke_on_commit(self) -> None:
        """Look as soon as the running transaction is committed."""
        transaction.on_commit(self.poke)

    def rest(self, seconds: float = 5.0) -> None:
        """Host it no longer, and wait for what is under way, at most so long."""
        self._is_hosted = False
        until = time.monotonic() + seconds
        while self._running and time.monotonic() < until:
            time.sleep(0.01)

    def _run(self) -> None:
        try:
            while self._goes_on():
                if self._work():
                    self.poke()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("%s pause until the next look: %s", self.name, str(error).strip().partition("\n")[0])
            self._leave()
        except Exception:
            logger.exception("%s stumbled", self.name)
            self._leave()
        finally:
            connection.close()

    def _goes_on(self) -> bool:
        """Whether to look once more; the thread ends otherwise. Both under the lock, so that no poke is lost."""
        with self._lock:
            if not self._is_wanted:
                self._running -= 1
                return False
            self._is_wanted = False
            return True

    def _leave(self) -> None:
        with self._lock:
            self._running -= 1
