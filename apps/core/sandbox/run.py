"""Running one job: start the jail, feed it, listen until it ends or its time is over, and believe nothing it says."""

from __future__ import annotations

import json
import math
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from apps.core import jsonclean
from apps.core.errors import DomainError
from apps.core.sandbox import jail
from apps.core.sandbox.job import Answer, CodeFailed, Job, Kind

MAX_INPUT = 16_000_000
MAX_RESULT = 8_000_000
MAX_PRINTED = 1_000_000
MAX_LINES, LONGEST_LINE = 200, 2_000
_CHUNK: Final = 1 << 16
LOOK_SECONDS: Final = 0.2
"""So often it is looked whether anybody still waits."""


def run_in(tier: jail.Tier, job: Job, *, is_unwanted: Callable[[], bool] = lambda: False) -> Answer:
    """What the code returned and printed. Blocks for at most its seconds and a little, and no longer than somebody
    wants the answer. Raises `CodeFailed`.
    """
    given = json.dumps({"source": job.source, "values": dict(job.values), "rounds": list(job.rounds)}).encode()
    if len(given) > MAX_INPUT:
        message = f"Code and data have {len(given):,} bytes; at most {MAX_INPUT:,} are taken."
        raise CodeFailed("input_too_large", message, "Give it less: pick the fields it needs, or work in parts.")
    ours, theirs = os.pipe2(os.O_CLOEXEC)
    try:
        start = jail.start(tier, job.language, job.limits, theirs)
        process = subprocess.Popen(
            start.command,
            env={},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=start.descriptors,
            cwd="/",
            start_new_session=True,
        )
    except BlockingIOError:
        os.close(ours)
        message = "The machine starts no further process."
        raise CodeFailed("busy", message, "Lower SANDBOX_PARALLEL, or raise the limits of the service.") from None
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    with process:
        _go_first(process.pid)
        heard = _Heard(process, ours, given, job.limits.seconds, is_unwanted)
        try:
            heard.listen()
        finally:
            process.kill()
            os.close(ours)
    return _made_of(job, heard)


def _go_first(pid: int) -> None:
    """Where the machine has no memory left, this is what ends, and not the worker."""
    try:
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
    except OSError:
        return  # it has ended, or this system lets nobody choose


class _Heard:
    """What has come from a process so far."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        result: int,
        given: bytes,
        seconds: float,
        is_unwanted: Callable[[], bool],
    ) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process, self.seconds = process, seconds
        self.result, self.printed = bytearray(), bytearray()
        self.stopped: Kind | None = None
        self.took = 0.0
        self._is_unwanted = is_unwanted
        self._left = memoryview(given)
        self._stdin, self._stdout, self._result = process.stdin, process.stdout, result

    def listen(self) -> None:
        """Until both pipes are closed, or something is over: the time, the room, the interest."""
        began = time.monotonic()
        with selectors.DefaultSelector() as ready:
            for pipe in (self._stdin.fileno(), self._stdout.fileno(), self._result):
                os.set_blocking(pipe, False)
            ready.register(self._stdin.fileno(), selectors.EVENT_WRITE, self._feed)
            ready.register(self._stdout.fileno(), selectors.EVENT_READ, self._hear_lines)
            ready.register(self._result, selectors.EVENT_READ, self._hear_result)
            while ready.get_map() and self.stopped is None:
                left = began + self.seconds - time.monotonic()
                if left <= 0:
                    self.stopped = "timeout"
                    break
                for key, _ in ready.select(min(left, LOOK_SECONDS)):
                    if not key.data():
                        ready.unregister(key.fd)
                if self._is_unwanted():
                    self.stopped = "stopped"
        while self.stopped is None:
            left = began + self.seconds - time.monotonic()
            try:
                self.process.wait(max(0.0, min(left, LOOK_SECONDS)))
                break
            except subprocess.TimeoutExpired:
                self.stopped = "stopped" if self._is_unwanted() else "timeout" if left <= 0 else None
        self.took = time.monotonic() - began

    def _feed(self) -> bool:
        try:
            self._left = self._left[os.write(self._stdin.fileno(), self._left[:_CHUNK]) :]
        except BlockingIOError:
            return True
        except OSError:
            self._left = self._left[:0]
        if self._left:
            return True
        self._stdin.close()
        return False

    def _hear_lines(self) -> bool:
        chunk = os.read(self._stdout.fileno(), _CHUNK)
        self.printed += chunk
        if len(self.printed) > MAX_PRINTED:
            self.stopped = "output_too_large"
        return bool(chunk)

    def _hear_result(self) -> bool:
        chunk = os.read(self._result, _CHUNK)
        self.result += chunk
        if len(self.result) > MAX_RESULT:
            self.stopped = "result_too_large"
        return bool(chunk)


_DUMPS: Final = ("<--- Last few GCs", "# Fatal ", "Deno has panicked")  # what an interpreter that dies says of itself
_ENDS: Final[Mapping[Kind, tuple[str, str]]] = {
    "timeout": ("The code did not end within {seconds:g} s.", "Give it more seconds, or less to do."),
    "output_too_large": (
        f"The code printed more than {MAX_PRINTED:,} bytes.",
        "Print less; what belongs to the result is returned.",
    ),
    "result_too_large": (
        f"The result has more than {MAX_RESULT:,} bytes of JSON.",
        "Return less: pick fields, or work in parts.",
    ),
    "stopped": ("The code was ended, because nobody waited for it any more.", "Run it again."),
    "memory": ("The code needed more than {memory} MB of memory.", "Give it more memory, or work in smaller parts."),
    "crashed": (
        "The code's process ended before it returned anything ({end}).",
        "Run it with less data to find where.",
    ),
}


def _made_of(job: Job, heard: _Heard) -> Answer:
    lines, is_cut = _lines(bytes(heard.printed))
    if heard.stopped is not None:
        raise _ended(job, heard, heard.stopped, lines)
    try:
        said = jsonclean.parse(bytes(heard.result)) if heard.result else None
    except DomainError as refused:
        message = f"What the code returned cannot be kept: {refused.message}"
        raise CodeFailed("result_not_json", message, "Return plain JSON values.", lines=lines) from None
    if isinstance(said, dict) and isinstance(said.get("error"), dict):
        raise _failed(job, heard, said["error"], lines)
    results = said.get("results") if isinstance(said, dict) else None
    if not isinstance(results, list) or len(results) != len(job.rounds):
        raise _ended(job, heard, _why(job, heard), lines)
    return Answer(results, lines, is_cut)


def _why(job: Job, heard: _Heard) -> Kind:
    """Why a process ended without an answer."""
    code = heard.process.returncode
    number = -code if code < 0 else code - 128
    if number == signal.SIGKILL:
        return "timeout" if heard.took >= 0.8 * job.limits.seconds else "memory"
    said = bytes(heard.printed[-20_000:]).lower()
    return "memory" if b"out of memory" in said or b"memoryerror" in said or b"allocation" in said else "crashed"


def _ended(job: Job, heard: _Heard, kind: Kind, lines: list[str]) -> CodeFailed:
    message, hint = _ENDS[kind]
    dump = next((at for at, line in enumerate(lines) if line.startswith(_DUMPS)), len(lines))
    end = f"exit code {heard.process.returncode}"
    words = message.format(seconds=job.limits.seconds, memory=job.limits.memory_mb, end=end)
    return CodeFailed(kind, words, hint, lines=lines[:dump])


def _failed(job: Job, heard: _Heard, error: dict[str, Any], lines: list[str]) -> CodeFailed:
    """What the code's own interpreter says went wrong. Every part of it may be forged, so each is checked."""
    kind, said = error.get("kind"), str(error.get("message") or "")[:LONGEST_LINE]
    line, at = _whole(error.get("line")), _whole(error.get("at"))
    details: dict[str, Any] = {"line": line} if line else {}
    if at is not None and len(job.rounds) > 1:
        details["at"] = at
    place = f"Line {line}: " if line else ""
    item = f" (item {at})" if "at" in details else ""
    if kind == "syntax":
        return CodeFailed("syntax", f"{place}{said}{item}", "Correct the code.", lines=lines, details=details)
    if kind == "not_json":
        hint = "Return texts, numbers, lists, objects, true, false or null."
        return CodeFailed("result_not_json", f"{said}{item}", hint, lines=lines, details=details)
    if kind == "raised":
        name = str(error.get("type") or "Error")[:200]
        trace = error.get("trace")
        steps = [step for step in trace if isinstance(step, dict)] if isinstance(trace, list) else []
        details["trace"] = [
            {"line": _whole(step.get("line")), "in": str(step.get("in") or "")[:200]} for step in steps[:20]
        ]
        message = f"{place}{name}: {said}{item}" if said else f"{place}{name}{item}"
        return CodeFailed(
            "raised", message, "Look at that line, and at what it was given.", lines=lines, details=details
        )
    return _ended(job, heard, "memory" if kind == "memory" else "crashed", lines)


def _whole(value: Any) -> int | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return int(value) if is_number and 0 <= value < 1_000_000 else None


def _lines(printed: bytes) -> tuple[list[str], bool]:
    text = jsonclean.cleaned(printed.decode("utf-8", "replace"))
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if lines and not lines[-1]:
        lines.pop()
    kept = [line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…" for line in lines[:MAX_LINES]]
    return kept, len(lines) > MAX_LINES
