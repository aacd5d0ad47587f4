"""What to do with what a node answered. Pure: time and chance are passed in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.core import jsonclean
from apps.executions.engine.noderun import NodeRun
from apps.executions.engine.states import NodeEvent, State
from apps.nodes.contract import Done, Leave, NodeError, OnUnknown, Retry
from apps.workflows.graph import GraphNode


@dataclass(frozen=True, slots=True)
class Settled:
    """What follows from an answer, beyond the node run itself."""

    failed: bool = False  # the execution must stop with this node's error
    doubtful: bool = False  # a person must say what happened
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How one node ended the whole execution, while others may still be running."""

    success: bool
    error: dict[str, Any] | None
    output: Any


def start(run: NodeRun, now: datetime) -> None:
    """An attempt begins."""
    run.become(NodeEvent.START)
    run.attempt += 1
    run.started_at, run.attempt_at = run.started_at or now, now
    run.retry_at = None


def finish(run: NodeRun, done: Done, now: datetime) -> Settled:
    """The node is done."""
    run.become(NodeEvent.COMPLETE)
    run.output, run.port, run.also = done.output, done.port, done.also
    run.error, run.suspended, run.finished_at = None, None, now
    return Settled()


def end(run: NodeRun, ending: Ending, now: datetime) -> None:
    """The node ends the whole execution. Nothing leaves it; how it ended is kept with it, see `ending_of`."""
    if ending.success:
        finish(run, Done(ending.output), now)
        run.port, run.suspended = None, {"success": True, "error": None}
        return
    run.become(NodeEvent.FAIL)
    run.output, run.error, run.finished_at = ending.output, ending.error, now
    run.suspended = {"success": False, "error": ending.error}


def leave(run: NodeRun, left: Leave, now: datetime) -> None:
    """The node ends the round it stands in. Nothing leaves it; what it said is kept with it."""
    finish(run, Done(left.results[0] if left.results else None), now)
    run.port, run.suspended = None, {"is_whole": left.whole, "results": list(left.results)}


def ending_of(runs: Iterable[NodeRun]) -> Ending | None:
    """How an execution was about to end when its owner was lost, if one of its nodes had ended it.

    A failure inside of a container ends the round it happened in, not the execution.
    """
    closed = [(run.finished_at, run.node_id, run) for run in runs if run.port is None and run.finished_at is not None]
    for _, _, run in sorted(closed, key=lambda each: each[:2]):
        if run.suspended and "success" in run.suspended:
            return Ending(run.suspended["success"], run.suspended["error"], run.output)
        if run.state is State.FAILED and not run.path:
            return Ending(False, run.error, run.output)
    return None


def fail(run: NodeRun, node: GraphNode, error: NodeError, now: datetime, *, chance: float, honours: bool) -> Settled:
    """An attempt failed: try again, ask a person, or let the node's `on_error` decide.

    `chance` in [0, 1) spreads retries; `honours`: the receiver makes a repeat of this write harmless.
    """
    unknown = error.is_unknown and not honours
    again = (error.retryable or error.is_unknown) and run.attempt < node.retry.attempts
    if not unknown:
        run.failures += not error.is_unknown
    _remember(run, error, now)
    if unknown and node.on_unknown is OnUnknown.ASK:
        run.error = describe(error, node.id)
        run.become(NodeEvent.DOUBT)
        return Settled(doubtful=True)
    if again and (not unknown or node.on_unknown is OnUnknown.RETRY):
        run.error = describe(error, node.id)
        run.become(NodeEvent.BACK_OFF)
        if error.is_afresh:
            run.wait_id = run.suspended = None
        run.retry_at = now + timedelta(seconds=pause(node.retry, run.attempt, chance, error.retry_after))
        return Settled(retry_at=run.retry_at)
    return refuse(run, node, error, now)


def refuse(run: NodeRun, node: GraphNode, error: NodeError, now: datetime) -> Settled:
    """The node failed for good."""
    run.become(NodeEvent.FAIL)
    run.error, run.suspended, run.finished_at = describe(error, node.id), None, now
    if node.on_error == "stop":
        return Settled(failed=True)
    run.output = {"error": run.error}
    run.port = "error" if node.on_error == "route" else "main"
    return Settled()


def pause(retry: Retry, attempt: int, chance: float, retry_after: float | None) -> float:
    """Seconds until the next attempt: full jitter under an exponential ceiling, never less than the receiver asked."""
    ceiling = min(retry.max_delay_seconds, retry.delay_seconds * 2.0 ** min(attempt - 1, 30))
    return max(chance * ceiling, min(retry_after or 0.0, 86_400.0))


def describe(error: NodeError, node_id: str) -> dict[str, Any]:
    """An error as it is stored and shown."""
    found = {"code": error.code, "message": error.message, "node_id": node_id}
    if error.hint:
        found["hint"] = error.hint
    if error.details is not None:
        found["details"] = error.details
    return jsonclean.cleaned(found)  # type: ignore[no-any-return]


def _remember(run: NodeRun, error: NodeError, now: datetime) -> None:
    run.attempts.append(
        {
            "number": run.attempt,
            "started_at": (run.attempt_at or now).isoformat(),
            "finished_at": now.isoformat(),
            "error": jsonclean.cleaned({"code": error.code, "message": error.message}),
        }
    )
