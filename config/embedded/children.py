"""Child processes of the supervisor: started again when they die, their output told apart by a prefix."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from config.embedded.process import describe_exit, die_with_parent, signal_group

LONGEST_PAUSE_SECONDS = 30.0
SETTLED_SECONDS = 30.0
"""A child that lived this long starts again at once the next time it dies."""

Environment = dict[str, str]


class Backoff:
    """How long to wait before the next start: nothing at first, then ever longer for a child that keeps dying."""

    def __init__(self) -> None:
        self._deaths = 0

    def after(self, lived_seconds: float) -> float:
        """The pause in seconds after a child that lived this long."""
        self._deaths = 1 if lived_seconds >= SETTLED_SECONDS else self._deaths + 1
        return 0.0 if self._deaths == 1 else min(LONGEST_PAUSE_SECONDS, 0.5 * 2.0 ** (self._deaths - 2))


class Console:
    """Standard output shared by all children, one prefixed line at a time."""

    COLOURS = ("36", "33", "35", "32", "34")

    def __init__(self, names: tuple[str, ...]) -> None:
        self._width = max(len(name) for name in names)
        self._colours = {name: self.COLOURS[i % len(self.COLOURS)] for i, name in enumerate(names)}
        self._is_coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def line(self, name: str, text: str) -> None:
        """Write one line of `name`'s output."""
        prefix = f"{name:<{self._width}} | "
        if self._is_coloured:
            prefix = f"\x1b[{self._colours.get(name, '37')}m{prefix}\x1b[0m"
        # Whoever read our output may have gone; the product goes on.
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.write(f"{prefix}{text}\n")
            sys.stdout.flush()


@dataclass
class Child:
    """A program that should always be running.

    `environment` is asked anew for each start. `on_death` is awaited after each end with the
    environment of that start, before the next.
    """

    name: str
    command: list[str]
    console: Console
    environment: Callable[[], Environment] = lambda: {}
    on_death: Callable[[Environment], Awaitable[None]] | None = None
    process: asyncio.subprocess.Process | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep(self) -> None:
        """Run the program, again and again, until `stop`."""
        backoff = Backoff()
        while not self._stopping.is_set():
            environment = self.environment()
            started_at = time.monotonic()
            code = await self._run_once(environment)
            if self.on_death is not None:
                await self.on_death(environment)
            if self._stopping.is_set():
                return
            pause = backoff.after(time.monotonic() - started_at)
            when = f"in {pause:g} s" if pause else "now"
            self.console.line("up", f"{self.name} {describe_exit(code)}; starting it again {when}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause or 0.001)

    async def stop(self, patience_seconds: float) -> None:
        """Ask the program to end, and kill it when it has not after `patience_seconds`."""
        self._stopping.set()
        process = self.process
        if process is None or process.returncode is not None:
            return
        signal_group(process.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), patience_seconds)
        except TimeoutError:
            self.console.line("up", f"{self.name} did not end within {patience_seconds:g} s; killing it")
            self.kill()

    def kill(self) -> None:
        """End the program and all it started, at once."""
        self._stopping.set()
        if self.process is not None:
            signal_group(self.process.pid, signal.SIGKILL)

    async def _run_once(self, environment: Environment) -> int:
        self.process = process = await start(self.command, environment)
        if self._stopping.is_set():  # asked to stop while it was being started
            signal_group(process.pid, signal.SIGTERM)
        reader = asyncio.create_task(copy_output(process, lambda text: self.console.line(self.name, text)))
        code = await process.wait()
        signal_group(process.pid, signal.SIGKILL)  # whatever it left behind
        await asyncio.wait({reader}, timeout=1)
        reader.cancel()
        return code


async def start(command: list[str], environment: Environment) -> asyncio.subprocess.Process:
    """Start a program in a process group of its own that dies with us, its output on one pipe."""
    parent = os.getpid()
    return await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=lambda: die_with_parent(parent),
    )


async def copy_output(process: asyncio.subprocess.Process, write: Callable[[str], None]) -> None:
    """Hand each line of a program's output to `write` until it ends."""
    assert process.stdout is not None
    rest = b""
    while chunk := await process.stdout.read(65536):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            write(line.decode(errors="replace").rstrip("\r"))
    if rest:
        write(rest.decode(errors="replace"))
