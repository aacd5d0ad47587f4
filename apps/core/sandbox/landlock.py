"""Landlock: a view of the file system that a process can only ever narrow. The kernel's own, without privileges."""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from functools import cache

_CREATE, _ADD = 444, 445  # the same numbers on every processor
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_BENEATH, _VERSION = 1, 1
# What each version can forbid on top of the one before: (version, rights on files).
_FILES = ((1, 0x1FFF), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
_TCP_SINCE, _SCOPES_SINCE = 4, 6  # bind and connect; abstract sockets and signals


@cache
def version() -> int:
    """The version this kernel speaks; 0: it has no Landlock, or it is switched off."""
    return max(0, int(_libc().syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))))


def ruleset(readable: Iterable[str], listable: Iterable[str] = ()) -> int:
    """A descriptor with which a process confines itself to reading and running what stands in these places.

    A folder stands for all that is in it; of one that is `listable` only the names are seen. What is not there is left
    out. The caller closes the descriptor. Raises `OSError`.
    """
    speaks = version()
    files = sum(rights for since, rights in _FILES if speaks >= since)
    parts = [files, *([3] if speaks >= _TCP_SINCE else []), *([3] if speaks >= _SCOPES_SINCE else [])]
    attributes = struct.pack(f"={len(parts)}Q", *parts)
    found = _called(_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    try:
        for path in readable:
            _allow(found, path, _EXECUTE | _READ_FILE | _READ_DIR)
        for path in listable:
            _allow(found, path, _READ_DIR)
    except BaseException:
        os.close(found)
        raise
    return found


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= ~_READ_DIR
        rule = struct.pack("=Qi", rights, place)
        _called(_ADD, ctypes.c_int(rules), ctypes.c_int(_BENEATH), rule, ctypes.c_uint32(0))
    finally:
        os.close(place)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _called(number: int, *arguments: object) -> int:
    found = int(_libc().syscall(ctypes.c_long(number), *arguments))
    if found < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return found
