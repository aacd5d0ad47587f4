"""What the canvas does with live changes (`static/src/canvas/reducer.ts`), in Python.

A snapshot and a message in, the next snapshot out. Payloads and what errors say never travel live: no side has them.
What has settled inside containers is only counted, so what a side remembers is bounded by what is open at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.executions.engine.states import SETTLED, TERMINAL

Json = dict[str, Any]
_TIMES = {"at", "started_at", "finished_at", "retry_at", "opened_at", "wake_at", "resolved_at"}
_PAYLOADS = {"input", "params", "output", "logs", "metrics", "name"}
_COUNTED = ("node_id", "is_iteration", "state", "port")
_STATIC = ("id", "workflow_id", "version", "mode", "trigger", "definition")


def plain(snapshot: Json) -> Json:
    """A snapshot as both sides can know it, node runs and waits by their keys."""
    return {
        "seq": snapshot["seq"],
        "status": snapshot["status"],
        "started_at": _value("started_at", snapshot["started_at"]),
        "finished_at": _value("finished_at", snapshot["finished_at"]),
        "resume_count": snapshot["resume_count"],
        "error": _code(snapshot["error"]),
        "remaining_nodes": snapshot["remaining_nodes"],
        **_scope(snapshot),
    } | {key: snapshot[key] for key in _STATIC}


def plain_iteration(snapshot: Json) -> Json:
    """The snapshot of one iteration likewise."""
    return {"path": snapshot["path"], "seq": snapshot["seq"], **_scope(snapshot)}


def _scope(snapshot: Json) -> Json:
    return {
        "node_runs": {(run["node_id"], run["path"]): _node_run(run) for run in snapshot["node_runs"]},
        "waits": {wait["id"]: {key: _value(key, value) for key, value in wait.items()} for wait in snapshot["waits"]},
        "counts": {tuple(row[key] for key in _COUNTED): row["count"] for row in snapshot["counts"]},
    }


def apply(snapshot: Json, message: Json) -> Json:
    """The plain snapshot after a message."""
    if message["seq"] <= snapshot["seq"]:
        return snapshot
    assert message["seq"] == snapshot["seq"] + 1, "a change was left out"
    found = {**snapshot, "seq": message["seq"]}
    path = snapshot.get("path", "")
    for change in message.get("changes", ()):
        if "wait" in change:
            found["waits"] = _waits_after(found["waits"], change["wait"], path)
        elif "node_id" in change:
            if change["path"] == path or change["path"].startswith(f"{path}/" if path else ""):
                _note_run(found, change, path)
        elif "path" not in snapshot:
            found |= {key: _value(key, value) for key, value in change.items() if key != "error_code"}
            found["error"] = change.get("error_code", found["error"])
            if change["status"] in TERMINAL:
                found["remaining_nodes"] = []
    return found


def _note_run(found: Json, change: Json, path: str) -> None:
    key = (change["node_id"], change["path"])
    run = _run_after(found["node_runs"].get(key), change)
    is_settled = run["state"] in SETTLED
    if change["path"] == path or not is_settled:
        found["node_runs"] = found["node_runs"] | {key: run}
    else:
        found["node_runs"] = {other: each for other, each in found["node_runs"].items() if other != key}
        is_iteration = change["path"].split("/")[-1].startswith(f"{run['node_id']}[")
        row = (run["node_id"], is_iteration, run["state"], run["port"])
        found["counts"] = found["counts"] | {row: found["counts"].get(row, 0) + 1}
    if is_settled and not change["path"] and "remaining_nodes" in found:
        found["remaining_nodes"] = [name for name in found["remaining_nodes"] if name != change["node_id"]]


def _waits_after(waits: Json, change: Json, path: str) -> Json:
    """A wait that closes brings neither its path nor when it was opened: one that is not known is not shown."""
    known = waits.get(change["id"])
    if known is None and "opened_at" not in change:
        return waits
    wait = (known or {}) | {key: _value(key, value) for key, value in change.items()}
    at = wait["path"]
    is_ours = at == path or at.startswith(f"{path}/" if path else "")
    if not is_ours or (at != path and wait["resolved_at"] is not None):
        return {other: each for other, each in waits.items() if other != change["id"]}
    return waits | {change["id"]: wait}


def _run_after(old: Json | None, change: Json) -> Json:
    known = old or {}
    run = {
        "node_id": change["node_id"],
        "path": change["path"],
        "state": change["state"],
        "attempt": change.get("attempt", known.get("attempt", 0)),
        "max_attempts": change.get("max_attempts", known.get("max_attempts", 1)),
        "port": change.get("port", known.get("port")),
        "also": change.get("also", known.get("also", [])),
        "error": change.get("error_code", known.get("error")),
        "retry_at": _value("retry_at", change.get("retry_at")),
        "started_at": _value("started_at", change.get("started_at", known.get("started_at"))),
        "finished_at": _value("finished_at", change.get("finished_at", known.get("finished_at"))),
    }
    kept_from = change.get("kept_from", known.get("kept_from"))
    if kept_from is not None:
        run["kept_from"] = kept_from
    unmet = change.get("unmet", known.get("unmet"))
    if unmet:
        run["unmet"] = unmet
    run["total"] = None if change["state"] in SETTLED else change.get("total", known.get("total"))
    progress = change.get("progress", known.get("progress"))
    if progress and change["state"] not in SETTLED:
        run["progress"] = progress
    if change["state"] in ("RUNNING", "COMPLETED"):
        run["error"] = None
    if "attempts" in change:
        run["attempts"] = [_attempt(each) for each in change["attempts"]]
    else:
        run["attempts"] = _attempts_after(known.get("attempts", []), run)
    return run


def _attempts_after(old: list[Json], run: Json) -> list[Json]:
    """Without attempts in the change there was one at most, and the run's own times are its times."""
    if run["attempt"] == 0:
        return old
    is_over = run["state"] in SETTLED
    error = run["error"] if is_over else None
    return [
        *[each for each in old if each["number"] != run["attempt"]],
        {
            "number": run["attempt"],
            "started_at": run["started_at"],
            "finished_at": run["finished_at"],
            "error": error,
        },
    ]


def _node_run(run: Json) -> Json:
    found = {key: _value(key, value) for key, value in run.items() if key not in _PAYLOADS}
    return found | {"error": _code(run["error"]), "attempts": [_attempt(each) for each in run["attempts"]]}


def _attempt(attempt: Json) -> Json:
    return {key: _value(key, value) for key, value in attempt.items()} | {"error": _code(attempt["error"])}


def _code(error: Json | None) -> str | None:
    return error["code"] if error else None


def _value(key: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if key in _TIMES and isinstance(value, str) else value
