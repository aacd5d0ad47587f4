"""Processes of a world: started by its nursery, known by their pid, killed and frozen at will."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from uuid import uuid4

from config.embedded.process import die_with_parent
from config.embedded.services import REPOSITORY


class Nursery:
    """The process that forks the others. Dies with this one, and they with it."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        parent = os.getpid()
        self._lock = threading.Lock()
        self.log = log
        with log.open("ab") as errors:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.nursery"],
                env=environment,
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(parent),
            )
        self._hear()

    def fork(
        self, module: str, arguments: list[str], environment: dict[str, str], log: Path, shift_seconds: float = 0
    ) -> int:
        """Run a module as a process of its own. Its process id."""
        order = {
            "module": module,
            "arguments": arguments,
            "environment": environment,
            "log": str(log),
            "shift_seconds": shift_seconds,
        }
        with self._lock:
            assert self._popen.stdin is not None
            self._popen.stdin.write(json.dumps(order) + "\n")
            self._popen.stdin.flush()
            return self._hear()["pid"]

    def end(self) -> None:
        """No more forks. What still runs dies with it."""
        self._popen.kill()
        self._popen.wait()

    def _hear(self) -> dict[str, int]:
        assert self._popen.stdout is not None
        line = self._popen.stdout.readline()
        if not line:
            raise RuntimeError(f"the nursery died:\n{self.log.read_text()[-3000:]}")
        heard: dict[str, int] = json.loads(line)
        return heard


class Process:
    """One process of the product, started again whenever the plan killed it."""

    def __init__(
        self,
        nursery: Nursery,
        module: str,
        arguments: list[str],
        log: Path,
        *,
        environment: dict[str, str] | None = None,
        shift_seconds: float = 0,
    ) -> None:
        self.nursery, self.module, self.arguments, self.log = nursery, module, arguments, log
        self.environment, self.shift_seconds = environment or {}, shift_seconds
        self.deaths = 0
        self.start()

    def start(self) -> None:
        """Start it."""
        self.pid = self.nursery.fork(self.module, self.arguments, self.environment, self.log, self.shift_seconds)

    @property
    def is_alive(self) -> bool:
        """Whether it runs, frozen or not."""
        try:
            state = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return False
        return state not in "ZX"

    def kill(self) -> None:
        """SIGKILL, and a new one in its place."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """SIGKILL, and nobody in its place."""
        self.send(signal.SIGKILL)
        assert self.await_end(10), f"{self.module} {self.pid} outlives SIGKILL"
        self.deaths += 1

    def freeze(self) -> None:
        """SIGSTOP: alive, and deaf."""
        self.send(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self.send(signal.SIGCONT)

    def end(self, seconds: float = 10) -> bool:
        """SIGTERM, and SIGKILL after so many seconds. Whether it went by itself."""
        self.thaw()
        self.send(signal.SIGTERM)
        if self.await_end(seconds):
            return True
        self.send(signal.SIGKILL)
        self.await_end(10)
        return False

    def await_end(self, seconds: float) -> bool:
        """Whether it is gone within so many seconds."""
        deadline = time.monotonic() + seconds
        while self.is_alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    def send(self, number: signal.Signals) -> None:
        """Send a signal; harmless when it is gone."""
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            pass


class Worker(Process):
    """A worker process. Each incarnation has an id of its own, under which its lease and its work are in the tables."""

    def start(self) -> None:
        """Start it under a new id."""
        self.id = str(uuid4())
        self.environment = self.environment | {"AGENTFLOW_WORKER_ID": self.id}
        super().start()
