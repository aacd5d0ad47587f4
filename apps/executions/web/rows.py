"""Executions and their steps in the words that pages show."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.executions import story
from apps.executions.engine.states import State, Status
from apps.executions.models import Execution, Wait
from apps.executions.wait_kinds import HUMAN_KINDS
from apps.nodes.registry import node_type

STARTER_ICONS = {
    "user": "user",
    "api_key": "key-round",
    "webhook": "webhook",
    "schedule": "calendar-clock",
    "execution": "workflow",
}

DEAD_LETTERS = "DEAD_LETTERS"
"""The filter for what failed and was not run again since."""

# What people filter by, and the statuses that each word stands for.
FILTERS: dict[str, tuple[str, ...]] = {
    "RUNNING": (Status.RUNNING, Status.NEW),
    "WAITING_FOR_HUMAN": (Status.WAITING_FOR_HUMAN,),
    "WAITING": (Status.WAITING, Status.PAUSED),
    "SUCCESS": (Status.SUCCESS,),
    "ERROR": (Status.ERROR, Status.TIMED_OUT),
    DEAD_LETTERS: (Status.ERROR, Status.TIMED_OUT),
    "CANCELED": (Status.CANCELED,),
}
REDRIVABLE = ("ERROR", DEAD_LETTERS, "CANCELED")
"""The filters under which everything listed can be done again from where it failed."""

FILTERED_BY = ("workflow", "status", "q", "code")
"""The parameters of the list's address that narrow it."""


RANGES: dict[str, timedelta] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
}
"""How far back the list goes, by the word in its address."""


def range_words() -> list[tuple[str, str]]:
    """The ranges with their words."""
    return [
        ("", _("At any time")),
        ("hour", _("In the last hour")),
        ("day", _("In the last 24 hours")),
        ("week", _("In the last 7 days")),
        ("month", _("In the last 30 days")),
    ]


def filter_words() -> list[tuple[str, str]]:
    """The filters with their words."""
    return [
        ("", _("All")),
        ("RUNNING", _("Running")),
        ("WAITING_FOR_HUMAN", _("Waiting for a person")),
        ("WAITING", _("Waiting")),
        ("SUCCESS", _("Success")),
        ("ERROR", _("Failed")),
        (DEAD_LETTERS, _("Still failed")),
        ("CANCELED", _("Cancelled")),
    ]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    execution: Execution
    short_id: str
    took: str
    starter: str
    starter_icon: str
    wait: Wait | None
    is_asked: bool
    note: str


def rows(executions: Iterable[Execution], waits: Sequence[Wait], reasons: Mapping[UUID, str]) -> list[Row]:
    """The lines of the list; `waits` are the open ones of these executions, `reasons` why some are still queued."""
    first: dict[Any, Wait] = {}
    for wait in waits:
        known = first.get(wait.execution_id)
        if known is None or (known.kind not in HUMAN_KINDS and wait.kind in HUMAN_KINDS):
            first[wait.execution_id] = wait
    return [
        Row(
            execution=execution,
            short_id=short_id(execution),
            took=took(execution),
            starter=starter(execution),
            starter_icon=STARTER_ICONS.get((execution.started_by or {}).get("kind", ""), "circle"),
            wait=first.get(execution.id),
            note=reasons.get(execution.id) or _note(execution),
            is_asked=execution.id in first and first[execution.id].kind in HUMAN_KINDS,
        )
        for execution in executions
    ]


def fingerprint(found: Iterable[Row], total: int) -> str:
    """Changes when anything in the list does, so that an unchanged list need not be sent again."""
    text = "|".join(f"{row.execution.id}{row.execution.seq}{row.execution.status}{row.wait}{row.note}" for row in found)
    return hashlib.sha256(f"{total}|{text}".encode()).hexdigest()[:16]


def short_id(execution: Execution) -> str:
    """The end of its id, which is how people tell executions apart."""
    return str(execution.id)[-6:]


def took(execution: Execution) -> str:
    """How long it lasted; empty while it goes on."""
    if execution.finished_at is None:
        return ""
    return story.length((execution.finished_at - execution.created_at).total_seconds())


def starter(execution: Execution) -> str:
    """Who or what started it."""
    label: str = (execution.started_by or {}).get("label", "")
    return label


def _note(execution: Execution) -> str:
    if execution.error:
        return str(execution.error.get("message") or execution.error.get("code") or "")
    return ""


# ── One execution ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Step:
    """One node as the table of an execution shows it; of nodes inside containers all their runs together.

    `depth` counts the containers around it. `tally` says how its iterations stand, or its runs in all iterations.
    """

    name: str
    type: str
    icon: str
    state: str
    port: str
    tries: int
    began_at: datetime | None
    took: str
    note: str
    hint: str
    depth: int = 0
    tally: str = ""


def steps(snapshot: Mapping[str, Any]) -> list[Step]:
    """Every node of the definition as a line, in the order of the run; what never began comes last.

    What is inside a container follows it, each node as one line however many iterations there were.
    """
    nodes = {node["id"]: node for node in snapshot["definition"]["nodes"]}
    runs = {run["node_id"]: run for run in snapshot["node_runs"] if not run["path"]}
    order = [*runs, *(name for name in nodes if name not in runs)]
    inside: dict[str, list[str]] = {}
    for name in order:
        parent = nodes.get(name, {}).get("parent")
        inside.setdefault(parent if parent in nodes else "", []).append(name)
    counts = _counts(snapshot)

    def lines(parent: str, depth: int) -> Iterator[Step]:
        for name in inside.get(parent, ()):
            alone = counts.get((name, False), {})
            run = {"state": _foremost(alone)} if depth else runs.get(name, {"state": "PENDING"})
            tally = _tally(counts.get((name, True), {})) or (_tally(alone) if depth else "")
            yield _step(nodes.get(name, {"id": name}), run, depth, tally)
            yield from lines(name, depth + 1)

    return list(lines("", 0))


def _counts(snapshot: Mapping[str, Any]) -> dict[tuple[str, bool], dict[str, int]]:
    """How many node runs inside containers stand in each state, by node, iterations of a container apart."""
    found: dict[tuple[str, bool], dict[str, int]] = {}
    for row in snapshot["counts"]:
        states = found.setdefault((row["node_id"], row["is_iteration"]), {})
        states[row["state"]] = states.get(row["state"], 0) + row["count"]
    for run in snapshot["node_runs"]:
        if run["path"]:
            is_iteration = run["path"].rpartition("/")[2].startswith(f"{run['node_id']}[")
            states = found.setdefault((run["node_id"], is_iteration), {})
            states[run["state"]] = states.get(run["state"], 0) + 1
    return found


_FOREMOST = (
    *(State.WAITING_INPUT, State.NEEDS_REVIEW, State.RUNNING, State.RETRYING),
    *(State.FAILED, State.COMPLETED, State.CANCELED, State.SKIPPED),
)


def _foremost(states: Mapping[str, int]) -> str:
    return next((str(state) for state in _FOREMOST if states.get(state)), str(State.PENDING))


def _tally(states: Mapping[str, int]) -> str:
    """`98 done, 2 failed`."""
    words = {
        State.COMPLETED: _("%(n)s done"),
        State.FAILED: _("%(n)s failed"),
        State.RUNNING: _("%(n)s running"),
        State.RETRYING: _("%(n)s retrying"),
        State.WAITING_INPUT: _("%(n)s waiting"),
        State.NEEDS_REVIEW: _("%(n)s to review"),
        State.CANCELED: _("%(n)s cancelled"),
        State.SKIPPED: _("%(n)s skipped"),
    }
    return ", ".join(word % {"n": f"{states[state]:,}"} for state, word in words.items() if states.get(state))


def _step(node: Mapping[str, Any], run: Mapping[str, Any], depth: int, tally: str) -> Step:
    cls = node_type(node.get("type", ""), node.get("subtype", ""))
    error = run.get("error") or {}
    began_at, ended_at = _moment(run.get("started_at")), _moment(run.get("finished_at"))
    return Step(
        name=node.get("name") or node.get("id", ""),
        type=node.get("type", "ACTION"),
        icon=cls.icon if cls else "box",
        state=run["state"],
        port=(run.get("port") or "") if cls and len(cls.ports_of(node.get("params", {}))) > 1 else "",
        tries=run.get("attempt", 0),
        began_at=began_at,
        took=story.length((ended_at - began_at).total_seconds()) if began_at and ended_at else "",
        note=error.get("message") or error.get("code") or "",
        hint=error.get("hint", ""),
        depth=depth,
        tally=tally,
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
