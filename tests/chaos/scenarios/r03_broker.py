"""The broker is gone, with all it held."""

from __future__ import annotations

import time

from tests.chaos.faults import stop_valkey
from tests.chaos.scenario import Outcome, Scenario, Sizes
from tests.chaos.story import Story
from tests.chaos.traffic import percentile
from tests.chaos.world import World


class BrokerAway(Scenario):
    """SIGKILL to the broker, which keeps nothing on disk; back after a while."""

    row = "R3"
    fault = "broker wiped and down"
    must = "0 lost; webhooks still accepted"
    small = {"down": 5, "per_second": 5}
    full = {"down": 60, "per_second": 10}
    small_seconds = 8

    def run(self, world: World, size: Sizes) -> Outcome:
        """Orders before, meanwhile and afterwards."""
        outcome = Outcome()
        orders = size["per_second"] * (size["down"] + 4)
        story = Story(world, "broker", orders=orders, per_second=size["per_second"])
        time.sleep(1)
        stop_valkey(world)
        time.sleep(size["down"])
        world.valkey.ensure()
        story.finish(outcome, seconds=60)
        refused = {status: n for status, n in story.traffic.manners.statuses.items() if status != 202}
        outcome.must(not refused, f"webhooks were answered {refused}")
        outcome.figures |= {
            "down (s)": size["down"],
            "webhook p95 (ms)": round(percentile(story.traffic.milliseconds, 95)),
            "start p95 (s)": round(percentile(story.judge.start_seconds(), 95), 2),
        }
        return outcome
