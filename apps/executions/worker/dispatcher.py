"""One process's share of the work: it claims what is due, keeps it in hand, and gives it back.

The Celery message only pokes it. It looks for itself once a second, and then also sweeps, so a lost message costs a
second and nothing else.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from apps.core import clock
from apps.core.telemetry import trace
from apps.executions import graphs, live, metrics, services, store
from apps.executions.engine.states import TERMINAL
from apps.executions.store import Checkpoint, FenceLost
from apps.executions.worker import steps
from apps.executions.worker.changes import answers_caller, reply_of
from apps.executions.worker.point import taken
from apps.executions.worker.prepare import Call, timed_out
from apps.executions.worker.pulse import Pulse
from apps.executions.worker.quarantine import Quarantine
from apps.executions.worker.run import Run

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
FLUSH_SECONDS = 0.7
DRAIN_SECONDS = 20.0
REFUSED_SECONDS = 300.0


class Dispatcher:
    """Runs the executions of one worker process."""

    def __init__(
        self,
        *,
        worker_id: UUID,
        name: str,
        queues: Sequence[str],
        lease_seconds: float = 30.0,
        places: int = 125,
        threads: int = 256,
        movers: int = 4,
        sweeps: Sequence[Callable[[], object]] = (),
    ) -> None:
        self.worker_id, self.name, self.queues = worker_id, name, list(queues)
        self.lease_seconds, self.places, self.sweeps = lease_seconds, places, list(sweeps)
        self._slots = threading.BoundedSemaphore(threads)
        self._callers = ThreadPoolExecutor(threads, thread_name_prefix="node")
        self._movers = ThreadPoolExecutor(movers, thread_name_prefix="mover")
        self._runs: dict[UUID, Run] = {}
        self._taking: set[UUID] = set()
        self._refused: dict[UUID, float] = {}
        self._starving: deque[Run] = deque()
        self._alarms: list[float] = []
        self._lock = threading.Lock()
        self._poked = threading.Event()
        self._is_stopping = threading.Event()
        self._is_draining = False
        self._was_full = False
        self._thread = threading.Thread(target=self._loop, name="dispatcher", daemon=True)
        self._quarantine = Quarantine()
        self._pulse = Pulse(worker_id=worker_id, name=name, queues=self.queues, lease_seconds=lease_seconds)

    # ── Life ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin to look for work. Returns at once."""
        self._pulse.start()
        self._thread.start()

    def poke(self) -> None:
        """Something may be due: look now."""
        self._poked.set()

    def stop(self) -> None:
        """Claim nothing more, let running calls end (at most 20 s), hand everything else over, and end."""
        self._is_draining = True
        self._poked.set()
        until = time.monotonic() + DRAIN_SECONDS
        for run in self._in_hand():
            self._movers.submit(self._move, run, steps.go_on)
        while self._runs and time.monotonic() < until:
            time.sleep(0.05)
        self._is_stopping.set()
        self._poked.set()
        self._thread.join(timeout=5)
        try:
            store.release(worker_id=self.worker_id)
        except DatabaseError:
            logger.warning("could not hand executions over; their lease will run out", exc_info=True)
        finally:
            connection.close()
        self._quarantine.close()
        self._pulse.stop()
        self._callers.shutdown(wait=False, cancel_futures=True)
        self._movers.shutdown(wait=False, cancel_futures=True)

    # ── The loop ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _loop(self) -> None:
        looked_at = 0.0
        while not self._is_stopping.is_set():
            self._poked.wait(self._pause(looked_at))
            self._poked.clear()
            if not self._pulse.is_felt:
                self._is_stopping.wait(0.05)
                continue  # whoever sweeps takes this process for dead: it must not claim, nor call others dead
            try:
                self._claim()
                if time.monotonic() - looked_at >= LOOK_SECONDS:
                    looked_at = time.monotonic()
                    self._look_around()
            except (OperationalError, InterfaceError) as error:
                logger.warning("the database cannot be reached: %s", _first_line(error))
                connection.close()
                self._is_stopping.wait(0.3)
            except Exception:
                logger.exception("the dispatcher stumbled")
                connection.close()
                self._is_stopping.wait(0.3)
        connection.close()

    def _pause(self, looked_at: float) -> float:
        now = time.monotonic()
        with self._lock:
            while self._alarms and self._alarms[0] <= now:
                heapq.heappop(self._alarms)
                self._poked.set()
            alarm = self._alarms[0] if self._alarms else now + LOOK_SECONDS
        return max(0.0, min(alarm, looked_at + LOOK_SECONDS) - now)

    def _claim(self) -> None:
        while not self._is_draining:
            with self._lock:
                free = self.places - len(self._runs) - len(self._taking)
            self._was_full = free <= 0
            if free <= 0:
                return
            claimed = store.claim(worker_id=self.worker_id, queues=self.queues, places=free, capacity=self.places)
            # From here on one workspace alone may have all it can get.
            self._was_full = self.places - free + len(claimed) >= 0.8 * self.places
            with self._lock:
                self._taking.update(each.id for each in claimed)
            for each in claimed:
                self._movers.submit(self._take, each)
            if len(claimed) < free:
                return

    def _look_around(self) -> None:
        for execution_id, workspace_id in store.sweep(lease_seconds=self.lease_seconds):
            self._apart(
                services.execution_expire, workspace_id=workspace_id, execution_id=execution_id, now=clock.now()
            )
        for extra in self.sweeps:
            self._apart(extra)
        now = clock.now()
        with self._lock:
            known = set(self._runs) | self._taking
        owned = {row.execution_id: row for row in store.news(worker_id=self.worker_id)}
        with self._lock:
            stray = set(owned) - known - set(self._runs) - self._taking
        if stray:
            store.release(worker_id=self.worker_id, execution_ids=stray)
        for run in self._in_hand():
            row = owned.get(run.id)
            if row is None or row.fence != run.claimed.fence:
                if (now - run.taken_at).total_seconds() > LOOK_SECONDS:
                    self._nudge(run, steps.write_now)  # the database says it is not ours: the fence gives the answer
                continue
            if row.is_held and not run.is_held:
                self._nudge(run, steps.hold)
            due = run.next_due()
            if row.has_answers or (due and due <= now):
                self._nudge(run, self._catch_up)
            elif run.has_news:
                self._nudge(run, steps.listen)
            elif run.dirty_since and (now - run.dirty_since).total_seconds() > FLUSH_SECONDS:
                self._nudge(run, steps.write_now)
            self._end_overdue(run)
        if self._starving:  # a thread became free in the moment before somebody queued up for it
            self._movers.submit(self._feed)

    def _apart(self, work: Callable[..., object], **given: Any) -> None:
        """Do something that must not keep the rest of the round from happening."""
        try:
            work(**given)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("a part of the round failed: %s", given or work)
            connection.close()

    def _end_overdue(self, run: Run) -> None:
        if run.stops_at is not None and run.stops_at < clock.now():
            self._nudge(run, steps.give_up_calls)
            return
        for call in list(run.in_flight.values()):
            if call.deadline < time.monotonic():
                call.hang_up()
                self._nudge(run, steps.answered(call, timed_out(call, run.graph.nodes[call.node_id].name)))

    def _nudge(self, run: Run, step: Callable[[Run], object]) -> None:
        """Move a run unless a thread is at it: that one sees what there is to see, or the next round does.

        To wait for it would bind the movers one by one to a run that cannot be moved, while all others stand still.
        """

        def move() -> None:
            if run.lock.acquire(blocking=False):
                try:
                    self._move(run, step)
                finally:
                    run.lock.release()

        self._movers.submit(move)

    # ── An execution in hand ─────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, claimed: store.Claimed) -> None:
        try:
            graph = graphs.graph_of(workspace_id=claimed.workspace_id, version_id=claimed.version_id)
            run = Run(store.whole(claimed), graph, graphs.variables_of(graph, claimed.workspace_id))
            with self._lock:
                earlier = self._runs.get(run.id)
                if earlier is not None:  # this process was taken for dead, and has it again
                    earlier.is_dropped = True
                self._runs[run.id] = run
                self._taking.discard(run.id)
            self._move(run, self._begin if claimed.is_fresh else self._restore)
        except (OperationalError, InterfaceError) as error:
            logger.warning("execution %s could not be taken up: %s", claimed.id, _first_line(error))
            connection.close()
            self._give_back(claimed.id)
        except Exception:
            logger.exception("execution %s cannot be taken up", claimed.id)
            connection.close()
            # Another process may know what this one does not, during a deployment; but it is not tried for ever.
            now = time.monotonic()
            if now - self._refused.setdefault(claimed.id, now) > REFUSED_SECONDS:
                self._fail(claimed)
                del self._refused[claimed.id]
            self._give_back(claimed.id)

    def _begin(self, run: Run) -> None:
        waited = (run.claimed.started_at - run.claimed.created_at).total_seconds()
        metrics.START_SECONDS.observe(max(0.0, waited))
        run.begin(clock.now())

    def _restore(self, run: Run) -> None:
        now = clock.now()
        claimed = run.claimed
        loaded = store.load(execution_id=run.id, workspace_id=claimed.workspace_id, fence=claimed.fence, now=now)
        run.restore(loaded, loaded.at)
        run.advance(run.due_retries(loaded.at), loaded.at)

    def _catch_up(self, run: Run) -> None:
        now = clock.now()
        claimed = run.claimed
        run.advance(run.due_retries(now), now)
        if run.awaited:
            run.refresh(
                store.load(
                    execution_id=run.id,
                    workspace_id=claimed.workspace_id,
                    fence=claimed.fence,
                    now=now,
                    has_runs=False,
                )
            )

    def _move(self, run: Run, step: Callable[[Run], object]) -> None:
        """Take one step with a run under its lock, then let everything follow that follows."""
        with trace.within(run.place):
            self._moved(run, step)

    def _moved(self, run: Run, step: Callable[[Run], object]) -> None:
        try:
            with run.lock:
                if run.is_dropped:
                    return
                self._persist(run, lambda: step(run))
                run.advance(run.due_retries(clock.now()), clock.now())
                while not run.is_dropped:
                    run.advance((), clock.now())
                    self._follow_up(run)
                    if not run.ready:
                        break
        except FenceLost:
            logger.info("execution %s has another owner or has ended; dropped", run.id)
            self._part(run)
        except Exception:
            connection.close()
            if self._is_stopping.is_set():  # the process ends: whatever went wrong, somebody else goes on
                logger.warning("execution %s is left to others", run.id, exc_info=True)
            else:
                logger.exception("execution %s cannot go on", run.id)
                self._fail(run.claimed)
            self._part(run)

    def _follow_up(self, run: Run) -> None:
        """Start what a thread is free for, write what must be written, and part from the run when nothing is left."""
        starting: list[Call] = []
        now = clock.now()
        while run.calls and not self._is_draining and not run.is_held and self._slots.acquire(blocking=False):
            call = run.calls.popleft()
            starting.append(call)
            run.started(call, now)
            call.deadline = time.monotonic() + call.timeout_seconds
            run.in_flight[call.key] = call
        try:
            hand_over = (self._is_draining or run.is_held) and not run.in_flight
            if starting or run.is_urgent or run.is_idle or run.is_behind or hand_over:
                self._write(run, hand_over=hand_over)
        except BaseException:
            for _ in starting:
                self._slots.release()
            raise
        if run.calls and not self._is_draining and not run.is_held and run not in self._starving:
            self._starving.append(run)
        for call in starting:
            self._callers.submit(self._perform, run, call)

    def _perform(self, run: Run, call: Call) -> None:
        result = None
        try:
            if not run.is_dropped and run.in_flight.get(call.key) is call:  # what was given up is not sent any more
                with trace.within(run.place, node_id=call.node_id):
                    result = self._quarantine.perform(run, call) if call.is_suspect else call.perform()
        finally:
            self._slots.release()
        try:
            if result is not None:
                self._move(run, steps.answered(call, result))
            self._feed()
        finally:
            connection.close()  # a thread that waits for the network holds no connection

    def _feed(self) -> None:
        """Give the thread that just became free to whoever waits longest for one."""
        while self._starving:
            try:
                hungry = self._starving.popleft()
            except IndexError:
                return
            self._move(hungry, steps.go_on)
            if hungry.calls:
                return

    # ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _write(self, run: Run, *, hand_over: bool) -> None:
        point = taken(run, clock.now(), hand_over=hand_over)
        is_answered = self._persist(run, lambda: store.checkpoint(point), point)
        run.data_bytes += point.size
        live.changed(run.id, seq=run.seq, at=point.at, changes=point.changes)
        if run.claimed.reply_to and answers_caller(point):
            live.reply(run.claimed.reply_to, reply_of(point, run.given_response))
        if point.status in TERMINAL:
            metrics.ended(
                status=str(point.status), mode=run.claimed.mode, started_at=run.claimed.started_at, at=point.at
            )
        if point.is_released:
            self._part(run)
            if is_answered:
                self._poked.set()
            elif point.runnable_at:
                self._set_alarm((point.runnable_at - clock.now()).total_seconds())

    def _persist(self, run: Run, work: Callable[[], object], point: Checkpoint | None = None) -> object:
        """Do database work until the database answers. A commit whose answer was lost is looked up, not repeated."""
        pause, is_in_doubt = 0.1, False
        while True:
            try:
                if point is not None and is_in_doubt and store.is_written(point):
                    return True
                return work()
            except (OperationalError, InterfaceError) as error:
                connection.close()
                is_in_doubt = True
                if self._is_stopping.is_set():
                    raise
                logger.warning("execution %s waits for the database: %s", run.id, _first_line(error))
                time.sleep(pause)
                pause = min(pause * 2, 2.0)

    def _fail(self, claimed: store.Claimed) -> None:
        """Something is wrong with the engine itself: end the execution as failed, with the reason."""
        try:
            services.execution_fail(
                workspace_id=claimed.workspace_id, execution_id=claimed.id, fence=claimed.fence, now=clock.now()
            )
        except Exception:
            logger.exception("execution %s could not be ended", claimed.id)
            connection.close()

    def _give_back(self, execution_id: UUID) -> None:
        try:
            store.release(worker_id=self.worker_id, execution_ids=[execution_id])
        except DatabaseError:
            logger.warning("execution %s could not be handed back", execution_id, exc_info=True)
        with self._lock:
            self._taking.discard(execution_id)

    def _part(self, run: Run) -> None:
        run.is_dropped = True
        run.span.end()
        for call in list(run.in_flight.values()):
            call.hang_up()
        with self._lock:
            if self._runs.get(run.id) is run:  # not the one that took its place
                del self._runs[run.id]
        if self._was_full or run.claimed.is_contended:
            self._poked.set()

    def _set_alarm(self, seconds: float) -> None:
        if seconds < 3_600:
            with self._lock:
                heapq.heappush(self._alarms, time.monotonic() + max(0.0, seconds))
            if seconds < LOOK_SECONDS:
                self._poked.set()

    def _in_hand(self) -> list[Run]:
        with self._lock:
            return list(self._runs.values())


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0]
