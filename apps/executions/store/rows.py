"""Node runs as rows, and JSON as PostgreSQL takes and gives it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from apps.executions import payloads
from apps.executions.engine.noderun import NodeRun
from apps.executions.engine.states import State

RUN_COLUMNS = """node_id text, path text, state text, attempt int, effect text, params jsonb, output jsonb, port text,
    also jsonb, error jsonb, suspended jsonb, wait_id uuid, retry_at timestamptz, started_at timestamptz,
    attempt_at timestamptz, finished_at timestamptz, failures int, attempts jsonb, logs jsonb, by_reference jsonb,
    losses int, input jsonb, verdicts jsonb"""
RUN_NAMES = [part.split()[0] for part in RUN_COLUMNS.replace("\n", " ").split(",")]
NAMES = ", ".join(RUN_NAMES)
_JSON = [part.split()[0] for part in RUN_COLUMNS.split(",") if part.split()[1] == "jsonb"]


def row_of(run: NodeRun) -> dict[str, Any]:
    """A node run as the columns of its row; what few have is left out where it is null."""
    found = {
        "node_id": run.node_id,
        "path": run.path,
        "state": run.state,
        "attempt": run.attempt,
        "effect": run.effect,
        "params": run.params,
        "output": run.output,
        "port": run.port,
        "also": run.also,
        "error": run.error,
        "suspended": run.suspended,
        "wait_id": run.wait_id,
        "retry_at": run.retry_at,
        "started_at": run.started_at,
        "attempt_at": run.attempt_at,
        "finished_at": run.finished_at,
        "failures": run.failures,
        "attempts": run.attempts,
        "logs": run.logs,
        "by_reference": None,
        "losses": run.losses,
    }
    if run.input is not None:
        found["input"] = run.input
    if run.verdicts is not None:
        found["verdicts"] = run.verdicts
    return found


def run_of(row: Sequence[Any], workspace_id: UUID) -> NodeRun:
    """A node run from the columns of its row, in the order of `RUN_NAMES`, with what is kept outside the row."""
    found = dict(zip(RUN_NAMES, row, strict=True))
    for name in _JSON:
        found[name] = value(found[name])
    references = found.pop("by_reference")
    if references:
        found = payloads.brought_back(workspace_id, found, references)
    return NodeRun(**{**found, "state": State(found["state"]), "also": tuple(found["also"] or ())})


def dump(value: Any) -> str | None:
    return None if value is None else payloads.dump(value)


def value(raw: Any) -> Any:
    return json.loads(raw) if isinstance(raw, str) else raw


def by_kind(rows: Iterable[tuple[str, UUID]]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = {}
    for kind, wait_id in rows:
        found.setdefault(kind, []).append(wait_id)
    return found
