"""An execution in hand: it is advanced by whichever thread just finished one of its nodes.

Under the run's own lock a thread applies a result, runs the pure nodes that became ready, writes a checkpoint where the
rules of `docs/engine.md` ask for one, and hands the nodes that call out to the pool. A run that waits for the network
holds one thread per call and nothing else.
"""

from __future__ import annotations

import logging
import random
import threading
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.core import clock, jsonclean
from apps.core.ids import uuid7
from apps.executions.engine import plan, settle
from apps.executions.engine.noderun import NodeRun
from apps.executions.engine.states import TERMINAL, Event, NodeEvent, State, Status, execution_next
from apps.executions.store import Checkpoint, Claimed, Loaded
from apps.executions.wait_kinds import OpenWait, Review
from apps.executions.worker import prepare
from apps.executions.worker.changes import change_of, closed_wait, opened_wait
from apps.executions.worker.hand import Hand
from apps.executions.worker.prepare import Call
from apps.nodes.contract import Done, NodeError, Result, Stop, Suspend
from apps.workflows.graph import Edge, Graph

logger = logging.getLogger(__name__)

MAX_OUTPUT_BYTES = 16_000_000
STOP_GRACE_SECONDS = 30.0
HUMAN_KINDS = frozenset({"human", "review"})


class Run(Hand):
    """One owned execution: its node runs, what is not written yet, and what it waits for."""

    def __init__(self, claimed: Claimed, graph: Graph) -> None:
        super().__init__(claimed, graph)
        self.lock = threading.RLock()
        self.taken_at = clock.now()
        self.seq = claimed.seq
        self.published: Status | None = None
        self.ready: deque[str] = deque()
        self.calls: deque[Call] = deque()  # prepared, not started: no thread was free
        self.in_flight: dict[str, Call] = {}
        self.awaited: dict[UUID, tuple[str, str, datetime | None]] = {}  # wait → (node, kind, falls due)
        self.opened: list[OpenWait] = []
        self.closed: list[dict[str, Any]] = []  # waits that were resolved, for the watchers
        self.dirty: dict[str, NodeRun] = {}
        self.dirty_since: datetime | None = None
        self.is_urgent = False
        self.response: dict[str, Any] | None = None
        self.given_response = claimed.response  # the one the caller gets, once there is one
        self.stopping: settle.Ending | None = None  # how it ends as soon as nothing runs any more
        self.stops_at: datetime | None = None  # when what still runs is given up
        self.unknown_writes: list[dict[str, Any]] = []
        self.is_dropped = False

    # ── Coming into hand ─────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self, now: datetime) -> None:
        """A fresh execution: its trigger becomes ready."""
        for node_id, run in self.runs.items():
            if run.state is State.SKIPPED:
                self._touch(run, now, node_id=node_id)
        self.ready.append(self.claimed.trigger_node)

    def restore(self, loaded: Loaded, now: datetime) -> None:
        """An execution that ran before: take up what was written, resume what was answered, doubt what was lost."""
        for run in loaded.runs:
            self.runs[run.node_id] = run
        ending = settle.ending_of(loaded.runs)
        if ending is not None:
            self._stop(ending, now)
        for run in loaded.runs:
            if run.state is State.RUNNING and ending is None:
                self._take_up(run, now)
            elif run.state in (State.WAITING_INPUT, State.NEEDS_REVIEW) and run.wait_id:
                self._look_at_wait(run, loaded)
        if self.runs[self.claimed.trigger_node].state is State.PENDING:
            self.ready.append(self.claimed.trigger_node)
        found = plan.resumable(self.graph, self.runs, self.holds)
        self._note_plan(found, now)

    def refresh(self, loaded: Loaded) -> None:
        """Answers that came in while the execution was in hand."""
        for run in self.runs.values():
            if (
                run.state in (State.WAITING_INPUT, State.NEEDS_REVIEW)
                and run.wait_id
                and run.node_id not in self.answers
                and all(call.node_id != run.node_id for call in self.calls)
            ):
                self._look_at_wait(run, loaded)

    def _look_at_wait(self, run: NodeRun, loaded: Loaded) -> None:
        assert run.wait_id is not None
        if run.wait_id in loaded.answers:
            self.awaited.pop(run.wait_id, None)
            self.answers[run.node_id] = self.past[run.wait_id] = loaded.answers[run.wait_id]
            kind, at = loaded.closed[run.wait_id]
            self.closed.append(closed_wait(run.wait_id, run.node_id, kind, at, loaded.answers[run.wait_id][0]))
            self.ready.append(run.node_id)
        elif run.wait_id in loaded.open:
            kind, wake_at = loaded.open[run.wait_id]
            self.awaited[run.wait_id] = (run.node_id, kind, wake_at)

    def _take_up(self, run: NodeRun, now: datetime) -> None:
        """Its owner was lost while this node was calling out."""
        call = prepare.again(self, run)
        if call.effect == "write" and not call.honours_key:
            lost = NodeError(
                "executions.outcome_unknown",
                f"The process that ran “{self.graph.nodes[run.node_id].name}” was lost after the call was sent; "
                "whether it was carried out is not known.",
                "Look at the receiving system, then say what happened.",
                is_unknown=True,
            )
            self._failed(run, lost, now, honours=False)
        else:
            self.calls.append(call)

    # ── Going on ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def advance(self, changed: Iterable[str], now: datetime) -> None:
        """Run every pure node that is ready, and prepare those that call out, until nothing new follows."""
        changed = list(changed)
        while True:
            if self.stopping is None and changed:
                self._note_plan(plan.follow(self.graph, self.runs, changed, self.holds), now)
            if self.stopping is not None:  # nothing new starts, whatever became ready meanwhile
                self.ready.clear()
                self.calls.clear()
            if not self.ready:
                return
            changed = self._run_ready(self.ready.popleft(), clock.now())

    def _run_ready(self, node_id: str, now: datetime) -> list[str]:
        run, node = self.runs[node_id], self.graph.nodes[node_id]
        if run.state is State.NEEDS_REVIEW:
            return self._reviewed(run, now)
        try:
            call = prepare.call(self, run, now)
        except NodeError as refused:
            if run.state in (State.WAITING_INPUT, State.RETRYING):
                run.become(NodeEvent.RESUME if run.state is State.WAITING_INPUT else NodeEvent.START)
            return self._settled(run, settle.refuse(run, node, refused, now), now)
        if call.effect != "pure":
            self.calls.append(call)
            return []
        self.started(call, now)
        return self.apply(call, call.perform(), clock.now())

    def started(self, call: Call, now: datetime) -> None:
        """An attempt of a node begins."""
        run = self.runs[call.node_id]
        if run.state is State.WAITING_INPUT:
            run.become(NodeEvent.RESUME)
        elif run.state is State.RUNNING:
            run.attempt_at = now  # its owner was lost: the same attempt once more
        else:
            settle.start(run, now)
        run.params, run.effect = jsonclean.cleaned(call.stored_params), call.effect
        self._touch(run, now)

    def apply(self, call: Call, result: Result | NodeError, now: datetime) -> list[str]:
        """Take in what a node answered. Returns the nodes that are settled now."""
        run = self.runs[call.node_id]
        run.logs.extend(jsonclean.cleaned(call.context.lines))
        call.context.lines = []
        if isinstance(result, Done):
            return self._done(run, call, result, now)
        if isinstance(result, Stop):
            error = None if result.success else _stop_error(run, result)
            ending = settle.Ending(result.success, error, jsonclean.cleaned(result.output))
            settle.end(run, ending, now)
            self._touch(run, now)
            self._stop(ending, now)
            return [run.node_id]
        if isinstance(result, Suspend):
            run.suspended = jsonclean.cleaned(result.state)
            run.become(NodeEvent.SUSPEND)
            self._open(run, result.wait.kind, result.wait.wakes_at, result.wait, now)
            return []
        return self._failed(run, result, now, honours=call.honours_key)

    def _done(self, run: NodeRun, call: Call, done: Done, now: datetime) -> list[str]:
        output = jsonclean.cleaned(done.output)
        if prepare.is_larger(output, MAX_OUTPUT_BYTES):
            refused = NodeError(
                "executions.output_too_large",
                f"“{self.graph.nodes[run.node_id].name}” returned more than {MAX_OUTPUT_BYTES // 1_000_000} MB.",
                "Return less: pick fields with a TRANSFORM, or page through the source.",
            )
            return self._settled(run, settle.refuse(run, self.graph.nodes[run.node_id], refused, now), now)
        settle.finish(run, Done(output, done.port, done.also), now)
        self._touch(run, now)
        self.is_urgent = self.is_urgent or call.effect == "write"
        if done.response is not None and self.given_response is None:
            body, headers = jsonclean.cleaned([done.response.body, dict(done.response.headers)])
            self.response = self.given_response = {"status": done.response.status, "body": body, "headers": headers}
            self.is_urgent = True
        return [run.node_id]

    def _failed(self, run: NodeRun, error: NodeError, now: datetime, *, honours: bool) -> list[str]:
        node = self.graph.nodes[run.node_id]
        self.is_urgent = self.is_urgent or run.effect == "write"
        return self._settled(run, settle.fail(run, node, error, now, chance=random.random(), honours=honours), now)

    def _settled(self, run: NodeRun, settled: settle.Settled, now: datetime) -> list[str]:
        self._touch(run, now)
        if settled.doubtful:
            self._open_review(run, now)
        elif settled.failed:
            self._stop(settle.Ending(False, run.error, None), now)
        return [run.node_id] if run.is_settled else []

    def _stop(self, ending: settle.Ending, now: datetime) -> None:
        if self.stopping is None:
            self.stopping, self.stops_at = ending, now + timedelta(seconds=STOP_GRACE_SECONDS)

    # ── Waiting ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _open(self, run: NodeRun, kind: str, wake_at: datetime | None, request: Any, now: datetime) -> None:
        run.wait_id = uuid7()
        claimed = self.claimed
        name = self.graph.nodes[run.node_id].name
        self.opened.append(
            OpenWait(
                id=run.wait_id,
                workspace_id=claimed.workspace_id,
                execution_id=claimed.id,
                workflow_id=claimed.workflow_id,
                node_id=run.node_id,
                node_name=name,
                path=run.path,
                kind=kind,
                wake_at=wake_at,
                request=request,
            )
        )
        self.awaited[run.wait_id] = (run.node_id, kind, wake_at)
        self.is_urgent = True
        self._touch(run, now)

    def _open_review(self, run: NodeRun, now: datetime) -> None:
        node = self.graph.nodes[run.node_id]
        review = Review(
            title=f"Did “{node.name}” happen?",
            message=(run.error or {}).get("message", ""),
            data={"node": node.name, "type": node.subtype, "parameters": run.params, "error": run.error},
        )
        self._open(run, "review", None, review, now)

    def _reviewed(self, run: NodeRun, now: datetime) -> list[str]:
        """A person said what became of a write nobody saw the end of."""
        _, answer = self.answers.pop(run.node_id)
        verdict = (answer or {}).get("outcome")
        run.wait_id = None
        if verdict == "happened":
            settle.finish(run, Done(jsonclean.cleaned((answer or {}).get("data"))), now)
            self._touch(run, now)
            return [run.node_id]
        if verdict == "run_again":
            self.calls.append(prepare.again(self, run))
            return []
        error = run.error or {}
        refused = NodeError(
            error.get("code", "executions.outcome_unknown"),
            error.get("message", "It did not happen."),
            error.get("hint", ""),
        )
        return self._settled(run, settle.refuse(run, self.graph.nodes[run.node_id], refused, now), now)

    def due_retries(self, now: datetime) -> None:
        """Prepare the nodes whose back-off is over."""
        for run in self.runs.values():
            is_due = run.state is State.RETRYING and run.retry_at is not None and run.retry_at <= now
            if is_due and self.stopping is None and not any(call.node_id == run.node_id for call in self.calls):
                self.calls.append(prepare.again(self, run))

    def next_due(self) -> datetime | None:
        """When the next timer, deadline or retry of this execution falls due."""
        times = [due for _, _, due in list(self.awaited.values()) if due]
        times += [run.retry_at for run in list(self.runs.values()) if run.state is State.RETRYING and run.retry_at]
        return min(times, default=None)

    # ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def is_idle(self) -> bool:
        """Whether nothing of it runs or could run now."""
        return not self.in_flight and not self.calls and not self.ready

    def point(self, now: datetime, *, hand_over: bool = False) -> Checkpoint:
        """What there is to write, and where the execution stands. Taking it clears it; write it or drop the run."""
        status = self._standing(now)
        parks = status not in (Status.RUNNING, *TERMINAL)
        runnable_at = self.next_due() if parks else None
        point = Checkpoint(
            execution_id=self.id,
            workspace_id=self.claimed.workspace_id,
            fence=self.claimed.fence,
            seq=self.seq,
            status=status,
            at=now,
            runs=list(self.dirty.values()),
            changes=[change_of(run, self.graph.nodes[run.node_id].retry.attempts) for run in self.dirty.values()],
            opened=self.opened,
            awaited=list(self.awaited),
            is_released=status is not Status.RUNNING or hand_over,
            runnable_at=runnable_at,
            response=self.response,
            unknown_writes=self.unknown_writes,
        )
        if status in TERMINAL:
            self._close(point)
            self.closed += [
                closed_wait(wait_id, node_id, kind, now, str(status).lower())
                for wait_id, (node_id, kind, _) in self.awaited.items()
            ]
        point.changes += [{"wait": opened_wait(wait, now)} for wait in self.opened]
        point.changes += [{"wait": wait} for wait in self.closed]
        if status != self.published:
            point.changes.append(self._status_change(point))
        self.published = status
        self.dirty, self.opened, self.closed, self.unknown_writes, self.response = {}, [], [], [], None
        self.is_urgent, self.dirty_since = False, None
        self.seq += 1
        return point

    def _status_change(self, point: Checkpoint) -> dict[str, Any]:
        change: dict[str, Any] = {"status": str(point.status)}
        if self.published is None:  # taken since the last change
            change |= {
                "started_at": self.claimed.started_at.isoformat(),
                "resume_count": self.claimed.resume_count,
            }
        if point.status in TERMINAL:
            change["finished_at"] = point.at.isoformat()
        if point.error:
            change["error_code"] = point.error.get("code")
        return change

    def _standing(self, now: datetime) -> Status:
        if not self.is_idle:
            return Status.RUNNING
        if self.stopping is not None:
            self._cancel_rest(now)
            return execution_next(Status.RUNNING, Event.SUCCEED if self.stopping.success else Event.FAIL)
        found = plan.standing(self.runs.values())
        if found is Status.WAITING and any(kind in HUMAN_KINDS for _, kind, _ in self.awaited.values()):
            return execution_next(Status.RUNNING, Event.ASK)
        events = {Status.WAITING: Event.WAIT, Status.WAITING_FOR_HUMAN: Event.ASK, Status.SUCCESS: Event.SUCCEED}
        return execution_next(Status.RUNNING, events[found]) if found in events else found

    def _close(self, point: Checkpoint) -> None:
        if self.stopping is not None:
            point.error, point.output = self.stopping.error, self.stopping.output
        else:
            point.output = plan.output(self.graph, self.runs)

    def _cancel_rest(self, now: datetime) -> None:
        for run in self.runs.values():
            if run.state in (State.RUNNING, State.WAITING_INPUT, State.RETRYING, State.NEEDS_REVIEW):
                if run.effect == "write" and run.state in (State.RUNNING, State.NEEDS_REVIEW):
                    self.unknown_writes.append({"node_id": run.node_id, "path": run.path, "params": run.params})
                run.become(NodeEvent.CANCEL)
                run.finished_at = now
                self._touch(run, now)

    def _touch(self, run: NodeRun, now: datetime, *, node_id: str | None = None) -> None:
        self.dirty[node_id or run.node_id] = run
        self.dirty_since = self.dirty_since or now

    def _note_plan(self, found: plan.Plan, now: datetime) -> None:
        for node_id in found.skipped:
            self._touch(self.runs[node_id], now)
        self.ready.extend(node_id for node_id in found.ready if node_id not in self.ready)

    def holds(self, edge: Edge) -> bool:
        """Whether a connection's condition lets its value through."""
        return edge.condition is None or prepare.holds(self, edge)


def _stop_error(run: NodeRun, stop: Stop) -> dict[str, Any]:
    return settle.describe(NodeError("executions.stopped", stop.message or "The workflow stopped itself."), run.node_id)
