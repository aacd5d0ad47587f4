"""What the kernel knows of processes: who is who, who dies with whom, how one ended."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(parent: int, number: signal.Signals = signal.SIGKILL) -> None:
    """In a child between fork and exec: have the kernel signal it when its parent dies, however that comes."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it died before we asked
            os.kill(os.getpid(), number)


def works_in(pid: int, directory: Path) -> bool:
    """Whether `pid` is a live process whose working directory is `directory`.

    A recycled process id, a zombie and another user's process are not; where the system does not
    tell (no /proc), being alive is taken for a yes.
    """
    if not Path("/proc/self/cwd").exists():
        try:
            os.kill(pid, 0)
        except OSError:
            return False
        return True
    try:
        return os.readlink(f"/proc/{pid}/cwd") == os.path.realpath(directory)
    except OSError:
        return False


def processes_in(directory: Path) -> list[int]:
    """The live processes whose working directory is `directory`; none where the system does not tell."""
    with contextlib.suppress(OSError):
        return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and works_in(int(p.name), directory)]
    return []


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to a program and all it started; harmless when they are gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def describe_exit(code: int) -> str:
    """How a program ended, in words."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
