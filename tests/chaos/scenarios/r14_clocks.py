"""Clocks are wrong by minutes, and connections to the database end in the middle of things."""

from __future__ import annotations

import random
import time

from tests.chaos.checker import Judge
from tests.chaos.faults import end_connections
from tests.chaos.scenario import SEED, Outcome, Scenario, Sizes
from tests.chaos.story import Story
from tests.chaos.traffic import percentile
from tests.chaos.world import World

MINUTES = 10
NAPS = """
    SELECT extract(epoch FROM w.resolved_at - w.opened_at) FROM executions_wait w JOIN mine ON mine.id = w.execution_id
    WHERE w.kind = 'timer'"""


class ClocksWrong(Scenario):
    """One worker's clock is ten minutes fast, the other's ten minutes slow; the database keeps the time."""

    row = "R14"
    fault = f"worker clocks ±{MINUTES} min; 5 % of the database connections ended every half second"
    must = "0 lost, 0 double; a wait of a second is one"
    small = {"orders": 40, "per_second": 8}
    full = {"orders": 400, "per_second": 8}
    small_seconds = 8

    def run(self, world: World, size: Sizes) -> Outcome:
        """Orders while the clocks are wrong; then the workers are exchanged for some that go right."""
        outcome = Outcome()
        world.start_workers(0)
        for sign in (1, -1):
            world.add_worker(shift_seconds=sign * MINUTES * 60)
        rng = random.Random(SEED)
        ended = 0
        story = Story(world, "clocks", orders=size["orders"], per_second=size["per_second"])
        while not story.traffic.is_over:
            time.sleep(0.5)
            ended += end_connections(world, rng)
        story.finish(outcome, seconds=60)
        world.start_workers(self.workers)
        outcome.blame(story.traffic.manners.rude[:3])
        naps = _naps(story.judge)
        outcome.must(
            percentile(naps, 95) <= 6 and min(naps, default=1.0) >= 0.9, f"waits of 1 s took {naps[:1]}…{naps[-1:]} s"
        )
        outcome.figures |= {
            "connections ended": ended,
            "wait of 1 s: shortest/p95 (s)": f"{min(naps, default=0):.2f}/{percentile(naps, 95):.2f}",
        }
        return outcome


def _naps(judge: Judge) -> list[float]:
    return sorted(float(row[0]) for row in judge.rows(NAPS))
