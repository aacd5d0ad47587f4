"""Everything breaks, in random order, while orders are worked on."""

from __future__ import annotations

from tests.chaos.faults import run_plan
from tests.chaos.scenario import SEED, Outcome, Scenario, Sizes
from tests.chaos.story import Story
from tests.chaos.world import World


class Everything(Scenario):
    """Workers killed and frozen, web process, database and broker killed, broker wiped: one about every 1.5 s."""

    row = "R0"
    fault = "workers, web process, database and broker killed or frozen at random, every 1.5 s"
    must = "0 lost, 0 committed twice, 0 stuck"
    small = {"orders": 48, "per_second": 6, "seconds": 8}
    full = {"orders": 500, "per_second": 8, "seconds": 60}
    small_seconds = 11

    def run(self, world: World, size: Sizes) -> Outcome:
        """Orders, faults, judgement."""
        outcome = Outcome()
        story = Story(world, "everything", orders=size["orders"], per_second=size["per_second"])
        faults = run_plan(world, seed=SEED, seconds=size["seconds"], every=1.5)
        story.finish(outcome, seconds=60)
        outcome.figures["faults"] = sum(faults.values())
        return outcome
