"""What happened in an execution, as lines that people read. Pure: derived from what is recorded anyway.

The *business* view tells it in sentences; the *technical* view lists every change of state with its checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from apps.executions.engine.attempts import attempts_of
from apps.executions.engine.states import State, Status
from apps.nodes.contract import NodeType, Trigger
from apps.workflows.graph import Graph, GraphNode

View = Literal["business", "technical"]
Json = Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `level` is debug, info, warning or error; `node_id` is None for what concerns the whole execution."""

    at: datetime
    level: str
    node_id: str | None
    message: str
    data: Json = None

    def as_dict(self) -> dict[str, Json]:
        """The line as the API gives it."""
        return {
            "at": self.at.isoformat(),
            "level": self.level,
            "node_id": self.node_id,
            "message": self.message,
            "data": self.data,
        }


@dataclass(frozen=True, slots=True)
class Record:
    """What an execution has on record: its rows, as the selectors give them."""

    execution: Any
    graph: Graph
    runs: Sequence[Any]
    waits: Sequence[Any]
    transitions: Sequence[Any] = ()


def tell(record: Record, view: View) -> list[Entry]:
    """The lines of one view, in the order of time."""
    lines = _business(record) if view == "business" else _technical(record)
    return sorted(lines, key=lambda entry: entry.at)


# ── Business ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _business(record: Record) -> Iterator[Entry]:
    execution = record.execution
    yield Entry(execution.created_at, "info", None, f"Started{_by(execution)}.", execution.started_by)
    for run in record.runs:
        node = record.graph.nodes.get(run.node_id)
        if node is not None:
            yield from _tries(node, run)
            yield from _end_of_node(node, run)
            yield from _said(run, {"info", "warning", "error"})
    for wait in record.waits:
        node = record.graph.nodes.get(wait.node_id)
        if node is not None:
            yield from _wait(node, wait)
    yield from _end(execution)


def _by(execution: Any) -> str:
    label = (execution.started_by or {}).get("label")
    return f" by {label}" if label else ""


def _tries(node: GraphNode, run: Any) -> Iterator[Entry]:
    """The attempts that failed and were followed by another."""
    for attempt in attempts_of(run):
        error = attempt["error"]
        is_last = attempt["number"] == run.attempt and run.state == State.FAILED
        if error and not is_last and attempt["finished_at"]:
            which = f" ({ordinal(attempt['number'])} try)" if node.retry.attempts > 1 else ""
            message = f"{node.name} failed{which}: {_sentence(error.get('message') or error['code'])}"
            yield Entry(datetime.fromisoformat(attempt["finished_at"]), "warning", node.id, message, error)


def _end_of_node(node: GraphNode, run: Any) -> Iterator[Entry]:
    if run.finished_at is None:
        return
    error = run.error or {}
    if run.state == State.FAILED:
        tries = f" after {run.attempt} tries" if run.attempt > 1 else ""
        message = f"{node.name} failed{tries}: {_sentence(error.get('message') or error.get('code', 'unknown'))}"
        yield Entry(run.finished_at, "error", node.id, message, error)
    elif run.state == State.CANCELED:
        yield Entry(run.finished_at, "warning", node.id, f"{node.name} was cancelled.")
    elif run.state == State.COMPLETED and not issubclass(node.cls, Trigger):
        message = _SENTENCES.get(node.subtype, _finished)(node, run)
        if message:
            yield Entry(run.finished_at, "info", node.id, message)


def _finished(node: GraphNode, run: Any) -> str:
    return f"{node.name} finished{_after(run)}."


def _answered(node: GraphNode, run: Any) -> str:
    status = run.output.get("status") if isinstance(run.output, Mapping) else None
    return f"{node.name} answered {status}{_after(run)}." if status else _finished(node, run)


def _decided(node: GraphNode, run: Any) -> str:
    name = node.name if node.name.endswith("?") else f"{node.name}:"
    return f"{name} {(run.port or 'none').capitalize()}."


def _chosen(node: GraphNode, run: Any) -> str:
    return f"{node.name} went on by “{run.port}”."


def _joined(node: GraphNode, run: Any) -> str:
    return f"{node.name}: every branch has arrived."


def _responded(node: GraphNode, run: Any) -> str:
    return f"{node.name} answered the caller."


def _stopped(node: GraphNode, run: Any) -> str:
    return f"{node.name} ended the execution."


def _told_by_wait(node: GraphNode, run: Any) -> str:
    return ""


_SENTENCES: dict[str, Callable[[GraphNode, Any], str]] = {
    "HTTP_REQUEST": _answered,
    "IF": _decided,
    "SWITCH": _chosen,
    "MERGE": _joined,
    "RESPOND": _responded,
    "STOP": _stopped,
    "WAIT": _told_by_wait,
    "CONFIRMATION": _told_by_wait,
}


def _said(run: Any, levels: set[str]) -> Iterator[Entry]:
    """What the node said itself."""
    at = run.finished_at or run.attempt_at or run.started_at
    for line in run.logs or []:
        level = line.get("level", "info")
        if at and level in levels:
            yield Entry(at, level, run.node_id, line["message"], line.get("data"))


def _wait(node: GraphNode, wait: Any) -> Iterator[Entry]:
    if wait.kind == "timer":
        if wait.wake_at:
            yield Entry(wait.opened_at, "info", node.id, f"{node.name} waits until {_moment(wait.wake_at)}.")
        if wait.resolved_by == "deadline":
            passed = length((wait.resolved_at - wait.opened_at).total_seconds())
            yield Entry(wait.resolved_at, "info", node.id, f"{node.name} waited {passed}.")
        return
    if wait.kind == "review":
        message = f"Nobody knows whether {node.name} was carried out. {wait.title or 'A person is asked.'}"
        yield Entry(wait.opened_at, "warning", node.id, message)
    else:
        what = f"{node.name} was asked" if node.type == NodeType.HUMAN_IN_THE_LOOP else f"{node.name} waits"
        yield Entry(wait.opened_at, "info", node.id, f"{what}: {wait.title}" if wait.title else f"{what}.")
    if wait.resolved_at is not None:
        yield Entry(wait.resolved_at, "info", node.id, _resolved(node, wait), wait.answer)


def _resolved(node: GraphNode, wait: Any) -> str:
    passed = length((wait.resolved_at - wait.opened_at).total_seconds())
    outcome = (wait.answer or {}).get("outcome") if isinstance(wait.answer, Mapping) else None
    if wait.resolved_by == "deadline":
        return f"{node.name}: nobody answered within {passed}."
    if wait.resolved_by in ("canceled", "error", "timed_out", "success"):
        return f"{node.name} is not asked any more."
    return f"{node.name}: {str(outcome or 'answered').replace('_', ' ')} by {wait.resolved_by} after {passed}."


def _end(execution: Any) -> Iterator[Entry]:
    if execution.finished_at is None:
        return
    took = f" after {length((execution.finished_at - execution.created_at).total_seconds())}"
    error = execution.error or {}
    words = _sentence(error.get("message") or "")
    level, message = {
        Status.SUCCESS: ("info", f"Finished{took}."),
        Status.CANCELED: ("warning", words or f"Cancelled{took}."),
        Status.TIMED_OUT: ("error", f"Timed out{took}."),
    }.get(execution.status, ("error", f"Failed{took}: {words}" if words else f"Failed{took}."))
    yield Entry(execution.finished_at, level, None, message, execution.error)


# ── Technical ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _technical(record: Record) -> Iterator[Entry]:
    execution = record.execution
    known = {"mode": execution.mode, "trigger": execution.trigger_node, "version_id": str(execution.version_id)}
    yield Entry(execution.created_at, "info", None, "Execution created.", known | {"queue": execution.queue})
    errors = {(run.node_id, run.path): run.error for run in record.runs if run.error}
    for row in record.transitions:
        for change in row.changes:
            yield _change(row, change, errors)
    for run in record.runs:
        yield from _said(run, {"debug", "info", "warning", "error"})


def _change(row: Any, change: Mapping[str, Json], errors: Mapping[tuple[str, str], Json]) -> Entry:
    data: dict[str, Json] = {"seq": row.seq, "fence": row.fence, **change}
    if "wait" in change:
        wait = change["wait"]
        verb = "resolved" if wait.get("resolved_at") else "opened"
        return Entry(row.at, "info", wait.get("node_id"), f"Wait {verb} ({wait.get('kind')}).", data)
    if "node_id" not in change:
        status = change["status"]
        level = "error" if status in (Status.ERROR, Status.TIMED_OUT) else "info"
        return Entry(row.at, level, None, f"Execution {status}.", data)
    state, node_id = change["state"], change["node_id"]
    code = change.get("error_code")
    level = "error" if state == State.FAILED else "warning" if code else "debug" if state == State.SKIPPED else "info"
    if state == State.FAILED:
        data["error"] = errors.get((node_id, change.get("path", "")))
    attempt = f", attempt {change['attempt']}" if change.get("attempt", 0) > 1 else ""
    return Entry(row.at, level, node_id, f"{node_id} {state}{attempt}{f': {code}' if code else ''}.", data)


# ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def ordinal(number: int) -> str:
    """`2` → `2nd`."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def _after(run: Any) -> str:
    if run.started_at is None:
        return ""
    tried = f" ({ordinal(run.attempt)} try)" if run.attempt > 1 else ""
    return f" after {length((run.finished_at - run.started_at).total_seconds())}{tried}"


def length(seconds: float) -> str:
    """A duration as people say it: `4 ms`, `1.9 s`, `14 min 35 s`, `3 h 5 min`, `2 d 4 h`."""
    if seconds < 0.9995:
        return f"{max(0, round(seconds * 1000))} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    whole = round(seconds)
    for size, unit, smaller, small in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit} {rest} {small}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def since_and_until(entries: Iterable[Entry], since: datetime | None, until: datetime | None) -> list[Entry]:
    """The lines from `since` on (included) up to `until` (not included)."""
    return [entry for entry in entries if (since is None or entry.at >= since) and (until is None or entry.at < until)]
