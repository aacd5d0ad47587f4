"""What a run in hand has to write, and where it stands: the next checkpoint."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.executions.engine import plan
from apps.executions.engine.states import TERMINAL, Event, State, Status, execution_next
from apps.executions.store import Checkpoint
from apps.executions.wait_kinds import HUMAN_KINDS
from apps.executions.worker.changes import change_of, closed_wait, opened_wait
from apps.executions.worker.run import Run

_OPEN = (State.RUNNING, State.WAITING_INPUT, State.RETRYING, State.NEEDS_REVIEW)


def taken(run: Run, now: datetime, *, hand_over: bool = False) -> Checkpoint:
    """The next checkpoint. Taking it clears what there is to write; write it or drop the run."""
    status = _standing(run, now)
    parks = status not in (Status.RUNNING, *TERMINAL)
    point = Checkpoint(
        execution_id=run.id,
        workspace_id=run.claimed.workspace_id,
        fence=run.claimed.fence,
        seq=run.seq,
        status=status,
        at=now,
        runs=list(run.dirty.values()),
        changes=[change_of(each, run.node_of(each).retry.attempts, run.seq + 1) for each in run.dirty.values()],
        opened=run.opened,
        awaited=list(run.awaited),
        withdrawn=run.withdrawn,
        is_released=status is not Status.RUNNING or hand_over,
        runnable_at=run.next_due() if parks else None,
        hold=_breakpoint(run, now) if status is Status.PAUSED else None,
        response=run.response,
        unknown_writes=run.unknown_writes,
    )
    if status in TERMINAL:
        _close(run, point)
        run.closed += [
            closed_wait(wait_id, each, kind, now, str(status).lower())
            for wait_id, (each, kind, _) in run.awaited.items()
        ]
    point.changes += [{"wait": opened_wait(wait, now)} for wait in run.opened]
    point.changes += [{"wait": wait} for wait in run.closed]
    if status != run.published:
        point.changes.append(_status_change(run, point))
    run.published = status
    run.dirty, run.opened, run.withdrawn, run.closed, run.unknown_writes, run.response = {}, [], [], [], [], None
    run.is_urgent, run.dirty_since = False, None
    run.seq += 1
    return point


def _status_change(run: Run, point: Checkpoint) -> dict[str, Any]:
    change: dict[str, Any] = {"status": str(point.status)}
    if run.published is None:  # taken since the last change
        change |= {"started_at": run.claimed.started_at.isoformat(), "resume_count": run.claimed.resume_count}
    if point.status in TERMINAL:
        change["finished_at"] = point.at.isoformat()
    if point.error:
        change["error_code"] = point.error.get("code")
    return change


def _breakpoint(run: Run, now: datetime) -> dict[str, Any] | None:
    if not run.broken:
        return None  # somebody holds it, and that is written already
    return {"by": "breakpoint", "at": now.isoformat(), "nodes": [list(each.key) for each in run.broken]}


def _standing(run: Run, now: datetime) -> Status:
    if run.is_held and not run.in_flight and run.stopping is None and not plan.is_over(run.runs):
        return execution_next(Status.RUNNING, Event.HOLD)
    if not run.is_idle:
        return Status.RUNNING
    if run.broken and run.stopping is None:
        return execution_next(Status.RUNNING, Event.HOLD)
    if run.stopping is not None:
        for each in [each for each in run.all_runs() if each.state in _OPEN]:
            run.cancel(each, now)
        return execution_next(Status.RUNNING, Event.SUCCEED if run.stopping.success else Event.FAIL)
    found = plan.standing(run.calling_runs())
    if found is Status.WAITING and any(kind in HUMAN_KINDS for _, kind, _ in run.awaited.values()):
        return execution_next(Status.RUNNING, Event.ASK)
    events = {Status.WAITING: Event.WAIT, Status.WAITING_FOR_HUMAN: Event.ASK, Status.SUCCESS: Event.SUCCEED}
    return execution_next(Status.RUNNING, events[found]) if found in events else found


def _close(run: Run, point: Checkpoint) -> None:
    if run.stopping is not None:
        point.error, point.output = run.stopping.error, run.stopping.output
    else:
        point.output = plan.output(run.graph, run.runs)
