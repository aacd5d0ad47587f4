"""What the processes of a running product take: processor time and memory, by their role. Reads /proc."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_ROLES = {"daphne": "web", "celery": "worker", "beat": "beat", "postgres": "database", "valkey": "broker"}


@dataclass(frozen=True)
class Usage:
    """Processor time so far in milliseconds, memory now in megabytes: resident, and with shared pages divided up."""

    cpu_ms: float = 0.0
    rss: float = 0.0
    pss: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.cpu_ms + other.cpu_ms, self.rss + other.rss, self.pss + other.pss)


def usage(supervisor: int) -> dict[str, Usage]:
    """By role: everything that descends from the supervisor, and the database and broker it may have adopted."""
    parents, lines = _table()
    wanted = _family(parents, {supervisor})
    folder = _environment(supervisor).get("AGENTFLOW_VAR", "")
    if folder:
        wanted |= _family(
            parents, {pid for pid, line in lines.items() if folder in line and _role(line) in ("database", "broker")}
        )
    found: dict[str, Usage] = {}
    for pid in wanted:
        root = pid
        while _role(lines.get(root, "")) == "" and parents.get(root) in wanted:
            root = parents[root]
        role = _role(lines.get(root, "")) or "supervisor"
        found[role] = found.get(role, Usage()) + _usage(pid)
    return found


def of_roles(supervisor: int, roles: Collection[str]) -> list[int]:
    """The processes of these roles that the supervisor started."""
    parents, lines = _table()
    return [pid for pid in _family(parents, {supervisor}) if _role(lines.get(pid, "")) in roles]


def total(found: dict[str, Usage]) -> Usage:
    """Everything together."""
    return sum(found.values(), Usage())


def _table() -> tuple[dict[int, int], dict[int, str]]:
    parents, lines = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            lines[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            parents[int(entry.name)] = int(stat[1])
        except (OSError, ValueError):
            continue
    return parents, lines


def _family(parents: dict[int, int], roots: set[int]) -> set[int]:
    found = set(roots)
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def _role(line: str) -> str:
    if " beat " in f"{line} ":
        return "beat"
    return next((role for word, role in _ROLES.items() if word in line), "")


def _usage(pid: int) -> Usage:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        memory = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if ":" in line
        )
    except OSError:
        return Usage()
    rss, pss = (int(memory[name].split()[0]) / 1024 for name in ("Rss", "Pss"))
    return Usage((int(stat[11]) + int(stat[12])) * 1000 / _TICK, rss, pss)


def _environment(pid: int) -> dict[str, str]:
    try:
        raw = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return {}
    return dict(item.split("=", 1) for item in raw.split("\0") if "=" in item)
