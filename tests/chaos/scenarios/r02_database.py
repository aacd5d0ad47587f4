"""The database crashes under load, again and again."""

from __future__ import annotations

import time

from tests.chaos.faults import stop_postgres
from tests.chaos.scenario import Outcome, Scenario, Sizes
from tests.chaos.story import Story
from tests.chaos.traffic import Readers
from tests.chaos.world import World

PAGES = ("/api/v1/app/executions?page_size=5", "/api/v1/app/workflows", "/api/v1/app/interactions", "/api/v1/app/me")


class DatabaseCrashes(Scenario):
    """SIGKILL to the postmaster, away for half a second, started again; the next crash when orders go in again."""

    row = "R2"
    fault = "PostgreSQL crash-restarted under load"
    must = "0 lost; the API answers 503 with Retry-After, never 500"
    small = {"slack": 3, "crashes": 2, "per_second": 6, "seconds": 5}
    full = {"slack": 1, "crashes": 10, "per_second": 10, "seconds": 60}
    small_seconds = 9

    def run(self, world: World, size: Sizes) -> Outcome:
        """Orders and readers all the time; a crash every few seconds."""
        outcome = Outcome()
        story = Story(world, "database", orders=size["per_second"] * size["seconds"], per_second=size["per_second"])
        readers = Readers(world, PAGES, per_second=20)
        until_normal: list[float] = []
        for _ in range(size["crashes"]):
            time.sleep(size["seconds"] / size["crashes"] / 2)
            stop_postgres(world)
            time.sleep(0.5)
            world.postgres.ensure()
            until_normal.append(_until_accepted(story, time.monotonic()))
        manners = readers.stop()
        story.finish(outcome, seconds=60)
        outcome.blame(sorted(set(manners.rude + story.traffic.manners.rude))[:5])
        worst = max(until_normal)
        outcome.must(worst <= 5 * size["slack"], f"{worst:.1f} s until orders went in again")
        outcome.figures |= {
            "crashes": size["crashes"],
            "reads answered 200": manners.statuses[200],
            "503": manners.statuses[503] + story.traffic.manners.statuses[503],
            "500": manners.statuses[500] + story.traffic.manners.statuses[500],
            "normal again within (s)": round(worst, 1),
        }
        return outcome


def _until_accepted(story: Story, since: float) -> float:
    """Seconds from `since` to the next order that went in, at most 10."""
    while time.monotonic() - since < 10:
        after = [at for at in list(story.traffic.accepted_at) if at > since]
        if after or story.traffic.is_over:
            return min(after, default=since) - since
        time.sleep(0.02)
    return 10.0
