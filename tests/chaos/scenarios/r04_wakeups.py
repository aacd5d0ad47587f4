"""Wake-ups do not arrive, or arrive ten times."""

from __future__ import annotations

from tests.chaos.checker import Effects, Judge
from tests.chaos.drawing import drawn, effect, hook
from tests.chaos.scenario import Outcome, Scenario, Sizes
from tests.chaos.traffic import Traffic, percentile
from tests.chaos.world import World


class WakeUpsLost(Scenario):
    """A proxy in front of the broker drops every message, then publishes each ten times."""

    row = "R4"
    fault = "every wake-up dropped; then each delivered ten times"
    must = "start p95 ≤ 2 s; 0 double"
    small = {"slack": 3, "orders": 40, "per_second": 20}
    full = {"slack": 1, "orders": 400, "per_second": 20}

    def run(self, world: World, size: Sizes) -> Outcome:
        """The same orders under either fault, each a workflow of its own."""
        outcome = Outcome()
        for copies, name in ((0, "dropped"), (10, "tenfold")):
            base = f"http://127.0.0.1:{world.receiver_port}"
            nodes = [hook(f"wake-{name}"), effect("post", "POST", base)]
            judge = Judge(world.database_url, [world.publish(f"Wake {name}", drawn(nodes, "hook post"))])
            before = world.broker.messages
            world.broker.copies = copies
            try:
                traffic = Traffic(world, f"wake-{name}", count=size["orders"], per_second=size["per_second"]).start()
                outcome.blame(traffic.finish())
                judge.await_end(20)
            finally:
                world.broker.copies = 1
            effects = Effects(world.effects)
            outcome.blame(
                judge.complaints(),
                judge.losses(traffic.accepted),
                effects.complaints(traffic.accepted.values(), once=["post"]),
            )
            p95 = percentile(judge.start_seconds(), 95)
            outcome.must(p95 <= 2 * size["slack"], f"start p95 {p95:.2f} s, {name}")
            messages = world.broker.messages - before
            outcome.must(messages > 0, "no wake-up came by")
            outcome.figures |= {f"{name}: start p95 (s)": round(p95, 2), f"{name}: wake-ups": messages}
        return outcome
