"""What happened in an execution, as sentences that people read. Pure: told from what is recorded anyway.

An execution's history is its checkpoints (`Transition` rows); each is told by itself, so that a log of any length is
read and followed piece by piece. `trace` tells the same for those who look at the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from apps.executions.engine.attempts import attempts_of
from apps.executions.engine.said import lines_of, progress_of
from apps.executions.engine.states import TERMINAL, State, Status
from apps.nodes.contract import NodeType, Trigger
from apps.workflows.graph import Graph, GraphNode

View = Literal["business", "technical"]
Json = Any
Key = tuple[str, str]  # node id and path

LEVELS = ("debug", "info", "warning", "error")
LONGEST_MESSAGE = 4_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `level` is one of `LEVELS`; `node_id` is None for what concerns the whole execution.

    `kind`: execution, node, attempt, wait, said (by the node itself) or metric.
    """

    at: datetime
    level: str
    kind: str
    node_id: str | None
    message: str
    data: Json = None
    path: str = ""
    is_milestone: bool = False


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One commit of an execution: what changed, and when the one before it was."""

    seq: int
    at: datetime
    fence: int
    changes: list[Mapping[str, Json]]
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What is on record about the node runs and waits that the told checkpoints name, as they stand now."""

    execution: Any
    graph: Graph
    runs: Mapping[Key, Any] = field(default_factory=dict)
    waits: Mapping[str, Any] = field(default_factory=dict)
    milestones: frozenset[str] = frozenset()

    def names_of(self, node_id: str, path: str = "") -> str:
        """How a node is called in a line: its name, and of what is repeated, which time it is."""
        node = self.graph.nodes.get(node_id)
        name = node.name if node else node_id
        rounds = [part.rpartition("[")[2].rstrip("]") for part in path.split("/") if part.endswith("]")]
        counted = [str(int(each) + 1) for each in rounds if each.isdecimal()]
        return f"{name} ({'.'.join(counted)})" if counted else name


def begun(record: Record) -> Entry:
    """The first line: who or what started it."""
    execution = record.execution
    label = (execution.started_by or {}).get("label")
    by = f" by {label}" if label else ""
    return Entry(execution.created_at, "info", "execution", None, f"Started{by}.", execution.started_by)


def told(record: Record, point: Checkpoint) -> list[Entry]:
    """The sentences of one checkpoint, in the order of time."""
    found = [*_kept(record, point)]
    for change in point.changes:
        if "kept_from" in change:
            continue
        if "wait" in change:
            found += _wait_changed(record, change["wait"])
        elif "node_id" in change:
            found += _node_changed(record, point, change)
        elif change.get("status") in TERMINAL:
            found += _ended(record.execution)
        elif change.get("status") == Status.PAUSED:
            found.append(_paused(record.execution, point))
    return sorted(found, key=lambda entry: entry.at)


def _kept(record: Record, point: Checkpoint) -> Iterator[Entry]:
    """What an execution that does another one again began with."""
    kept = [change for change in point.changes if "kept_from" in change and change["state"] != State.SKIPPED]
    for source in dict.fromkeys(change["kept_from"] for change in kept):
        names = ", ".join(record.names_of(change["node_id"]) for change in kept if change["kept_from"] == source)
        is_own = source == str(record.execution.id)
        words = f"Given for this run: {names}." if is_own else f"Kept from run {source[-6:]}: {names}."
        yield Entry(point.at, "info", "execution", None, words, {"execution_id": source})


# ── Nodes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _node_changed(record: Record, point: Checkpoint, change: Mapping[str, Json]) -> Iterator[Entry]:
    key = (change["node_id"], change.get("path", ""))
    run, node = record.runs.get(key), record.graph.nodes.get(key[0])
    if run is None or node is None:
        return
    name = record.names_of(*key)
    yield from _tries(name, node, run, point, change)
    for line in lines_of(run.logs, point.seq):
        if line["level"] != "debug":
            yield Entry(moment_of(line), line["level"], "said", node.id, line["message"], line.get("data"), key[1])
    if run.finished_at is not None:
        yield from _end_of_node(record, name, node, run, change)


def _tries(name: str, node: GraphNode, run: Any, point: Checkpoint, change: Mapping[str, Json]) -> Iterator[Entry]:
    """The attempts that failed since the last checkpoint and were not the end of it."""
    for attempt in failed_since(run, point, change):
        error = attempt["error"]
        which = f" ({ordinal(attempt['number'])} try)" if node.retry.attempts > 1 else ""
        message = f"{name} failed{which}: {sentence(error.get('message') or error['code'])}"
        at = datetime.fromisoformat(attempt["finished_at"])
        yield Entry(at, "warning", "attempt", node.id, message, error, run.path)


def failed_since(run: Any, point: Checkpoint, change: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    """The failed attempts that a checkpoint is the first to know of, without the one that ended the node."""
    for attempt in attempts_of(run):
        ended = attempt["finished_at"] and datetime.fromisoformat(attempt["finished_at"])
        is_last = change["state"] == State.FAILED and attempt["number"] == change.get("attempt")
        if not attempt["error"] or not ended or is_last:
            continue
        if ended <= point.at and (point.before is None or ended > point.before):
            yield attempt


def _end_of_node(record: Record, name: str, node: GraphNode, run: Any, change: Mapping[str, Json]) -> Iterator[Entry]:
    error = run.error or {}
    is_milestone = node.id in record.milestones and not is_iteration(node.id, run.path)
    if change["state"] == State.FAILED:
        tries = f" after {run.attempt} tries" if run.attempt > 1 else ""
        message = f"{name} failed{tries}: {sentence(error.get('message') or error.get('code', 'unknown'))}"
        yield Entry(run.finished_at, "error", "node", node.id, message, error, run.path, is_milestone)
    elif change["state"] == State.CANCELED:
        yield Entry(run.finished_at, "warning", "node", node.id, f"{name} was cancelled.", None, run.path)
    elif change["state"] == State.COMPLETED and not issubclass(node.cls, Trigger):
        if is_iteration(node.id, run.path):
            return  # its steps have been told
        message = _SENTENCES.get(node.subtype, _finished)(name, run)
        if message or is_milestone:
            message = message or _finished(name, run)
            yield Entry(run.finished_at, "info", "node", node.id, message, None, run.path, is_milestone)


def is_iteration(node_id: str, path: str) -> bool:
    """Whether a node run is one round of its container rather than the container itself."""
    return path.rpartition("/")[2].startswith(f"{node_id}[")


def _finished(name: str, run: Any) -> str:
    return f"{name} finished{_after(run)}{_how_far(run)}."


def _looped(name: str, run: Any) -> str:
    """`Lines: 100 items, 98 done, 2 failed, in 3 min 20 s.`"""
    rounds = {state: count for state, count in (run.rounds or {}).items() if count}
    if not rounds:
        return _finished(name, run)
    words = ", ".join(f"{rounds[state]:,} {word}" for state, word in _ROUND_WORDS if state in rounds)
    many = sum(rounds.values())
    return f"{name}: {many:,} {'item' if many == 1 else 'items'}, {words}{_after(run).replace(' after', ', in', 1)}."


_ROUND_WORDS = ((State.COMPLETED, "done"), (State.FAILED, "failed"), (State.CANCELED, "cancelled"))


def _answered(name: str, run: Any) -> str:
    return f"{name} answered {run.answered}{_after(run)}." if run.answered else _finished(name, run)


def _decided(name: str, run: Any) -> str:
    subject = name if name.endswith("?") else f"{name}:"
    return f"{subject} {(run.port or 'none').capitalize()}."


def _chosen(name: str, run: Any) -> str:
    return f"{name} went on by “{run.port}”."


def _joined(name: str, run: Any) -> str:
    return f"{name}: every branch has arrived."


def _responded(name: str, run: Any) -> str:
    return f"{name} answered the caller."


def _stopped(name: str, run: Any) -> str:
    return f"{name} ended the execution."


def _told_by_wait(name: str, run: Any) -> str:
    return ""


_SENTENCES: dict[str, Callable[[str, Any], str]] = {
    "HTTP_REQUEST": _answered,
    "LOOP": _looped,
    "WHILE": _looped,
    "IF": _decided,
    "SWITCH": _chosen,
    "MERGE": _joined,
    "RESPOND": _responded,
    "STOP": _stopped,
    "WAIT": _told_by_wait,
    "CONFIRMATION": _told_by_wait,
    "INPUT": _told_by_wait,
    "DECISION": _told_by_wait,
    "REVIEW": _told_by_wait,
}


# ── Waits ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _wait_changed(record: Record, change: Mapping[str, Json]) -> Iterator[Entry]:
    wait = record.waits.get(change["id"])
    node = record.graph.nodes.get(change.get("node_id", ""))
    if wait is None or node is None:
        return
    name = record.names_of(node.id, wait.path)
    found = _opened(name, node, wait) if change.get("resolved_at") is None else _resolved(name, wait)
    if found:
        at, level, message, data = found
        yield Entry(at, level, "wait", node.id, shortened(message), data, wait.path)


def _opened(name: str, node: GraphNode, wait: Any) -> tuple[datetime, str, str, Json] | None:
    if wait.kind == "timer":
        told = f"{name} waits until {_moment(wait.wake_at)}." if wait.wake_at else f"{name} waits."
        return wait.opened_at, "info", told, None
    if wait.kind == "review":
        asked = wait.title or "A person is asked."
        return wait.opened_at, "warning", f"Nobody knows whether {name} was carried out. {asked}", None
    if wait.kind == "child":
        count = (wait.details or {}).get("count", 1)
        called = f"“{wait.title}”" if count == 1 else f"“{wait.title}” {count} times"
        return wait.opened_at, "info", f"{name} called {called}." if wait.title else f"{name} could call nobody.", None
    what = f"{name} was asked" if node.type == NodeType.HUMAN_IN_THE_LOOP else f"{name} waits"
    return wait.opened_at, "info", f"{what}: {wait.title}" if wait.title else f"{what}.", None


def _resolved(name: str, wait: Any) -> tuple[datetime, str, str, Json] | None:
    if wait.resolved_at is None:
        return None
    at, passed = wait.resolved_at, length((wait.resolved_at - wait.opened_at).total_seconds())
    if wait.kind == "timer":
        return (at, "info", f"{name} waited {passed}.", None) if wait.resolved_by == "deadline" else None
    if wait.kind == "child":
        return at, "info", _of_children(name, wait, passed), None
    if wait.resolved_by == "deadline":
        return at, "info", f"{name}: nobody answered within {passed}.", wait.answer
    if wait.resolved_by in ("canceled", "error", "timed_out", "success", "withdrawn"):
        return at, "info", f"{name} is not asked any more.", wait.answer
    outcome = (wait.answer or {}).get("outcome") if isinstance(wait.answer, Mapping) else None
    answered = str(outcome or "answered").replace("_", " ")
    return at, "info", f"{name}: {answered} by {wait.resolved_by} after {passed}.", wait.answer


def _of_children(name: str, wait: Any, passed: str) -> str:
    """What a node that called others got, after how long. What they returned stands with them."""
    answer = wait.answer if isinstance(wait.answer, Mapping) else {}
    if wait.resolved_by == "deadline":
        return f"{name}: not all had ended within {passed}; the rest is cancelled."
    if "children" not in answer:
        return f"{name} goes on." if "started" in answer else f"{name} waits no longer."
    failed = sum(child["error"] is not None for child in answer["children"])
    return f"{name}: failed after {passed}." if failed else f"{name}: the result came after {passed}."


# ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _paused(execution: Any, point: Checkpoint) -> Entry:
    """Who paused it is known as long as it is paused."""
    hold = execution.hold or {}
    by = hold.get("by")
    how = " at a breakpoint" if by == "breakpoint" else f" by {by}" if by else ""
    reason = f": {sentence(hold['reason'])}" if hold.get("reason") else "."
    return Entry(point.at, "warning", "execution", None, f"Paused{how}{reason}", hold or None)


def _ended(execution: Any) -> Iterator[Entry]:
    if execution.finished_at is None:
        return
    took = f" after {length((execution.finished_at - execution.created_at).total_seconds())}"
    error = execution.error or {}
    words = sentence(error.get("message") or "")
    level, message = {
        Status.SUCCESS: ("info", f"Finished{took}."),
        Status.CANCELED: ("warning", words or f"Cancelled{took}."),
        Status.TIMED_OUT: ("error", f"Timed out{took}."),
    }.get(execution.status, ("error", f"Failed{took}: {words}" if words else f"Failed{took}."))
    yield Entry(execution.finished_at, level, "execution", None, message, execution.error)


# ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def ordinal(number: int) -> str:
    """`2` → `2nd`."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def _how_far(run: Any) -> str:
    progress = progress_of(run.logs)
    return f", {amount(progress)}" if progress else ""


def amount(progress: Mapping[str, Json]) -> str:
    """`40 of 100`, or `40` when nobody knows of how many."""
    done, total = progress["done"], progress.get("total")
    return f"{done:,}" if total is None else f"{done:,} of {total:,}"


def moment_of(said: Mapping[str, Json]) -> datetime:
    """When a node said something."""
    return datetime.fromisoformat(said["at"])


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


def shortened(text: str) -> str:
    """The text, no longer than a line of a log may be."""
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]}…"


def sentence(text: str) -> str:
    """The text with a full stop, no longer than a line of a log may be."""
    if len(text) > LONGEST_MESSAGE:
        return shortened(text)
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
