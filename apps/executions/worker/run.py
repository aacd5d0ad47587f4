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
from apps.core.telemetry import spans, trace
from apps.executions.engine import plan, said, settle
from apps.executions.engine.noderun import CONTAINER, Key, NodeRun
from apps.executions.engine.rounds import Frame
from apps.executions.engine.states import NodeEvent, State, Status
from apps.executions.store import Claimed, Loaded
from apps.executions.wait_kinds import OpenWait
from apps.executions.worker import prepare, rounds, waiting
from apps.executions.worker.changes import closed_wait
from apps.executions.worker.hand import Hand
from apps.executions.worker.prepare import Call
from apps.nodes.contract import Done, Leave, NodeError, Result, Rounds, Stop, Suspend, Trigger
from apps.workflows.graph import Graph

logger = logging.getLogger(__name__)

MAX_OUTPUT_BYTES = 16_000_000
STOP_GRACE_SECONDS = 30.0
SUSPECT_AFTER = 2
CAREFUL_AFTER = 3  # owners in a row that were lost before they wrote anything
MOST_UNWRITTEN = 1_000
UNWRITTEN_FOR = timedelta(seconds=1)


class Run(Hand):
    """One owned execution: its node runs, what is not written yet, and what it waits for."""

    def __init__(self, claimed: Claimed, graph: Graph, variables: dict[str, Any] | None = None) -> None:
        super().__init__(claimed, graph, variables)
        self.span = spans.opened(
            "execute_workflow",
            trace.read(claimed.trace) or trace.begun(),
            attributes={"workflow.id": str(claimed.workflow_id), "execution.id": str(claimed.id)},
        )
        self.place = trace.named(self.span.trace, execution_id=claimed.id)
        self.lock = threading.RLock()
        self.taken_at = clock.now()
        self.seq = claimed.seq
        self.published: Status | None = None
        self.ready: deque[NodeRun] = deque()
        self.calls: deque[Call] = deque()  # prepared, not started: no thread was free
        self.queued: set[Key] = set()  # what is in `ready` or `calls`
        self.in_flight: dict[Key, Call] = {}
        self.retrying: dict[Key, NodeRun] = {}
        self.to_check: deque[Frame] = deque()  # rounds that may be over
        self.awaited: dict[UUID, tuple[NodeRun, str, datetime | None]] = {}  # wait → (node run, kind, falls due)
        self.opened: list[OpenWait] = []
        self.withdrawn: list[UUID] = []
        self.closed: list[dict[str, Any]] = []  # waits that were resolved, for the watchers
        self.data_bytes = claimed.data_bytes  # written so far, about
        self.dirty: dict[Key, NodeRun] = {}
        self.dirty_since: datetime | None = None
        self.is_urgent = False
        self.response: dict[str, Any] | None = None
        self.given_response = claimed.response  # the one the caller gets, once there is one
        self.stopping: settle.Ending | None = None  # how it ends as soon as nothing runs any more
        self.stops_at: datetime | None = None  # when what still runs is given up
        self.unknown_writes: list[dict[str, Any]] = []
        self.is_dropped = False
        self.is_held = claimed.hold is not None
        self.is_careful = claimed.is_fresh and claimed.fence > CAREFUL_AFTER
        self.broken: list[NodeRun] = []  # ready, and not run because of a breakpoint
        debug = claimed.debug or {}
        self.breakpoints, self.is_stepping = frozenset(debug.get("breakpoints", ())), bool(debug.get("is_stepping"))
        self.passed = {(path, node_id) for path, node_id in debug.get("passed", ())}

    # ── Coming into hand ─────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self, now: datetime) -> None:
        """A fresh execution: its trigger becomes ready."""
        for run in self.runs.values():
            if run.state is State.SKIPPED:
                self.touch(run, now)
        self.queue(self.runs[self.claimed.trigger_node])

    def restore(self, loaded: Loaded, now: datetime) -> None:
        """An execution that ran before: take up what was written, resume what was answered, doubt what was lost."""
        self.is_careful = self.claimed.fence - loaded.fence > CAREFUL_AFTER
        self.past.update(loaded.answers)
        rounds.read_back(self, loaded.runs)
        ending = settle.ending_of(loaded.runs)
        if ending is not None:
            self.stop(ending, now)
        for run in list(self.calling_runs()):
            if run.state is State.RUNNING and ending is None:
                self._take_up(run, now, got_further=run.key in loaded.further)
            elif run.state in (State.WAITING_INPUT, State.NEEDS_REVIEW) and run.wait_id:
                waiting.look(self, run, loaded)
            elif run.state is State.RETRYING:
                self.retrying[run.key] = run
        trigger = self.runs[self.claimed.trigger_node]
        if trigger.state is State.PENDING:
            self.queue(trigger)
        if ending is None:
            for frame in self.frames.values():
                self.note(frame, plan.resumable(self.graph, frame.runs, self._condition(frame)), now)
            settled = rounds.go_on(self, now)
            if settled:
                self.advance(settled, now)

    def refresh(self, loaded: Loaded) -> None:
        """Answers that came in while the execution was in hand."""
        for run, _, _ in list(self.awaited.values()):
            if run.state in (State.WAITING_INPUT, State.NEEDS_REVIEW) and run.key not in self.queued:
                waiting.look(self, run, loaded)

    def _take_up(self, run: NodeRun, now: datetime, *, got_further: bool) -> None:
        """Its owner was lost while this node was calling out. Who gets further under each is not what ends them."""
        if self.frame_of(run).leaving is not None:
            return self.cancel(run, now)
        run.losses = 1 if got_further else run.losses + 1
        call, refused = None, None
        try:
            call = prepare.again(self, run)
            call.is_suspect = run.losses >= SUSPECT_AFTER
        except NodeError as error:  # a deployment made its parameters invalid
            refused = error
        if (call.effect if call else run.effect) == "write" and not (call and call.honours_key):
            lost = NodeError(
                "executions.outcome_unknown",
                f"“{self.node_of(run).name}” was sent, and what ran it ended before the answer came; "
                "whether it was carried out is not known.",
                "Look at the receiving system, then say what happened.",
                is_unknown=True,
            )
            self._failed(run, lost, now, honours=False)
        elif refused is not None:
            self.refuse(run, refused, now)
        elif call is not None:
            self.queue_call(call)
        return None

    # ── Going on ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def queue(self, run: NodeRun) -> None:
        """Let a node run that became ready have its turn."""
        if run.key not in self.queued:
            self.queued.add(run.key)
            self.ready.append(run)

    def queue_call(self, call: Call) -> None:
        """Let a call that was prepared have its turn as soon as a thread is free."""
        self.queued.add(call.key)
        self.calls.append(call)

    @property
    def is_behind(self) -> bool:
        """Whether so much is unwritten, or for so long, that it must be written before more is done."""
        if not self.dirty:
            return False
        return len(self.dirty) >= MOST_UNWRITTEN or clock.now() - (self.dirty_since or clock.now()) > UNWRITTEN_FOR

    def advance(self, changed: Iterable[NodeRun], now: datetime) -> None:
        """Run every pure node that is ready, and prepare those that call out, until nothing new follows.

        Stops early when there is much to write; what is ready then stays in `ready`.
        """
        todo = list(changed)
        if self.stopping is None and self.data_bytes > self.graph.settings.max_data_mb * 1_000_000:
            self.stop(settle.Ending(False, _too_much(self.graph.settings.max_data_mb), None), now)
        while True:
            while self.stopping is None and (todo or self.to_check):
                if todo:
                    self._follow(todo.pop(0), now)
                else:
                    todo += rounds.end_if_over(self, self.to_check.popleft(), clock.now())
            if self.stopping is not None:  # nothing new starts, whatever became ready meanwhile
                self.ready.clear()
                self.calls.clear()
                self.queued.clear()
            if not self.ready or self.is_behind or self.is_held:
                return
            run = self.ready.popleft()
            self.queued.discard(run.key)
            if self._breaks_at(run):
                self.broken.append(run)
                continue
            todo += self._run_ready(run, clock.now())

    def _follow(self, run: NodeRun, now: datetime) -> None:
        frame = self.frames.get(run.path)
        if frame is None:
            return
        if run.node_id in self.graph.deciding:
            prepare.decide(self, run)
        if frame.leaving is None:
            self.note(frame, plan.follow(self.graph, frame.runs, [run.node_id], self._condition(frame)), now)
        if frame.own is not None:
            self.to_check.append(frame)

    def _breaks_at(self, run: NodeRun) -> bool:
        is_over = run.state is not State.PENDING or run.key in self.passed
        if is_over or issubclass(self.node_of(run).cls, Trigger):
            return False
        return self.is_stepping or run.node_id in self.breakpoints

    def _condition(self, frame: Frame) -> plan.Condition:
        return lambda edge: prepare.holds(self, frame, edge)

    def note(self, frame: Frame, found: plan.Plan, now: datetime) -> None:
        """Take in what follows on one level: what was skipped, and what became ready."""
        for node_id in found.skipped:
            self.touch(frame.runs[node_id], now)
        if frame.leaving is None:
            for node_id in found.ready:
                self.queue(frame.runs[node_id])

    def _run_ready(self, run: NodeRun, now: datetime) -> list[NodeRun]:
        if run.state is State.NEEDS_REVIEW:
            return waiting.reviewed(self, run, now)
        try:
            call = prepare.call(self, run, now)
        except NodeError as refused:
            if run.state in (State.WAITING_INPUT, State.RETRYING):
                run.become(NodeEvent.RESUME if run.state is State.WAITING_INPUT else NodeEvent.START)
            return self.refuse(run, refused, now)
        call.is_suspect = self._deserves_care(call)
        if call.effect != "pure" or call.is_suspect:
            self.queue_call(call)
            return []
        self.started(call, now)
        return self.apply(call, call.perform(), clock.now())

    def _deserves_care(self, call: Call) -> bool:
        """Whether even a node that calls nothing runs where it can end only its own process.

        What a trigger or a container does is the engine's own work.
        """
        cls = type(call.node)
        return self.is_careful and not call.passes_through and not issubclass(cls, Trigger) and not cls.is_container

    def started(self, call: Call, now: datetime) -> None:
        """An attempt of a node begins."""
        run = self.run_of(call)
        self.queued.discard(run.key)
        if run.state is State.WAITING_INPUT:
            run.become(NodeEvent.RESUME)
        elif run.state is State.RUNNING:
            run.attempt_at = now  # its owner was lost: the same attempt once more
        else:
            settle.start(run, now)
        run.params, run.effect = jsonclean.cleaned(call.stored_params), call.effect
        self.touch(run, now)

    def run_of(self, call: Call) -> NodeRun:
        """The node run a call is an attempt of."""
        path, node_id = call.key
        return self.frames[path].runs[node_id]

    def apply(self, call: Call, result: Result | NodeError, now: datetime) -> list[NodeRun]:
        """Take in what a node answered. Returns the node runs that are settled now."""
        run = self.run_of(call)
        self.listen(call)
        if isinstance(result, Done):
            self.is_urgent = self.is_urgent or call.effect == "write"
            return self.done(run, result, now)
        if isinstance(result, Rounds):
            run.effect = CONTAINER
            return rounds.open_container(self, run, call, result, now)
        if isinstance(result, Leave):
            return rounds.left(self, run, result, now)
        if isinstance(result, Stop):
            error = None if result.success else _stop_error(run, result)
            ending = settle.Ending(result.success, error, jsonclean.cleaned(result.output))
            settle.end(run, ending, now)
            self.touch(run, now)
            self.stop(ending, now)
            return [run]
        if isinstance(result, Suspend):
            run.suspended = jsonclean.cleaned(result.state)
            run.become(NodeEvent.SUSPEND)
            waiting.begin(self, run, result.wait.kind, result.wait.wakes_at, result.wait, now)
            return []
        return self._failed(run, result, now, honours=call.honours_key)

    def listen(self, call: Call) -> None:
        """Take in what a node has said so far."""
        news = call.context.take()
        if news:
            run = self.run_of(call)
            run.logs = said.kept(run.logs, news, attempt=run.attempt, seq=self.seq + 1)
            self.touch(run, clock.now())

    def done(self, run: NodeRun, done: Done, now: datetime) -> list[NodeRun]:
        """A node is finished, unless what it returned is too large."""
        output, node = jsonclean.cleaned(done.output), self.node_of(run)
        if prepare.is_larger(output, MAX_OUTPUT_BYTES):
            refused = NodeError(
                "executions.output_too_large",
                f"“{node.name}” returned more than {MAX_OUTPUT_BYTES // 1_000_000} MB.",
                "Return less: pick fields with a TRANSFORM, or page through the source.",
            )
            return self.refuse(run, refused, now)
        settle.finish(run, Done(output, done.port, done.also), now)
        self.touch(run, now)
        if done.response is not None and self.given_response is None:
            body, headers = jsonclean.cleaned([done.response.body, dict(done.response.headers)])
            self.response = self.given_response = {"status": done.response.status, "body": body, "headers": headers}
            self.is_urgent = True
        if node.cancels_others:
            frame = self.frame_of(run)
            rounds.cancel(self, plan.losers(self.graph, frame.runs, run.node_id), now)
        return [run]

    def refuse(self, run: NodeRun, error: NodeError, now: datetime) -> list[NodeRun]:
        """A node failed for good."""
        return self._settled(run, settle.refuse(run, self.node_of(run), error, now), now)

    def _failed(self, run: NodeRun, error: NodeError, now: datetime, *, honours: bool) -> list[NodeRun]:
        self.is_urgent = self.is_urgent or run.effect == "write"
        node = self.node_of(run)
        return self._settled(run, settle.fail(run, node, error, now, chance=random.random(), honours=honours), now)

    def _settled(self, run: NodeRun, settled: settle.Settled, now: datetime) -> list[NodeRun]:
        self.touch(run, now)
        if settled.doubtful:
            waiting.ask_for_review(self, run, now)
        elif settled.failed and run.path:
            rounds.failed(self, run, now)
        elif settled.failed:
            self.stop(settle.Ending(False, run.error, None), now)
        return [run] if run.is_settled else []

    def stop(self, ending: settle.Ending, now: datetime) -> None:
        """Let nothing new start, and end the execution so when what runs has ended."""
        if self.stopping is None:
            self.stopping, self.stops_at = ending, now + timedelta(seconds=STOP_GRACE_SECONDS)

    # ── Waiting ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def again(self, run: NodeRun, now: datetime) -> list[NodeRun]:
        """Queue another attempt, with the parameters that were written before the first one.

        A deployment may have made them invalid: then the node fails. Returns the node runs that are settled now.
        """
        try:
            call = prepare.again(self, run)
        except NodeError as refused:
            if run.state is State.RETRYING:
                run.become(NodeEvent.START)
            return self.refuse(run, refused, now)
        self.queue_call(call)
        return []

    def due_retries(self, now: datetime) -> list[NodeRun]:
        """Queue the nodes whose back-off is over. Returns the node runs that are settled now."""
        settled: list[NodeRun] = []
        for run in list(self.retrying.values()):
            is_due = run.retry_at is not None and run.retry_at <= now
            if is_due and self.stopping is None and not self.is_held and run.key not in self.queued:
                settled += self.again(run, now)
        return settled

    def next_due(self) -> datetime | None:
        """When the next timer, deadline or retry of this execution falls due."""
        times = [due for _, _, due in list(self.awaited.values()) if due]
        times += [run.retry_at for run in list(self.retrying.values()) if run.retry_at]
        return min(times, default=None)

    # ── What is to be written ────────────────────────────────────────────────────────────────────────────────────────

    @property
    def is_idle(self) -> bool:
        """Whether nothing of it runs or could run now."""
        return not self.in_flight and not self.calls and not self.ready

    @property
    def has_news(self) -> bool:
        """Whether a running node has said something that is not written yet."""
        return any(call.context.has_news for call in list(self.in_flight.values()))

    def cancel(self, run: NodeRun, now: datetime) -> None:
        """End a node run that is not wanted any more. A write whose outcome is unknown is listed."""
        if run.effect == "write" and run.state in (State.RUNNING, State.NEEDS_REVIEW):
            self.unknown_writes.append({"node_id": run.node_id, "path": run.path, "params": run.params})
        run.become(NodeEvent.CANCEL)
        run.finished_at = now
        dropped = self.in_flight.pop(run.key, None)
        if dropped is not None:
            dropped.hang_up()
        if run.key in self.queued:
            self.queued.discard(run.key)
            self.ready = deque(each for each in self.ready if each is not run)
            self.calls = deque(call for call in self.calls if call.key != run.key)
        if run.wait_id in self.awaited and self.stopping is None:  # what ends with the execution is closed by its end
            self.withdrawn.append(run.wait_id)
            _, kind, _ = self.awaited.pop(run.wait_id)
            self.closed.append(closed_wait(run.wait_id, run, kind, now, "withdrawn"))
        self.touch(run, now)

    def touch(self, run: NodeRun, now: datetime) -> None:
        """This node run has changed and must be written."""
        self.dirty[run.key] = run
        self.dirty_since = self.dirty_since or now
        if run.state is State.RETRYING:
            self.retrying[run.key] = run
        elif self.retrying:
            self.retrying.pop(run.key, None)


def _too_much(megabytes: int) -> dict[str, Any]:
    return {
        "code": "executions.data_too_large",
        "message": f"The steps of this execution wrote more than {megabytes:,} MB.",
        "hint": "Keep large things as files, pick fields with a TRANSFORM, or raise max_data_mb in the settings.",
    }


def _stop_error(run: NodeRun, stop: Stop) -> dict[str, Any]:
    return settle.describe(NodeError("executions.stopped", stop.message or "The workflow stopped itself."), run.node_id)
