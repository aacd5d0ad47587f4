"""Gives up everything, then runs the code that came in.

`python -I -S -B confine.py PLAN`, with PLAN the JSON that `jail.py` wrote, the job on descriptor 0 and an empty
environment. The order matters: limits, files, user, system calls, and only then anything that people wrote.
"""

from __future__ import annotations

import ctypes
import fcntl
import importlib
import json
import os
import resource
import struct
import sys

_NO_NEW_PRIVS, _DEATH_SIGNAL, _DUMPABLE, _DROP_BOUND, _SECCOMP, _SECUREBITS = 38, 1, 4, 24, 22, 28
_FILTER, _SIGKILL, _NO_ROOT = 2, 9, 0x2F  # being root means nothing, for good
_RESTRICT_SELF = 446
_CAPSET = {"x86_64": 126, "aarch64": 91}
_RESULT = 3
_BEHIND_THE_PRODUCT = 5  # a worker that computes late is taken for dead


def main() -> None:
    plan = json.loads(sys.argv[1])
    own = ctypes.CDLL(None, use_errno=True)
    _keep_only(plan["result"], plan["rules"])
    for name, most in plan["limits"].items():
        kind = getattr(resource, name)
        allowed = resource.getrlimit(kind)[1]
        most = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
        resource.setrlimit(kind, (most, most))
    os.nice(_BEHIND_THE_PRODUCT)
    _lose_power(own, plan["uid"])
    _must(own.prctl(_DEATH_SIGNAL, _SIGKILL, 0, 0, 0))  # whoever changes its user loses it
    _must(own.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0))
    _must(own.prctl(_DUMPABLE, 0, 0, 0, 0))
    if plan["rules"] is not None:
        _must(own.syscall(ctypes.c_long(_RESTRICT_SELF), ctypes.c_int(4), ctypes.c_uint32(0)))
        os.close(4)
    if plan["program"] is None:
        sys.path.insert(0, os.path.dirname(__file__))
        python = importlib.import_module("python")
        sys.path.pop(0)
        _filter(own, bytes.fromhex(plan["seccomp"]))
        python.main(_RESULT)
    else:
        os.dup2(1, 2)  # what is said stays on the pipe for lines, the program's own output is the result
        os.dup2(_RESULT, 1)
        os.close(_RESULT)
        _filter(own, bytes.fromhex(plan["seccomp"]))
        os.execve(plan["program"][0], plan["program"], plan["environment"])


def _keep_only(result: int, rules: int | None) -> None:
    """Close every descriptor but the three, the result (3) and the rules (4)."""
    kept = [fcntl.fcntl(given, fcntl.F_DUPFD, 10) for given in (result, rules) if given is not None]
    for at, given in enumerate(kept, _RESULT):
        os.dup2(given, at)
    os.closerange(_RESULT + len(kept), 1 << 20)


def _lose_power(own: ctypes.CDLL, uid: int | None) -> None:
    """Become a user of its own where one was given, and have no capability, not even as root."""
    own.prctl(_SECUREBITS, _NO_ROOT, 0, 0, 0)  # refused where there is no power to lose
    for capability in range(64):
        own.prctl(_DROP_BOUND, capability, 0, 0, 0)
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    header, none = struct.pack("=Ii", 0x20080522, 0), bytes(24)
    _must(own.syscall(ctypes.c_long(_CAPSET[os.uname().machine]), header, none))


def _filter(own: ctypes.CDLL, program: bytes) -> None:
    kept = ctypes.create_string_buffer(program)
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(kept))
    _must(own.prctl(_SECCOMP, _FILTER, header, 0, 0))


def _must(answer: int) -> None:
    if answer < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


if __name__ == "__main__":
    main()
