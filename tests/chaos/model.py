"""A model of the state machine, driven by Hypothesis against the real database through the engine's own transactions.

The model has a law of its own, written down here again and not read from the engine. After every step the execution
that was touched must stand where the model says; an owner that lost an execution must not be able to write; and what
has ended must stay as it is, to the byte, whatever is tried, by the engine's transactions or by plain SQL.

Run by the nursery: `python -m tests.chaos.model <workspace> <seed> <steps>`; prints one line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from apps.accounts.access.actor import system
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import holding, services, store
from apps.executions.engine.noderun import NodeRun
from apps.executions.engine.states import State, Status
from apps.executions.services import Origin
from apps.executions.wait_kinds import OpenWait
from apps.workflows.models import Version, Workflow

STEPS_PER_CASE = 50
ENDED = {"SUCCESS", "ERROR", "CANCELED", "TIMED_OUT"}
LAW = {
    "NEW": {"RUNNING", "PAUSED", "CANCELED", "TIMED_OUT"},
    "RUNNING": {"WAITING", "WAITING_FOR_HUMAN", "PAUSED", *ENDED},
    "WAITING": {"RUNNING", "PAUSED", "CANCELED", "TIMED_OUT"},
    "WAITING_FOR_HUMAN": {"RUNNING", "PAUSED", "CANCELED", "TIMED_OUT"},
    "PAUSED": {"NEW", "RUNNING", "WAITING", "WAITING_FOR_HUMAN", "CANCELED", "TIMED_OUT"},
    **{status: set() for status in ENDED},
}
FORGERIES = (
    "UPDATE executions_execution SET status = 'RUNNING', owner = gen_random_uuid() WHERE id = %s",
    "UPDATE executions_execution SET output = '1' WHERE id = %s",
    "UPDATE executions_execution SET runnable_at = now() WHERE id = %s",
    "UPDATE executions_transition SET changes = '[]' WHERE execution_id = %s",
)
ACTOR = system("model")
done: Counter[str] = Counter()


@dataclass
class Believed:
    """Where the model says an execution stands. `claims`: every ownership it ever had, the last one may count."""

    id: UUID
    status: str = "NEW"
    seq: int = 0
    fence: int = 0
    owner: UUID | None = None
    is_due: bool = True
    is_held: bool = False
    claims: list[store.Claimed] = field(default_factory=list)
    open: list[UUID] = field(default_factory=list)
    closed: list[UUID] = field(default_factory=list)
    answered: bool = False
    frozen: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether it is over."""
        return self.status in ENDED


def world(workspace_id: UUID, number: int) -> Origin:
    """A workflow of which nothing is ever run by anybody else, in a queue that nobody else serves."""
    now = clock.now()
    with tenant(workspace_id):
        given = {"workspace_id": workspace_id, "draft": {}, "created_at": now, "updated_at": now}
        workflow = Workflow.objects.create(name="Model", **given)
        version = Version.objects.create(
            workspace_id=workspace_id,
            workflow=workflow,
            number=1,
            definition={},
            digest="",
            published_by_label="model",
            published_at=now,
        )
    return Origin(
        workspace_id=workspace_id,
        workflow_id=workflow.id,
        version_id=version.id,
        queue=f"model-{number}",
        while_paused="allow",
    )


class Machine(RuleBasedStateMachine):
    """Two workers, a few executions, and everybody who may do something to them."""

    origin: Origin

    def __init__(self) -> None:
        super().__init__()
        self.workers = [uuid7(), uuid7()]
        for worker in self.workers:
            store.worker_beat(worker_id=worker, name="model", queues=[self.origin.queue], lease_seconds=3_600)
        self.all: list[Believed] = []

    # ── What can happen ──────────────────────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: len(self.all) < 6)
    @rule(is_twice=st.booleans())
    def start(self, is_twice: bool) -> None:
        """A delivery comes, perhaps twice."""
        key = uuid4().hex
        began = [self._start(key) for _ in range(1 + is_twice)]
        assert [each.is_new for each in began] == [True, False][: len(began)]
        assert len({each.id for each in began}) == 1
        self.all.append(Believed(began[0].id))
        self._look(self.all[-1], "start")

    def _start(self, key: str) -> services.Started:
        return services.execution_start(
            origin=self.origin, trigger_node="t", input=None, now=clock.now(), dedupe_key=key
        )

    @rule(at=st.integers(0, 1), places=st.integers(1, 3))
    def claim(self, at: int, places: int) -> None:
        """A worker takes what is due."""
        due = [each for each in self.all if each.is_due and each.owner is None and not each.has_ended]
        claimed = store.claim(worker_id=self.workers[at], queues=[self.origin.queue], places=places)
        assert len(claimed) == min(places, len(due)), f"{len(due)} were due, {len(claimed)} were claimed"
        for each in claimed:
            found = self._of(each.id)
            assert found in due, "what was not due was claimed"
            found.fence += 1
            assert each.fence == found.fence
            found.claims.append(each)
            found.owner, found.is_due = self.workers[at], False
            self._become(found, "RUNNING")
            self._look(found, "claim")

    @rule(data=st.data(), state=st.sampled_from(["RUNNING", "COMPLETED", "FAILED", "SKIPPED", "RETRYING"]))
    def write(self, data: st.DataObject, state: str) -> None:
        """Somebody who once owned an execution writes what became of a node."""
        self._checkpoint(data, Status.RUNNING, release=False, runs=[NodeRun("n", state=State(state))])

    @rule(data=st.data())
    def hand_over(self, data: st.DataObject) -> None:
        """Somebody who once owned an execution gives it back as due."""
        self._checkpoint(data, Status.RUNNING, release=True)

    @rule(data=st.data(), status=st.sampled_from([Status.WAITING, Status.WAITING_FOR_HUMAN]), waits=st.integers(0, 2))
    def park(self, data: st.DataObject, status: Status, waits: int) -> None:
        """Somebody who once owned an execution parks it."""
        self._checkpoint(data, status, release=True, waits=waits)

    @rule(data=st.data(), status=st.sampled_from([Status.SUCCESS, Status.ERROR]))
    def finish(self, data: st.DataObject, status: Status) -> None:
        """Somebody who once owned an execution ends it."""
        self._checkpoint(data, status, release=True)

    @precondition(lambda self: any(each.open or each.closed for each in self.all))
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        """Somebody answers a question, perhaps one that is answered or withdrawn."""
        found = data.draw(st.sampled_from([each for each in self.all if each.open or each.closed]))
        wait = data.draw(st.sampled_from(found.open + found.closed))
        given: dict[str, Any] = {"workspace_id": self.origin.workspace_id, "wait_id": wait, "answer": {}, "by": "model"}
        if wait in found.closed:
            self._refused(services.AlreadyAnswered, services.wait_resolve, **given, now=clock.now())
        else:
            services.wait_resolve(**given, now=clock.now())
            found.open.remove(wait)
            found.closed.append(wait)
            if found.owner is None:
                found.is_due = found.is_due or not found.is_held
            else:
                found.answered = True
        self._look(found, "answer")

    @precondition(lambda self: bool(self.all))
    @rule(data=st.data(), how=st.sampled_from(["CANCELED", "TIMED_OUT"]))
    def end(self, data: st.DataObject, how: str) -> None:
        """Somebody cancels, or its time is up."""
        found = data.draw(st.sampled_from(self.all))
        given: dict[str, Any] = {"workspace_id": self.origin.workspace_id, "execution_id": found.id, "now": clock.now()}
        if found.has_ended and how == "CANCELED":
            self._refused(services.AlreadyEnded, services.execution_cancel, **given, by="model")
        elif how == "CANCELED":
            services.execution_cancel(**given, by="model")
        else:
            services.execution_expire(**given)
        if not found.has_ended:
            found.fence, found.seq, found.owner, found.is_due = found.fence + 1, found.seq + 1, None, False
            found.closed += found.open
            found.open = []
            self._become(found, how)
        self._look(found, "end")

    @precondition(lambda self: bool(self.all))
    @rule(data=st.data())
    def hold(self, data: st.DataObject) -> None:
        """An operator pauses it, or lets it go on."""
        found = data.draw(st.sampled_from(self.all))
        given: dict[str, Any] = {"workspace_id": self.origin.workspace_id, "execution_id": found.id, "actor": ACTOR}
        act = holding.execution_release if found.is_held else holding.execution_hold
        if found.has_ended:
            self._refused(services.AlreadyEnded, act, **given, now=clock.now())
        else:
            act(**given, now=clock.now())
            found.is_held = not found.is_held
            if found.owner is None:
                found.is_due = not found.is_held
                self._adopt(found)
        self._look(found, "hold")

    @rule(at=st.integers(0, 1), is_told=st.booleans())
    def die(self, at: int, is_told: bool) -> None:
        """A worker dies: it is released by whoever started it, or its lease runs out and somebody sweeps."""
        worker = self.workers[at]
        mine = [each for each in self.all if each.owner == worker]
        if is_told:
            store.release(worker_id=worker)
        else:
            store.worker_beat(worker_id=worker, name="model", queues=[self.origin.queue], lease_seconds=-1)
            self._sweep(mine)
            self.workers[at] = uuid7()
            store.worker_beat(worker_id=self.workers[at], name="model", queues=[self.origin.queue], lease_seconds=3_600)
        for each in mine:
            each.owner, each.is_due, each.answered = None, True, False
            self._look(each, "die")

    def _sweep(self, mine: list[Believed]) -> None:
        """Until it was done: of several who sweep at the same moment, one does."""
        for _ in range(200):
            store.sweep(lease_seconds=0.0)
            if all(self._row(each)["owner"] is None for each in mine):
                return
            time.sleep(0.02)

    @precondition(lambda self: any(each.has_ended for each in self.all))
    @rule(data=st.data(), forgery=st.sampled_from(FORGERIES))
    def forge(self, data: st.DataObject, forgery: str) -> None:
        """Somebody tries by plain SQL what nobody may."""
        found = data.draw(st.sampled_from([each for each in self.all if each.has_ended]))
        try:
            with tenant(self.origin.workspace_id), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(forgery, [found.id])
                changed = cursor.rowcount
        except DatabaseError:
            changed = 0
        assert changed <= 0, f"{changed} rows of what had ended were changed: {forgery}"
        self._look(found, "forge")

    @precondition(lambda self: any(each.owner and len(each.claims) > 1 for each in self.all))
    @rule(data=st.data(), status=st.sampled_from([Status.RUNNING, Status.WAITING, Status.SUCCESS]))
    def haunt(self, data: st.DataObject, status: Status) -> None:
        """A former owner writes to what another one has in hand now."""
        found = data.draw(st.sampled_from([each for each in self.all if each.owner and len(each.claims) > 1]))
        claim = data.draw(st.sampled_from(found.claims[:-1]))
        self._write(found, claim, status, release=status is not Status.RUNNING)

    # ── What a write must do ─────────────────────────────────────────────────────────────────────────────────────────

    def _checkpoint(
        self, data: st.DataObject, status: Status, *, release: bool, waits: int = 0, runs: list[NodeRun] | None = None
    ) -> None:
        candidates = [(each, claim) for each in self.all for claim in each.claims]
        if not candidates:
            return
        found, claim = data.draw(st.sampled_from(candidates))
        self._write(found, claim, status, release=release, waits=waits, runs=runs)

    def _write(
        self,
        found: Believed,
        claim: store.Claimed,
        status: Status,
        *,
        release: bool,
        waits: int = 0,
        runs: list[NodeRun] | None = None,
    ) -> None:
        is_owner = found.owner is not None and claim.fence == found.fence and not found.has_ended
        new = [self._wait(found, at) for at in range(waits)] if is_owner else []
        for wait in found.open if new else ():  # a node asks one question at a time
            new = [each for each in new if each.id != wait]
        point = store.Checkpoint(
            execution_id=found.id,
            workspace_id=self.origin.workspace_id,
            fence=claim.fence,
            seq=found.seq,  # as a former owner could not know it: the fence alone must hold
            status=status,
            at=clock.now(),
            runs=runs or [],
            changes=[{"status": str(status)}],
            opened=new,
            awaited=[*found.open, *(found.closed if found.answered else ()), *(each.id for each in new)],
            is_released=release,
        )
        if not is_owner:
            self._refused(store.FenceLost, store.checkpoint, point)
            return self._look(found, "write of a former owner")
        store.checkpoint(point)
        found.seq += 1
        found.open += [each.id for each in new]
        if release:
            found.owner = None
            if status in (Status.SUCCESS, Status.ERROR):
                found.closed += found.open
                found.open, found.is_due = [], False
            elif found.is_held:
                found.is_due = False
            else:
                found.is_due = status is Status.RUNNING or found.answered
            found.answered = False
        is_paused = release and found.is_held and str(status) not in ENDED
        self._become(found, "PAUSED" if is_paused else str(status))
        return self._look(found, "write")

    def _wait(self, found: Believed, at: int) -> OpenWait:
        return OpenWait(
            id=uuid7(),
            workspace_id=self.origin.workspace_id,
            execution_id=found.id,
            workflow_id=self.origin.workflow_id,
            node_id=f"n{at}-{len(found.open) + len(found.closed)}",
            node_name="n",
            path="",
            kind="model",
            wake_at=None,
            request=None,
        )

    def _refused(self, error: type[Exception], act: Any, *arguments: Any, **given: Any) -> None:
        try:
            act(*arguments, **given)
        except error:
            done["refused"] += 1
            return
        raise AssertionError(f"{act.__name__} was not refused with {error.__name__}")

    # ── Judging ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _of(self, execution_id: UUID) -> Believed:
        return next(each for each in self.all if each.id == execution_id)

    def _become(self, found: Believed, status: str) -> None:
        if status != found.status:
            assert status in LAW[found.status], f"{found.status} became {status}"
            done[f"{found.status} → {status}"] += 1
        found.status = status

    def _adopt(self, found: Believed) -> None:
        """After pausing by hand: which state and seq it has is the engine's to say, within the law."""
        row = self._row(found)
        self._become(found, row["status"])
        assert row["seq"] - found.seq in (0, 1)
        found.seq = row["seq"]

    def _row(self, found: Believed) -> dict[str, Any]:
        with tenant(self.origin.workspace_id), connection.cursor() as cursor:
            cursor.execute(
                """SELECT to_jsonb(e), (SELECT count(*) FROM executions_transition t WHERE t.execution_id = e.id),
                          (SELECT jsonb_agg(to_jsonb(n) ORDER BY n.node_id) FROM executions_noderun n
                           WHERE n.execution_id = e.id),
                          (SELECT array_agg(w.id) FROM executions_wait w
                           WHERE w.execution_id = e.id AND w.resolved_at IS NULL)
                   FROM executions_execution e WHERE id = %s""",
                [found.id],
            )
            row, history, runs, open_ = cursor.fetchone()
        kept: dict[str, Any] = row if isinstance(row, dict) else json.loads(row)
        return kept | {"history": history, "runs": runs, "open": open_ or []}

    def _look(self, found: Believed, after: str) -> None:
        done["steps"] += 1
        row = self._row(found)
        said = {
            "status": found.status,
            "seq": found.seq,
            "fence": found.fence,
            "owner": found.owner and str(found.owner),
            "is_due": found.is_due,
            "open": sorted(found.open),
            "history": found.seq,
        }
        stands = {name: row[name] for name in ("status", "seq", "fence", "owner", "history")}
        stands |= {"is_due": row["runnable_at"] is not None, "open": sorted(row["open"])}
        assert stands == said, f"after {after}: it stands at {stands}, not at {said}"
        if found.has_ended:
            whole = json.dumps(row, sort_keys=True, default=str)
            assert found.frozen in ("", whole), f"after {after}: what had ended has changed"
            found.frozen = whole

    def teardown(self) -> None:
        """Leave nothing that somebody could claim."""
        for each in self.all:
            if not each.has_ended:
                services.execution_cancel(
                    workspace_id=self.origin.workspace_id, execution_id=each.id, now=clock.now(), by="model"
                )
        for worker in self.workers:
            store.worker_beat(worker_id=worker, name="model", queues=[self.origin.queue], lease_seconds=-1)


def run(workspace_id: UUID, number: int, steps: int) -> dict[str, Any]:
    """So many steps from one seed. What happened; raises AssertionError with the shortest story that breaks the law."""
    Machine.origin = world(workspace_id, number)
    case = 0
    while done["steps"] < steps:
        run_state_machine_as_test(
            seed(number * 1_000 + case)(Machine),
            settings=settings(
                max_examples=10,
                stateful_step_count=STEPS_PER_CASE,
                database=None,
                deadline=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )
        case += 1
    return {"seed": number, **done}


if __name__ == "__main__":
    print(json.dumps(run(UUID(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
