"""The web process is killed while deliveries come in, and one delivery comes a hundred times."""

from __future__ import annotations

import asyncio
import time

import aiohttp

from tests.chaos.checker import Judge
from tests.chaos.drawing import drawn, hook, node
from tests.chaos.scenario import Outcome, Scenario, Sizes
from tests.chaos.traffic import Traffic, percentile
from tests.chaos.world import World


class WebKilled(Scenario):
    """Senders send again under the same delivery id until they hear 2xx, and every twentieth once more after that."""

    row = "R7"
    fault = "web process killed during deliveries; the same delivery id 100 times at once"
    must = "every 2xx has exactly one execution; 100 times → 1"
    small = {"deliveries": 300, "per_second": 100, "kills": 2}
    full = {"deliveries": 5_000, "per_second": 75, "kills": 20}

    def run(self, world: World, size: Sizes) -> Outcome:
        """A steady stream, a kill every so often."""
        outcome = Outcome()
        nodes = [hook("deliveries"), node("end", "ACTION.TRANSFORM", fields=[{"name": "ok", "value": True}])]
        judge = Judge(world.database_url, [world.publish("Deliveries", drawn(nodes, "hook end"))])
        seconds = size["deliveries"] / size["per_second"]
        traffic = Traffic(
            world, "deliveries", count=size["deliveries"], per_second=size["per_second"], senders=32, echo=20
        ).start()
        for _ in range(size["kills"]):
            time.sleep(seconds / (size["kills"] + 1))
            world.web.kill()
        outcome.blame(traffic.finish())
        found = asyncio.run(_hundredfold(world))
        outcome.must(len(found) == 1, f"one delivery sent 100 times was given {len(found)} executions")
        traffic.accepted |= {-1 - at: each for at, each in enumerate(sorted(found))}
        judge.await_end(30)
        outcome.blame(judge.complaints(), judge.losses(traffic.accepted))
        outcome.must(not traffic.manners.rude, f"answers: {traffic.manners.rude[:2]}")
        outcome.figures |= {
            "deliveries": len(traffic.accepted) - 1,
            "web killed": size["kills"],
            "sent again": traffic.manners.statuses[0] + traffic.manners.statuses[503],
            "answered in p50/p95 (ms)": "/".join(
                f"{percentile(traffic.milliseconds, share):.0f}" for share in (50, 95)
            ),
            "executions of the hundredfold one": len(found),
        }
        return outcome


async def _hundredfold(world: World) -> set[str]:
    headers = {"Idempotency-Key": "hundredfold"}
    async with aiohttp.ClientSession(world.base, connector=aiohttp.TCPConnector(limit=0)) as session:

        async def send() -> str:
            async with session.post("/webhooks/acme/deliveries", json={"n": -1}, headers=headers) as response:
                return str((await response.json())["execution_id"])

        return set(await asyncio.gather(*(send() for _ in range(100))))
