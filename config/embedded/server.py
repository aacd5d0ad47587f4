"""What PostgreSQL and Valkey share: attach, adopt, start once, and the last one out stops it.

Two files in the server's private folder keep the peace between processes. `lock` is held for the
moment somebody attaches, starts, stops or lets go. `attached` is held shared by everyone who uses
the server, for as long as they do; the kernel lets go for a process that was killed. Whoever lets
go and finds nobody else on `attached` stops the server. A server left behind by a killed process is
simply found alive and used by the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from config.embedded.account import Account, home_of, make_private, socket_directory
from config.embedded.errors import EmbeddedError
from config.embedded.process import die_with_parent, works_in

LOG_LIMIT_BYTES = 10_000_000


class Server(ABC):
    """A server process on this machine that any number of our processes use together.

    One that `is_disposable` belongs to a single process: it dies with it, and its data is worth nothing.
    """

    name: ClassVar[str]
    start_seconds: ClassVar[float] = 60.0
    stop_seconds: ClassVar[float] = 20.0
    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGKILL)

    def __init__(self, var: Path, account: Account, *, is_disposable: bool = False) -> None:
        self.account = account
        self.is_disposable = is_disposable
        self.home = home_of(self.name, var, account)
        self.sockets = socket_directory(self.home, account)
        self.log = self.home / f"{self.name}.log"
        self._held: int | None = None
        self._holder_pid = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._guard = threading.Lock()

    # For users of the server

    def attach(self) -> None:
        """Use the server from now on: adopt the one that runs, or start it. Raises EmbeddedError."""
        with self._locked():
            if self._held is None:
                self._held = os.open(self.home / "attached", os.O_RDWR | os.O_CREAT, 0o600)
                self._holder_pid = os.getpid()
                fcntl.flock(self._held, fcntl.LOCK_SH)
            try:
                self._ensure()
            except BaseException:
                self._let_go()
                raise

    def release(self) -> None:
        """Use the server no longer; stops it when nobody else does. Harmless when not attached."""
        if self._held is None or self._holder_pid != os.getpid():  # a forked child holds nothing of its own
            return
        with self._locked():
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._stop()
            self._let_go()

    def ensure(self) -> bool:
        """Start the server again if it died. True when that was needed. Raises EmbeddedError."""
        if self.is_alive():
            return False
        with self._locked():
            return self._ensure()

    def is_alive(self) -> bool:
        """Whether the server's process lives and its socket is there. Cheap; asks the server nothing."""
        pid = self.pid()
        return pid is not None and self.socket.exists()

    # For PostgreSQL and Valkey to fill in

    @property
    @abstractmethod
    def socket(self) -> Path:
        """The server's socket."""

    @property
    @abstractmethod
    def directory(self) -> Path:
        """The folder the server works in: what its process is known by."""

    @property
    @abstractmethod
    def pid_file(self) -> Path:
        """Where the server writes its process id, first line."""

    @abstractmethod
    def command(self) -> list[str]:
        """The server's command line."""

    @abstractmethod
    def is_answering(self) -> bool:
        """Whether the server takes requests, asked of the server."""

    @abstractmethod
    def prepare(self) -> None:
        """Called before a start: make sure of data and leftovers. Raises EmbeddedError."""

    def is_worth_another_try(self, output: str) -> bool:
        """Whether a start that failed with `output` will succeed in a moment."""
        return False

    # Shared

    def pid(self) -> int | None:
        """The id of the server's process, None when it does not run."""
        if self._process is not None:
            self._process.poll()  # collects our dead child, which would otherwise look alive
        try:
            pid = int(self.pid_file.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if works_in(pid, self.directory) else None

    def spawn(self, command: list[str], output: Path) -> subprocess.Popen[bytes]:
        """Start a child as the server's account, out of reach of Ctrl-C, output appended to a file."""
        parent = os.getpid()
        with output.open("ab") as stream:
            return subprocess.Popen(
                command,
                cwd="/",
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=(lambda: die_with_parent(parent)) if self.is_disposable else None,
                **self.account.identity,
            )

    def tail(self, since: int = 0) -> str:
        """The end of the server's log, from byte `since`, for an error message."""
        with contextlib.suppress(OSError):
            return self.log.read_bytes()[since:][-2000:].decode(errors="replace").strip()
        return ""

    def _ensure(self) -> bool:
        make_private(self.sockets, self.account)
        if self.is_alive() and self.is_answering():
            return False
        if self.pid() is not None:  # alive, but not to be talked to
            if self._await_answer(since=0, deadline=time.monotonic() + 5):
                return False
            self._stop()
            make_private(self.sockets, self.account)
        self._start()
        return True

    def _start(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.rename(self.log.with_suffix(".log.1"))
        deadline = time.monotonic() + self.start_seconds
        while True:
            self.prepare()
            since = self.log.stat().st_size if self.log.exists() else 0
            self._process = self.spawn(self.command(), self.log)
            if self._await_answer(since, deadline):
                return
            output = self.tail(since)
            if time.monotonic() > deadline or not self.is_worth_another_try(output):
                self._stop()
                raise EmbeddedError(
                    f"The embedded {self.name} does not start:\n{output}",
                    f"Its log is {self.log}. A server of your own is used instead when its URL is set.",
                )
            time.sleep(0.2)

    def _await_answer(self, since: int, deadline: float) -> bool:
        """Wait until the server answers. False when it died or time is up."""
        told_at = time.monotonic() + 5
        while time.monotonic() < deadline:
            if self.is_alive() and self.is_answering():
                return True
            if self._process is not None and self._process.poll() is not None:
                return False
            if self._process is None and self.pid() is None:
                return False
            if time.monotonic() > told_at:
                told_at = deadline
                print(f"{self.name}: still starting. {self.tail(since)[-200:]}", file=sys.stderr)
            time.sleep(0.01)
        return False

    def _stop(self) -> None:
        for number in self.stop_signals:
            deadline = time.monotonic() + self.stop_seconds
            pid = self.pid()
            if pid is None:
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            while self.pid() is not None and time.monotonic() < deadline:
                time.sleep(0.01)
        if self.pid() is not None:
            return
        if self._process is not None:
            self._process.kill()  # one that never came to write its process id
            self._process.wait()
            self._process = None
        shutil.rmtree(self.sockets, ignore_errors=True)

    def _let_go(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None
        if self._process is not None:
            self._process.returncode = 0  # it outlives us on purpose; no warning about a lost child
            self._process = None

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with self._guard:
            descriptor = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)
