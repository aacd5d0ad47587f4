"""What a run in hand waits for: waits are opened, looked at again, and answered."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from apps.core.ids import uuid7
from apps.executions.engine.noderun import NodeRun
from apps.executions.store import Loaded
from apps.executions.wait_kinds import OpenWait, Review
from apps.executions.worker import prepare
from apps.executions.worker.changes import closed_wait
from apps.nodes.contract import Done, NodeError

if TYPE_CHECKING:
    from apps.executions.worker.run import Run


def begin(run: Run, node_run: NodeRun, kind: str, wake_at: datetime | None, request: Any, now: datetime) -> None:
    """Open a wait; it is written with the next checkpoint, which follows at once."""
    node_run.wait_id = uuid7()
    claimed = run.claimed
    run.opened.append(
        OpenWait(
            id=node_run.wait_id,
            workspace_id=claimed.workspace_id,
            execution_id=claimed.id,
            workflow_id=claimed.workflow_id,
            node_id=node_run.node_id,
            node_name=run.node_of(node_run).name,
            path=node_run.path,
            kind=kind,
            wake_at=wake_at,
            request=request,
        )
    )
    run.awaited[node_run.wait_id] = (node_run, kind, wake_at)
    run.is_urgent = True
    run.touch(node_run, now)


def look(run: Run, node_run: NodeRun, loaded: Loaded) -> None:
    """Let a node go on whose answer has come, or note that it still waits."""
    wait_id = node_run.wait_id
    assert wait_id is not None
    if wait_id in loaded.answers:
        run.awaited.pop(wait_id, None)
        run.answers[node_run.key] = run.past[wait_id] = loaded.answers[wait_id]
        kind, at = loaded.closed[wait_id]
        run.closed.append(closed_wait(wait_id, node_run, kind, at, loaded.answers[wait_id][0]))
        run.queue(node_run)
    elif wait_id in loaded.open:
        kind, wake_at = loaded.open[wait_id]
        run.awaited[wait_id] = (node_run, kind, wake_at)


def ask_for_review(run: Run, node_run: NodeRun, now: datetime) -> None:
    """Let a person say what became of a write nobody saw the end of."""
    node = run.node_of(node_run)
    review = Review(
        title=f"Did “{node.name}” happen?",
        message=(node_run.error or {}).get("message", ""),
        data={
            "node": node.name,
            "type": node.subtype,
            "parameters": node_run.params,
            "error": node_run.error,
            "idempotency_key": prepare.key_of(run, node_run),
            "sent_at": (node_run.attempt_at or now).isoformat(),
            "attempt": node_run.attempt,
        },
    )
    begin(run, node_run, "review", None, review, now)


def reviewed(run: Run, node_run: NodeRun, now: datetime) -> list[NodeRun]:
    """A person said it. Returns the node runs that are settled now."""
    _, answer = run.answers.pop(node_run.key)
    verdict = (answer or {}).get("outcome")
    node_run.wait_id = None
    if verdict == "happened":
        return run.done(node_run, Done((answer or {}).get("data")), now)
    if verdict == "run_again":
        return run.again(node_run, now)
    error = node_run.error or {}
    code, message = error.get("code", "executions.outcome_unknown"), error.get("message", "It did not happen.")
    return run.refuse(node_run, NodeError(code, message, error.get("hint", "")), now)
