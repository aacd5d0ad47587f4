"""Which system calls code may make, as a seccomp program: a list of what is allowed, everything else is refused.

Pure. Numbers are those of the kernel's headers, for x86-64 and 64-bit ARM (None: the machine has no such call).
"""

from __future__ import annotations

import platform
import struct
from collections.abc import Mapping, Sequence
from typing import Final

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, value

# Reading and writing what is open, memory, time, locks between own threads, questions about oneself.
_FREE: Final[Mapping[str, tuple[int | None, int | None]]] = {
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67), "lseek": (8, 62),
    "close": (3, 57), "close_range": (436, 436), "fstat": (5, 80), "newfstatat": (262, 79), "stat": (4, None),
    "lstat": (6, None), "statx": (332, 291), "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439),
    "open": (2, None), "openat": (257, 56), "readlink": (89, None), "readlinkat": (267, 78), "getdents64": (217, 61),
    "getcwd": (79, 17), "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24), "pipe": (22, None), "pipe2": (293, 59),
    "fadvise64": (221, 223), "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72),
    "epoll_create1": (291, 20), "epoll_ctl": (233, 21), "epoll_wait": (232, None), "epoll_pwait": (281, 22),
    "eventfd2": (290, 19), "sendto": (44, 206), "recvfrom": (45, 207),
    "mmap": (9, 222), "munmap": (11, 215), "mprotect": (10, 226), "mremap": (25, 216), "madvise": (28, 233),
    "brk": (12, 214), "pkey_alloc": (330, 289), "pkey_free": (331, 290), "pkey_mprotect": (329, 288),
    "futex": (202, 98), "membarrier": (324, 283), "rseq": (334, 293), "set_tid_address": (218, 96),
    "set_robust_list": (273, 99), "arch_prctl": (158, None), "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123), "sched_getparam": (143, 121), "sched_getscheduler": (145, 120),
    "getcpu": (309, 168), "nanosleep": (35, 101), "clock_nanosleep": (230, 115), "clock_gettime": (228, 113),
    "clock_getres": (229, 114), "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153),
    "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "getresuid": (118, 148), "getresgid": (120, 150),
    "uname": (63, 160), "sysinfo": (99, 179), "getrusage": (98, 165), "getrlimit": (97, 163),
    "getrandom": (318, 278), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132), "restart_syscall": (219, 128), "exit": (60, 93), "exit_group": (231, 94),
}  # fmt: skip
# Allowed for some first arguments only. The kernel reads these as 32 bits.
_BY_FIRST: Final[Mapping[str, tuple[tuple[int, int], Sequence[int]]]] = {
    "prlimit64": ((302, 261), (0,)),  # of oneself
    "prctl": ((157, 167), (15, 16, 0x53564D41)),  # names of threads and of memory
}
# Allowed for some second arguments only: F_SETOWN and F_SETSIG would send signals, TIOCSTI would type for others.
_BY_SECOND: Final[Mapping[str, tuple[tuple[int, int], Sequence[int]]]] = {
    "fcntl": ((72, 25), (0, 1, 2, 3, 4, 1030)),  # duplicates and flags
    "ioctl": ((16, 29), (0x5401, 0x5413, 0x541B, 0x5421, 0x5451)),  # is it a terminal, how much is there, flags
}
_SOCKETPAIR, _CLONE, _CLONE3, _EXECVE = (53, 199), (56, 220), (435, 435), (59, 221)
_AF_UNIX, _SOCK_STREAM, _SOCK_TYPE = 1, 1, 0xF
_CLONE_THREAD, _CLONE_NEW = 0x10000, 0x7E020080

_ARCHITECTURES: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32 = 0x40000000
_LOAD, _EQUAL, _AT_LEAST, _BITS, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _KILL, _EPERM, _ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
_NUMBER, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24


class Unsupported(Exception):
    """There is no list of system calls for this machine's processor."""


def program(*, threads: bool, starts: bool, machine: str = "") -> bytes:
    """The filter as the kernel takes it: its instructions, eight bytes each. Raises `Unsupported`.

    `threads`: the process may start threads, never processes. `starts`: it may replace itself by another program.
    """
    machine = machine or platform.machine()
    if machine not in _ARCHITECTURES:
        raise Unsupported(f"There is no list of system calls for {machine} processors.")
    at, architecture = _ARCHITECTURES[machine]
    lines: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
    ]
    for numbers in [*_FREE.values(), *([_EXECVE] if starts else [])]:
        number = numbers[at]
        if number is not None:
            lines += _when(number, [(_RETURN, 0, 0, _ALLOW)])
    for table, argument in ((_BY_FIRST, _FIRST), (_BY_SECOND, _SECOND)):
        for pair, allowed in table.values():
            lines += _when(pair[at], _one_of(argument, allowed))
    # A pair of datagram sockets could be used to send to any address.
    stream = [(_LOAD, 0, 0, _SECOND), (_AND, 0, 0, _SOCK_TYPE), *_is(_SOCK_STREAM)]
    lines += _when(_SOCKETPAIR[at], [(_LOAD, 0, 0, _FIRST), (_EQUAL, 0, len(stream), _AF_UNIX), *stream, _REFUSE])
    if threads:
        alone = [(_LOAD, 0, 0, _FIRST), (_BITS, 1, 0, _CLONE_NEW), (_BITS, 1, 0, _CLONE_THREAD), _REFUSE]
        lines += _when(_CLONE[at], [*alone, (_RETURN, 0, 0, _ALLOW)])
        lines += _when(_CLONE3[at], [(_RETURN, 0, 0, _ENOSYS)])  # its flags are out of reach: C falls back to clone
    return b"".join(struct.pack("=HBBI", *line) for line in [*lines, _REFUSE])


_REFUSE: Instruction = (_RETURN, 0, 0, _EPERM)


def _when(number: int, then: list[Instruction]) -> list[Instruction]:
    return [(_EQUAL, 0, len(then), number), *then]


def _is(value: int) -> list[Instruction]:
    return [(_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]


def _one_of(argument: int, allowed: Sequence[int]) -> list[Instruction]:
    return [(_LOAD, 0, 0, argument), *(line for value in allowed for line in _is(value)), _REFUSE]
