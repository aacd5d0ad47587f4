"""Executions and their steps in the words that pages show."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.executions import story
from apps.executions.engine.states import Status
from apps.executions.models import Execution, Wait
from apps.nodes.registry import node_type

STARTER_ICONS = {"user": "user", "api_key": "key-round", "webhook": "webhook", "schedule": "calendar-clock"}

# What people filter by, and the statuses that each word stands for.
FILTERS: dict[str, tuple[str, ...]] = {
    "RUNNING": (Status.RUNNING, Status.NEW),
    "WAITING_FOR_HUMAN": (Status.WAITING_FOR_HUMAN,),
    "WAITING": (Status.WAITING, Status.PAUSED),
    "SUCCESS": (Status.SUCCESS,),
    "ERROR": (Status.ERROR, Status.TIMED_OUT),
    "CANCELED": (Status.CANCELED,),
}


def filter_words() -> list[tuple[str, str]]:
    """The filters with their words."""
    return [
        ("", _("All")),
        ("RUNNING", _("Running")),
        ("WAITING_FOR_HUMAN", _("Waiting for a person")),
        ("WAITING", _("Waiting")),
        ("SUCCESS", _("Success")),
        ("ERROR", _("Failed")),
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
    note: str


def rows(executions: Iterable[Execution], waits: Sequence[Wait]) -> list[Row]:
    """The lines of the list; `waits` are the open ones of these executions."""
    first: dict[Any, Wait] = {}
    for wait in waits:
        known = first.get(wait.execution_id)
        if known is None or (known.kind == "timer" and wait.kind != "timer"):
            first[wait.execution_id] = wait
    return [
        Row(
            execution=execution,
            short_id=short_id(execution),
            took=took(execution),
            starter=starter(execution),
            starter_icon=STARTER_ICONS.get((execution.started_by or {}).get("kind", ""), "circle"),
            wait=first.get(execution.id),
            note=_note(execution),
        )
        for execution in executions
    ]


def fingerprint(found: Iterable[Row], total: int) -> str:
    """Changes when anything in the list does, so that an unchanged list need not be sent again."""
    text = "|".join(f"{row.execution.id}{row.execution.seq}{row.execution.status}{row.wait}" for row in found)
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
    if execution.held_by == "pause":
        return _("Held until the person asked before has answered")
    return ""


# ── One execution ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Step:
    """One node run as the table of an execution shows it."""

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


def steps(snapshot: Mapping[str, Any]) -> list[Step]:
    """Every node of the definition as a line, in the order of the run; what never began comes last."""
    nodes = {node["id"]: node for node in snapshot["definition"]["nodes"]}
    done = [_step(nodes.get(run["node_id"], {}), run) for run in snapshot["node_runs"]]
    seen = {run["node_id"] for run in snapshot["node_runs"]}
    return [*done, *(_step(node, {"state": "PENDING"}) for name, node in nodes.items() if name not in seen)]


def _step(node: Mapping[str, Any], run: Mapping[str, Any]) -> Step:
    cls = node_type(node.get("type", ""), node.get("subtype", ""))
    error = run.get("error") or {}
    began_at, ended_at = _moment(run.get("started_at")), _moment(run.get("finished_at"))
    return Step(
        name=node.get("name") or run.get("node_id", ""),
        type=node.get("type", "ACTION"),
        icon=cls.icon if cls else "box",
        state=run["state"],
        port=(run.get("port") or "") if cls and len(cls.ports_of(node.get("params", {}))) > 1 else "",
        tries=run.get("attempt", 0),
        began_at=began_at,
        took=story.length((ended_at - began_at).total_seconds()) if began_at and ended_at else "",
        note=error.get("message") or error.get("code") or "",
        hint=error.get("hint", ""),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
