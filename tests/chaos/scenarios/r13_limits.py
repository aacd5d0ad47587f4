"""Limits while workers are killed, and a workspace that wants everything."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg

from tests.chaos.checker import Judge
from tests.chaos.drawing import drawn, hook, node, read
from tests.chaos.faults import Kills
from tests.chaos.scenario import SEED, Outcome, Scenario, Sizes
from tests.chaos.traffic import Traffic, percentile
from tests.chaos.world import World

LIMIT = 5
CLONE = """
    INSERT INTO executions_execution SELECT (jsonb_populate_record(e, jsonb_build_object(
        'id', uuidv7(), 'dedupe_key', NULL, 'status', 'NEW', 'seq', 0, 'fence', 0, 'owner', NULL, 'output', NULL,
        'finished_at', NULL, 'started_at', NULL, 'created_at', clock_timestamp(), 'runnable_at', clock_timestamp(),
        'deadline_at', clock_timestamp() + interval '1 day'))).*
    FROM executions_execution e, generate_series(1, %s) WHERE e.id = %s::uuid"""


class LimitsHold(Scenario):
    """The limit is looked at every few milliseconds from outside; each look is one snapshot of the table."""

    row = "R13"
    fault = f"executions of a workflow that may run {LIMIT} at once, workers killed; a noisy workspace's queue"
    must = "limit held at every instant; the quiet workspace's start p95 +≤ 1 s"
    small = {"slack": 3, "queued": 40, "kills": 2, "noisy": 2_000, "quiet": 15}
    full = {"slack": 1, "queued": 500, "kills": 20, "noisy": 10_000, "quiet": 100}
    small_seconds = 12
    workers = 3

    def run(self, world: World, size: Sizes) -> Outcome:
        """First the one, then the other."""
        outcome = Outcome()
        self._limit(world, size, outcome)
        self._noise(world, size, outcome)
        return outcome

    def _limit(self, world: World, size: Sizes, outcome: Outcome) -> None:
        base = f"http://127.0.0.1:{world.receiver_port}"
        nodes = [hook("limited"), read("read", base, ms=150)]
        workflow = world.publish("Limited", drawn(nodes, "hook read", max_concurrent=LIMIT))
        judge = Judge(world.database_url, [workflow])
        watch = Watch(world, workflow)
        traffic = Traffic(world, "limited", count=size["queued"], per_second=200).start()
        outcome.blame(traffic.finish())
        kills = Kills(world, seed=SEED, count=size["kills"], frozen_share=0.1, every=0.5, patience=1.0)
        judge.await_end(120)
        kills.stop()
        judge.await_end(20)
        watch.stop()
        outcome.blame(judge.complaints(), judge.losses(traffic.accepted))
        outcome.must(watch.most <= LIMIT, f"{watch.most} ran at once, {LIMIT} may")
        outcome.must(watch.most == LIMIT, f"never more than {watch.most} ran at once: the limit was not reached")
        outcome.figures |= {
            "queued": size["queued"],
            "killed": kills.killed + kills.frozen,
            "looks": watch.looks,
            "most at once": watch.most,
        }

    def _noise(self, world: World, size: Sizes, outcome: Outcome) -> None:
        nodes = [hook("quiet"), node("end", "ACTION.TRANSFORM", fields=[{"name": "ok", "value": True}])]
        quiet_before = self._starts(world, "before", nodes, size["quiet"], outcome)
        base = f"http://127.0.0.1:{world.receiver_port}"
        loud = [hook("noisy"), read("read", base, ms=100)]
        noisy = world.publish("Noisy", drawn(loud, "hook read"), key=world.other_key)
        first = Traffic(world, "noisy", count=1, per_second=1, slug="umbrella").start()
        outcome.blame(first.finish())
        judge = Judge(world.database_url, [noisy])
        judge.await_end(10)
        meanwhile = self._starts(
            world,
            "meanwhile",
            nodes,
            size["quiet"],
            outcome,
            beside=lambda: world.sql(CLONE, size["noisy"], first.accepted[0]),
        )
        left = judge.unfinished()
        outcome.must(left > 0, "the noise was over before the quiet ones had started")
        judge.await_end(20, every=0.5)  # there is no need to see the end of ten thousand
        outcome.blame([each for each in judge.complaints() if not each.startswith("never ended")])
        more = meanwhile - quiet_before
        outcome.must(more <= size["slack"], f"start p95 {more:.2f} s later beside {size['noisy']} queued ones")
        outcome.figures |= {
            "noisy": size["noisy"],
            "quiet start p95 alone (s)": round(quiet_before, 2),
            "beside the noise (s)": round(meanwhile, 2),
            "queued when they had started": left,
        }

    def _starts(
        self,
        world: World,
        name: str,
        nodes: list[dict[str, object]],
        count: int,
        outcome: Outcome,
        beside: Callable[[], object] = lambda: None,
    ) -> float:
        own = [hook(f"quiet-{name}"), *nodes[1:]]
        judge = Judge(world.database_url, [world.publish(f"Quiet {name}", drawn(own, "hook end"))])
        beside()
        traffic = Traffic(world, f"quiet-{name}", count=count, per_second=10).start()
        outcome.blame(traffic.finish())
        judge.await_end(30)
        outcome.blame(judge.complaints(), judge.losses(traffic.accepted))
        return percentile(judge.start_seconds(), 95)


class Watch:
    """Counts, every few milliseconds, how many executions of a workflow are in somebody's hands."""

    def __init__(self, world: World, workflow: str) -> None:
        self.looks = self.most = 0
        self._url, self._workflow = world.database_url, workflow
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look away."""
        self._is_over.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        query = "SELECT count(*) FROM executions_execution WHERE workflow_id = %s::uuid AND owner IS NOT NULL"
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._is_over.wait(0.005):
                row = connection.execute(query, [self._workflow]).fetchone()
                self.most = max(self.most, row[0] if row else 0)
                self.looks += 1
