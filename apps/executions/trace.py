"""What happened in an execution, change by change, for those who look at the engine. Pure: see `story`.

Every line carries the checkpoint it was committed with and the fence it was written under; failures say what is done
about them, and why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from apps.executions.engine.said import lines_of, metrics_of
from apps.executions.engine.states import SETTLED, State, Status
from apps.executions.story import Checkpoint, Entry, Json, Record, failed_since, length, moment_of, ordinal, sentence
from apps.workflows.graph import GraphNode

_NOT_SHOWN = ("attempts", "also", "progress", "said", "max_attempts")


def begun(record: Record) -> Entry:
    """The first line: what was created, and for whom."""
    execution = record.execution
    known = {
        "mode": execution.mode,
        "trigger": execution.trigger_node,
        "version_id": str(execution.version_id),
        "queue": execution.queue,
        "lineage_id": str(execution.lineage_id),
        "started_by": execution.started_by,
    }
    return Entry(execution.created_at, "info", "execution", None, "Execution created.", known)


def told(record: Record, point: Checkpoint) -> list[Entry]:
    """Every change of one checkpoint, and what its nodes said, in the order of time."""
    found: list[Entry] = []
    for change in point.changes:
        if "wait" in change:
            found.append(_wait(record, point, change["wait"]))
        elif "node_id" in change:
            found += _node(record, point, change)
        elif "status" in change:
            found += _status(point, change)
    return sorted(found, key=lambda entry: entry.at)


def _status(point: Checkpoint, change: Mapping[str, Json]) -> Iterator[Entry]:
    data = {"seq": point.seq, "fence": point.fence, **change}
    if "resume_count" in change:  # the first commit after each claim says so
        again = f", resumed for the {ordinal(change['resume_count'])} time" if change["resume_count"] else ""
        message = f"Claimed by a worker under fence {point.fence}{again}."
        yield Entry(_claimed_at(point, change), "debug", "execution", None, message, data)
    status = change["status"]
    level = {Status.ERROR: "error", Status.TIMED_OUT: "error", Status.CANCELED: "warning"}.get(status, "info")
    code = f": {change['error_code']}" if change.get("error_code") else ""
    yield Entry(point.at, level, "execution", None, f"Execution {status}{code}.", data)


def _claimed_at(point: Checkpoint, change: Mapping[str, Json]) -> datetime:
    """Known of the first claim only; a later one lies somewhere between two checkpoints."""
    if point.before is not None:
        return point.before
    return _moment(change.get("started_at")) or point.at


def _wait(record: Record, point: Checkpoint, change: Mapping[str, Json]) -> Entry:
    kind, node_id = change.get("kind"), change.get("node_id", "")
    known = record.waits.get(change["id"])
    path = known.path if known is not None else change.get("path", "")
    data = {"seq": point.seq, "fence": point.fence, **change}
    name = record.names_of(node_id, path)
    at = _moment(change.get("resolved_at") or change.get("opened_at")) or point.at
    if change.get("resolved_at"):
        by = change.get("resolved_by") or (known.resolved_by if known is not None else None)
        message = f"{name}: wait ({kind}) resolved{f' by {by}' if by else ''}."
    else:
        until = f" until {change['wake_at']}" if change.get("wake_at") else ""
        message = f"{name}: wait ({kind}) opened{until}."
    return Entry(at, "info", "wait", node_id or None, message, data, path)


def _node(record: Record, point: Checkpoint, change: Mapping[str, Json]) -> Iterator[Entry]:
    node_id, path = change["node_id"], change.get("path", "")
    run, node = record.runs.get((node_id, path)), record.graph.nodes.get(node_id)
    name = record.names_of(node_id, path)
    if run is not None and "kept_from" not in change:
        yield from _attempts(name, point, change, run)
        for line in lines_of(run.logs, point.seq):
            yield Entry(moment_of(line), line["level"], "said", node_id, line["message"], line.get("data"), path)
    if not _goes_on(point, change):
        yield _change(name, point, change, run, node)
    if run is not None and change["state"] in SETTLED:
        for each in metrics_of(run.logs):
            unit = f" {each['unit']}" if each["unit"] else ""
            message = f"{name}: {each['name']} = {each['value']:,}{unit}"
            yield Entry(_ended(run) or point.at, "info", "metric", node_id, message, each, path)


def _goes_on(point: Checkpoint, change: Mapping[str, Json]) -> bool:
    """Whether a node merely runs on: it was written because it had something to say."""
    if change["state"] != State.RUNNING or point.before is None:
        return False
    if any("resume_count" in other for other in point.changes):
        return False  # it was taken over: the same attempt begins once more
    attempts = change.get("attempts")
    began = _moment(attempts[-1]["started_at"] if attempts else change.get("started_at"))
    return began is not None and began <= point.before


def _attempts(name: str, point: Checkpoint, change: Mapping[str, Json], run: Any) -> Iterator[Entry]:
    """The attempts that failed and were already followed by another when this was committed."""
    for attempt in failed_since(run, point, change):
        if change["state"] == State.RETRYING and attempt["number"] == change.get("attempt"):
            continue  # its change says it
        error = attempt["error"]
        message = f"{name}: attempt {attempt['number']} failed with {error['code']}: {error.get('message', '')}"
        at = datetime.fromisoformat(attempt["finished_at"])
        yield Entry(at, "warning", "attempt", run.node_id, sentence(message), attempt, run.path)


def _change(name: str, point: Checkpoint, change: Mapping[str, Json], run: Any, node: GraphNode | None) -> Entry:
    state, code = change["state"], change.get("error_code")
    is_kept = "kept_from" in change  # it ended in another execution
    most = change.get("max_attempts") or (node.retry.attempts if node else 1)
    number = change.get("attempt", 0)
    data = {"seq": point.seq, "fence": point.fence}
    data |= {key: value for key, value in change.items() if key not in _NOT_SHOWN}
    data |= _timings(change) | _of_run(run, change)
    which = f" {number} of {most}" if most > 1 else f" {number}"
    if state == State.FAILED:
        message = f"{name} FAILED in attempt{which}: {code}."
    elif state == State.RETRYING:
        message = f"{name} RETRYING: attempt{which} failed with {code}{_when_again(point, change)}."
    elif state == State.NEEDS_REVIEW:
        message = f"{name} NEEDS_REVIEW: the outcome of attempt{which} is unknown ({code}), so it is not repeated."
    elif state == State.RUNNING:
        message = f"{name} RUNNING, attempt{which}."
    elif state == State.COMPLETED:
        port = f" by port {change['port']}" if change.get("port") not in (None, "main") else ""
        took = f" after {length(data['took_ms'] / 1000)}" if "took_ms" in data else ""
        took = ", kept from another execution" if is_kept else took
        message = f"{name} COMPLETED{took}{port}."
    else:
        message = f"{name} {state}."
    level = "error" if state == State.FAILED else "warning" if state in _WARNING else "debug"
    level = "info" if level == "debug" and state not in (State.SKIPPED, State.PENDING) else level
    at = (_moment(change.get("finished_at")) if state in SETTLED and not is_kept else None) or point.at
    return Entry(at, level, "node", change["node_id"], message, data, change.get("path", ""))


_WARNING = (State.RETRYING, State.NEEDS_REVIEW, State.CANCELED)


def _when_again(point: Checkpoint, change: Mapping[str, Json]) -> str:
    again = _moment(change.get("retry_at"))
    if again is None:
        return ""
    return f"; it may pass, so it is tried again in {length(max(0.0, (again - point.at).total_seconds()))}"


def _timings(change: Mapping[str, Json]) -> dict[str, Json]:
    began, ended = _moment(change.get("started_at")), _moment(change.get("finished_at"))
    return {"took_ms": round((ended - began).total_seconds() * 1000, 1)} if began and ended else {}


def _of_run(run: Any, change: Mapping[str, Json]) -> dict[str, Json]:
    """What the row adds to a change: what the call does to the world, and why it failed."""
    if run is None:
        return {}
    found: dict[str, Json] = {"effect": run.effect} if run.effect else {}
    if change["state"] in (State.FAILED, State.NEEDS_REVIEW) and run.error:
        found["error"] = run.error
    return found


def _ended(run: Any) -> datetime | None:
    found: datetime | None = run.finished_at
    return found


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
