"""What watchers and waiting callers are told of a checkpoint.

Watchers get states and times, never payloads; selectors show them the same in a snapshot.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.executions.engine.attempts import attempts_of, without_words
from apps.executions.engine.noderun import CONTAINER, NodeRun, unmet_of
from apps.executions.engine.said import progress_of, worst_level
from apps.executions.engine.states import TERMINAL, Status
from apps.executions.store import Checkpoint
from apps.executions.wait_kinds import OpenWait


def change_of(run: NodeRun, max_attempts: int = 1, seq: int = 0) -> dict[str, Any]:
    """What watchers are told of a node run: states and times, never payloads nor what errors say.

    `seq` is the checkpoint this is part of. Of what the node said, the gravest level of the new lines is told, and how
    far it is in numbers; the words are asked for.
    """
    found: dict[str, Any] = {
        "node_id": run.node_id,
        "path": run.path,
        "state": str(run.state),
        "attempt": run.attempt,
        "port": run.port,
        "started_at": run.started_at and run.started_at.isoformat(),
        "finished_at": run.finished_at and run.finished_at.isoformat(),
    }
    if run.error:
        found["error_code"] = run.error.get("code")
    if run.retry_at:
        found["retry_at"] = run.retry_at.isoformat()
    if run.attempts:
        found["attempts"] = without_words(attempts_of(run))
    if max_attempts > 1:
        found["max_attempts"] = max_attempts
    if run.also:
        found["also"] = list(run.also)
    if unmet := unmet_of(run.verdicts):
        found["unmet"] = unmet
    if run.effect == CONTAINER and not run.is_settled and run.suspended:
        found["total"] = run.suspended.get("total")
    if run.logs:
        found |= _said(run, seq)
    return found


def _said(run: NodeRun, seq: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    level, progress = worst_level(run.logs, seq), progress_of(run.logs)
    if level:
        found["said"] = level
    if progress and not run.is_settled:
        found["progress"] = {"done": progress["done"], "total": progress["total"]}
    return found


def closed_wait(wait_id: UUID, run: NodeRun, kind: str, at: datetime, by: str) -> dict[str, Any]:
    """What watchers are told of a wait that is over."""
    return {
        "id": str(wait_id),
        "node_id": run.node_id,
        "path": run.path,
        "kind": kind,
        "resolved_at": at.isoformat(),
        "resolved_by": by,
    }


def opened_wait(wait: OpenWait, now: datetime) -> dict[str, Any]:
    """What watchers are told of a wait that begins."""
    return {
        "id": str(wait.id),
        "node_id": wait.node_id,
        "path": wait.path,
        "kind": wait.kind,
        "title": getattr(wait.request, "title", ""),
        "opened_at": now.isoformat(),
        "wake_at": wait.wake_at and wait.wake_at.isoformat(),
        "resolved_at": None,
        "resolved_by": None,
    }


def answers_caller(point: Checkpoint) -> bool:
    """Whether there is something in it for a caller who waits: a response, the end, or that a person is asked."""
    return bool(point.response) or point.status in TERMINAL or point.status is Status.WAITING_FOR_HUMAN


def reply_of(point: Checkpoint, response: dict[str, Any] | None) -> dict[str, Any]:
    """What a waiting caller is told; `response` is the one that was given so far, now or earlier."""
    return {
        "execution_id": str(point.execution_id),
        "status": str(point.status),
        "response": response,
        "output": point.output if point.status is Status.SUCCESS else None,
        "error": point.error,
    }
