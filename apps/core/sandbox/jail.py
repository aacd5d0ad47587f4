"""The jails this machine may have, best first, and how a process is started in each.

In all of them `inside/confine.py` sets limits and the filter of system calls, as its own user where we are root. What
differs is who hides the file system and the other processes: namespaces made by bubblewrap, or Landlock.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from apps.core.sandbox import landlock, needs, seccomp
from apps.core.sandbox.job import Language, Limits

Tier: TypeAlias = Literal["bwrap", "landlock"]
TIERS: Final[tuple[Tier, ...]] = ("bwrap", "landlock")
_MB: Final = 1 << 20
_PYTHON_OWN_MB, _DENO_OWN_MB = 64, 192  # what the interpreters take for themselves
_FIRST_UID, _UIDS, _MOST_THREADS = 61_440, 512, 256
_SETUID_AND_SETGID: Final = 0xC0
_uids = itertools.count(os.getpid())


@dataclass(frozen=True, slots=True)
class Start:
    """How to start the process: its command, and the descriptors it inherits."""

    command: list[str]
    descriptors: tuple[int, ...]


def lacks(tier: Tier, language: Language) -> str:
    """What has to be installed or switched on before this tier can be tried, as a sentence; empty: nothing."""
    if sys.platform != "linux":
        return "Code runs on Linux only: use the container image."
    try:
        seccomp.program(threads=False, starts=False)
    except seccomp.Unsupported as missing:
        return str(missing)
    if tier == "bwrap" and not shutil.which("bwrap"):
        return "bubblewrap is not installed (Debian, Ubuntu: apt install bubblewrap)."
    if tier == "landlock" and not landlock.version():
        return "This kernel has no Landlock (Linux 5.13 or newer, with landlock among its security modules)."
    if language == "javascript" and not deno_program():
        return "Deno is not installed (pip install deno)."
    return ""


@cache
def deno_program() -> str:
    """Where Deno is: beside the Python we run on, or on PATH. Empty: nowhere."""
    beside = Path(sysconfig.get_path("scripts")) / "deno"
    return str(beside) if beside.is_file() else shutil.which("deno") or ""


def start(tier: Tier, language: Language, limits: Limits, result: int) -> Start:
    """How to start the jail for a run whose answer is written to the descriptor `result`. Raises `OSError`."""
    rules, uid = _rules(language) if tier == "landlock" else None, _uid(tier, language)
    plan = {
        "result": result,
        "rules": rules,
        "limits": _limits(language, limits, uid),
        "uid": uid,
        **_program(language, limits),
    }
    inner = [
        *(needs.python().program, "-I", "-S", "-B", "-X", "utf8"),
        *(str(needs.INSIDE / "confine.py"), json.dumps(plan, separators=(",", ":"))),
    ]
    outer = _namespaces(language) if tier == "bwrap" else ()
    return Start([*outer, *inner], (result,) if rules is None else (result, rules))


@cache
def _rules(language: Language) -> int:
    """What Landlock lets a run read. The descriptor stays open: every run confines itself by the same one."""
    wanted = _needs(language)
    return landlock.ruleset(wanted.readable, wanted.listable)


@cache
def _needs(language: Language) -> needs.Needs:
    own = needs.python()
    if language == "python":
        return own
    more = needs.deno(deno_program())
    return needs.Needs(more.program, tuple(dict.fromkeys([*own.readable, *more.readable])), own.listable)


@cache
def _is_reachable(language: Language) -> bool:
    return _needs(language).is_reachable_by_anybody()


def _uid(tier: Tier, language: Language) -> int | None:
    """A user of its own for a run; none where we may not change users, or only root can read the interpreter."""
    can_be_read = tier == "bwrap" or _is_reachable(language)
    return _FIRST_UID + next(_uids) % _UIDS if _may_change_users() and can_be_read else None


@cache
def _may_change_users() -> bool:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("CapEff:")[2].split()[0], 16) & _SETUID_AND_SETGID == _SETUID_AND_SETGID


@cache
def _filter(language: Language) -> str:
    is_other = language == "javascript"
    return seccomp.program(threads=is_other, starts=is_other).hex()


def _program(language: Language, limits: Limits) -> dict[str, Any]:
    if language == "python":
        return {"program": None, "environment": {}, "seccomp": _filter(language)}
    program = [
        *(needs.deno(deno_program()).program, "run", "--quiet", "--no-prompt", "--no-remote", "--no-npm"),
        *("--no-config", "--no-lock", "--cached-only", "--no-code-cache"),
        # Without a compiler to machine code: the part of such engines that is broken out of, and reserves gigabytes.
        *(f"--v8-flags=--jitless,--max-old-space-size={limits.memory_mb}", str(needs.INSIDE / "javascript.js")),
    ]
    environment = {"DENO_DIR": "/nowhere", "DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1"}
    return {"program": program, "environment": environment, "seccomp": _filter(language)}


def _limits(language: Language, limits: Limits, uid: int | None) -> dict[str, int]:
    is_python = language == "python"
    own = _PYTHON_OWN_MB if is_python else _DENO_OWN_MB
    return {
        "RLIMIT_CPU": math.ceil(limits.seconds) + 1,
        # V8 reserves far more addresses than it uses: what counts is what it may write to.
        "RLIMIT_AS" if is_python else "RLIMIT_DATA": (limits.memory_mb + own) * _MB,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_NOFILE": 64 if is_python else 256,
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
        # Threads, all of them its own: of another user's processes we could not know how many there are.
        **({"RLIMIT_NPROC": _MOST_THREADS} if uid is not None else {}),
    }


@cache
def _namespaces(language: Language) -> tuple[str, ...]:
    """A file system that holds nothing else, no other process, and no network but a loopback of its own."""
    wanted = _needs(language)
    apart = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    if os.geteuid() == 0:  # as a user namespace would keep root's identity outside: its user is changed inside instead
        powers = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]
    else:
        apart, powers = ["--unshare-user", "--disable-userns", *apart], ["--cap-drop", "ALL"]
    places = _places(wanted)
    # Deno asks where it is: that one question is answered, there is no /proc to ask others.
    homes = dict.fromkeys(
        str(home) for place in (*places, "/proc/self/exe") for home in reversed(Path(place).parents) if str(home) != "/"
    )
    return (
        *(str(shutil.which("bwrap")), *apart, *powers, "--die-with-parent", "--new-session", "--hostname", "sandbox"),
        *(word for home in homes for word in ("--perms", "0755", "--dir", home)),
        *(word for place in places for word in _bound(place)),
        *(word for home in wanted.listable for word in _hidden(home)),
        *("--symlink", wanted.program, "/proc/self/exe", "--remount-ro", "/", "--chdir", "/", "--"),
    )


def _places(wanted: needs.Needs) -> list[str]:
    """What is shown: few mounts, since each costs. The system's own libraries come with their folder."""
    places = dict.fromkeys(wanted.listable)
    for path in wanted.readable:
        folder = os.path.dirname(path)
        if not any(path.startswith(f"{home}/") for home in wanted.listable):
            places[folder if folder.startswith(("/lib", "/usr/lib")) else path] = None
    return list(places)


def _bound(place: str) -> list[str]:
    return ["--dev-bind" if place.startswith("/dev/") else "--ro-bind", place, place]


def _hidden(home: str) -> list[str]:
    installed = [f"{home}/{name}" for name in ("site-packages", "dist-packages") if os.path.isdir(f"{home}/{name}")]
    return [word for path in installed for word in ("--tmpfs", path, "--remount-ro", path)]
