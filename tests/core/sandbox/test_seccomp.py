"""The filter of system calls as a program of the kernel's little machine."""

from __future__ import annotations

import errno
import struct

import pytest

from apps.core.sandbox import seccomp

X86, ARM = 0xC000003E, 0xC00000B7
ALLOWED, KILLED = "allowed", "killed"


def verdict(program: bytes, architecture: int, number: int, *arguments: int) -> str:
    """What the program says of a call, carried out here."""
    given = {0: number, 4: architecture} | {16 + 8 * at: value & 0xFFFFFFFF for at, value in enumerate(arguments)}
    lines = list(struct.iter_unpack("=HBBI", program))
    value, at = 0, 0
    while True:
        code, if_true, if_false, operand = lines[at]
        at += 1
        if code == 0x20:
            value = given.get(operand, 0)
        elif code == 0x54:
            value &= operand
        elif code == 0x06:
            ends = {0x7FFF0000: ALLOWED, 0x80000000: KILLED}
            return ends.get(operand) or errno.errorcode[operand & 0xFFFF]
        else:
            is_true = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[code]
            at += if_true if is_true else if_false


@pytest.mark.parametrize(
    ("machine", "architecture", "read", "socket", "pair", "clone", "execve", "prlimit", "fcntl"),
    [("x86_64", X86, 0, 41, 53, 56, 59, 302, 72), ("aarch64", ARM, 63, 198, 199, 220, 221, 261, 25)],
)
def test_it_allows_computing_and_refuses_the_rest(
    machine: str,
    architecture: int,
    read: int,
    socket: int,
    pair: int,
    clone: int,
    execve: int,
    prlimit: int,
    fcntl: int,
) -> None:
    quiet = seccomp.program(threads=False, starts=False, machine=machine)
    busy = seccomp.program(threads=True, starts=True, machine=machine)
    for program in (quiet, busy):
        assert len(program) // 8 < 4096
        assert verdict(program, architecture, read) == ALLOWED
        assert verdict(program, architecture, socket, 2, 1) == "EPERM"
        assert verdict(program, architecture, 9_999) == "EPERM"
        assert verdict(program, architecture, pair, 1, 1 | 0o2000000) == ALLOWED
        assert verdict(program, architecture, pair, 1, 2) == "EPERM"
        assert verdict(program, architecture, pair, 2, 1) == "EPERM"
        assert verdict(program, architecture, prlimit, 0) == ALLOWED
        assert verdict(program, architecture, prlimit, 17) == "EPERM"
        assert verdict(program, architecture, fcntl, 5, 3) == ALLOWED
        assert verdict(program, architecture, fcntl, 5, 8) == "EPERM"
        assert verdict(program, X86 if architecture == ARM else ARM, read) == KILLED
        assert verdict(program, 0x40000003, 4) == KILLED
        assert verdict(program, architecture, 0x40000000 + read) == KILLED
        assert verdict(program, architecture, clone, 17) == "EPERM"
        assert verdict(program, architecture, clone, 0x10000011 | 0x10000) == "EPERM"
    assert verdict(quiet, architecture, clone, 0x3D0F00) == "EPERM"
    assert verdict(busy, architecture, clone, 0x3D0F00) == ALLOWED
    assert verdict(busy, architecture, 435) == "ENOSYS"
    assert (verdict(quiet, architecture, execve), verdict(busy, architecture, execve)) == ("EPERM", ALLOWED)


def test_a_processor_nobody_listed_has_none() -> None:
    with pytest.raises(seccomp.Unsupported, match="riscv64"):
        seccomp.program(threads=False, starts=False, machine="riscv64")
