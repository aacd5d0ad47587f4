"""Workers are killed faster than they can do much."""

from __future__ import annotations

import time

from tests.chaos.checker import Judge
from tests.chaos.drawing import drawn, hook, read
from tests.chaos.faults import Kills
from tests.chaos.scenario import SEED, Outcome, Scenario, Sizes
from tests.chaos.story import Story
from tests.chaos.traffic import Traffic
from tests.chaos.world import World

LIMIT_SECONDS = 600


class WorkersKilled(Scenario):
    """Each kill as soon as the last victim's successor claims again; every tenth is frozen past its lease instead.

    Beside the orders goes a stream of short executions, so that there always is something to claim.
    """

    row = "R1"
    fault = "workers killed, each as soon as the last victim's successor claims again; 10 % frozen past their lease"
    must = "0 lost, 0 committed twice, 0 stuck, 0 innocent nodes worker_lost"
    small = {"orders": 60, "per_second": 10, "stream": 20, "kills": 8}
    full = {"orders": 1_000, "per_second": 5, "stream": 20, "kills": 300}
    small_seconds = 10
    workers = 3

    def run(self, world: World, size: Sizes) -> Outcome:
        """Orders come in for as long as there are kills to come."""
        outcome = Outcome()
        base = f"http://127.0.0.1:{world.receiver_port}"
        short = world.publish("Stream", drawn([hook("stream"), read("read", base)], "hook read"))
        story = Story(world, "kills", orders=size["orders"], per_second=size["per_second"])
        stream = Traffic(world, "stream", count=LIMIT_SECONDS * size["stream"], per_second=size["stream"]).start()
        began = time.monotonic()
        kills = Kills(world, seed=SEED, count=size["kills"])
        while not kills.is_over and time.monotonic() - began < LIMIT_SECONDS:
            time.sleep(0.1)
        killing = time.monotonic() - began
        kills.stop()
        stream.stop()
        outcome.blame(stream.finish())
        story.finish(outcome, seconds=60)
        judge = Judge(world.database_url, [short])
        judge.await_end(20)
        outcome.blame(judge.complaints(), judge.losses(stream.accepted))
        dead = kills.killed + kills.frozen
        outcome.must(dead >= size["kills"], f"only {dead} of {size['kills']} kills in {LIMIT_SECONDS} s")
        outcome.figures |= {
            "beside them": len(stream.accepted),
            "killed": kills.killed,
            "frozen": kills.frozen,
            "seconds between": round(killing / max(1, dead), 2),
        }
        return outcome
