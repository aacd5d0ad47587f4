"""Side effects while the workers that cause them are killed."""

from __future__ import annotations

import time

from tests.chaos.checker import Effects, Judge
from tests.chaos.drawing import drawn, effect, hook, node
from tests.chaos.faults import Kills
from tests.chaos.scenario import SEED, Outcome, Scenario, Sizes
from tests.chaos.traffic import Answerer, Traffic
from tests.chaos.world import World

REVIEWS = """
    SELECT i.execution_id FROM hil_interaction i JOIN mine ON mine.id = i.execution_id
    WHERE i.kind = 'REVIEW_UNKNOWN'"""


class EffectsUnderKills(Scenario):
    """Three writes at once: to a receiver that recognises keys, one by PUT, one to a receiver that recognises nothing.

    Whoever is asked whether the last one happened looks it up at the receiver.
    """

    row = "R8"
    fault = "workers killed while writes are under way, to a receiver that honours keys and to one that does not"
    must = "0 duplicate effects; every ambiguous one is listed as NEEDS_REVIEW"
    small = {"orders": 40, "per_second": 10, "kills": 5}
    full = {"orders": 400, "per_second": 7, "kills": 40}
    workers = 3

    def run(self, world: World, size: Sizes) -> Outcome:
        """Orders and kills; then everybody is answered."""
        outcome = Outcome()
        base = f"http://127.0.0.1:{world.receiver_port}"
        nodes = [
            hook("effects"),
            effect("keyed", "POST", base, ms=150, honours=True),
            effect("put", "PUT", base, ms=150, honours=True),
            effect("plain", "POST", base, ms=150),
            node("join", "FLOW.MERGE", mode="all"),
        ]
        edges = "hook keyed, hook put, hook plain, keyed join, put join, plain join"
        judge = Judge(world.database_url, [world.publish("Effects", drawn(nodes, edges))])
        answerer = Answerer(world)
        traffic = Traffic(world, "effects", count=size["orders"], per_second=size["per_second"]).start()
        kills = Kills(world, seed=SEED, count=size["kills"], frozen_share=0, every=0.2)
        while not kills.is_over and not traffic.is_over:
            time.sleep(0.1)
        kills.stop()
        outcome.blame(traffic.finish())
        judge.await_end(60)
        answerer.stop()
        effects, ids = Effects(world.effects), list(traffic.accepted.values())
        doubtful, hidden = judge.ambiguous(["plain"])
        outcome.blame(
            judge.complaints(),
            judge.losses(traffic.accepted),
            effects.complaints(ids, once=["keyed", "put", "plain"]),
            hidden,
        )
        unlisted = doubtful - {str(row[0]) for row in judge.rows(REVIEWS)}
        outcome.must(not unlisted, f"{len(unlisted)} ambiguous writes were never shown to anybody")
        outcome.figures |= {
            "executions": len(ids),
            "killed": kills.killed,
            "sent again, recognised": effects.repeats("keyed", ids) + effects.repeats("put", ids),
            "ambiguous": len(doubtful),
            "of those shown to a person": len(doubtful) - len(unlisted),
            "duplicates": sum(
                n for name in ("keyed", "put", "plain") for times, n in effects.done(name, ids).items() if times > 1
            ),
        }
        return outcome
