"""What an interpreter has to read: its standard library and the shared libraries it loads. Found out by asking it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

INSIDE: Final = Path(__file__).resolve().parent / "inside"
_NOT_OURS: Final = (
    "site-packages",
    "dist-packages",
    "test",
    "idlelib",
    "ensurepip",
    "lib2to3",
    "turtledemo",
    "__pycache__",
)
_ASK: Final = """
import importlib, json, os, pkgutil, sys, sysconfig
homes = sorted({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})
for home in homes:
    for found in pkgutil.iter_modules([os.path.join(home, "lib-dynload")]):
        if not found.name.startswith("_test") and found.name != "_tkinter":
            try:
                importlib.import_module(found.name)
            except Exception:
                pass
files = {line.split(None, 5)[5].strip() for line in open("/proc/self/maps") if line.count("/")}
print(json.dumps([homes, sorted(files)]))
"""


@dataclass(frozen=True, slots=True)
class Needs:
    """A program, and the files and folders it reads. Of `listable` folders the names are seen, too."""

    program: str
    readable: tuple[str, ...]
    listable: tuple[str, ...] = ()

    def is_reachable_by_anybody(self) -> bool:
        """Whether a user who owns nothing can read all of it."""
        return all(_is_open(Path(path)) for path in (self.program, *self.readable, *self.listable))


@cache
def python() -> Needs:
    """The interpreter this process runs on, without anything that was installed into it. Raises `OSError`."""
    program = os.path.realpath(getattr(sys, "_base_executable", sys.executable))  # a copy in a venv reads more
    asked = subprocess.run(
        [program, "-I", "-S", "-B", "-c", _ASK],
        env={},
        capture_output=True,
        timeout=60,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    homes, files = json.loads(asked.stdout)
    parts = [str(path) for home in homes for path in sorted(Path(home).iterdir()) if path.name not in _NOT_OURS]
    own = [file for file in _with_links(files) if not any(file.startswith(f"{home}/") for home in homes)]
    rest = [path for path in ("/usr/share/zoneinfo", "/dev/null", "/dev/urandom") if os.path.exists(path)]
    return Needs(program, (program, *own, *parts, str(INSIDE), *rest), tuple(homes))


@cache
def deno(program: str) -> Needs:
    """Deno, which carries everything but the C library. Raises `OSError`."""
    program = os.path.realpath(program)
    asked = subprocess.run(
        [program],
        env={"LD_TRACE_LOADED_OBJECTS": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    files = [word for line in asked.stdout.splitlines() for word in line.split() if word.startswith("/")]
    rest = [path for path in ("/dev/null", "/dev/urandom") if os.path.exists(path)]
    return Needs(program, (program, *_with_links(files), str(INSIDE / "javascript.js"), *rest))


def _with_links(files: list[str]) -> list[str]:
    """The files under every name the loader may look for them: through the links of their folder and of the system."""
    found: dict[str, None] = {}
    loaders = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1")
    for file in (path for path in (*files, *loaders) if os.path.isfile(path)):
        real = os.path.realpath(file)
        folder, name = os.path.split(real)
        alike = [f"{folder}/{other}" for other in _names(folder) if other.startswith(f"{name.split('.so')[0]}.so")]
        for path in (file, real, *(other for other in alike if os.path.realpath(other) == real)):
            found[path] = None
            other = path[len("/usr") :] if path.startswith("/usr/lib") else f"/usr{path}"
            if os.path.exists(other) and os.path.realpath(other) == real:
                found[other] = None
    return list(found)


@cache
def _names(folder: str) -> tuple[str, ...]:
    return tuple(os.listdir(folder))


def _is_open(path: Path) -> bool:
    if not path.exists():
        return True
    real = path.resolve()
    wanted = 0o005 if real.is_dir() else 0o004
    return real.stat().st_mode & wanted == wanted and all(each.stat().st_mode & 0o001 for each in real.parents)
