"""What goes on while things break: orders come in, branches call out, timers run, people answer."""

from __future__ import annotations

from tests.chaos.checker import Effects, Judge
from tests.chaos.drawing import Json, drawn, effect, hook, node, read
from tests.chaos.scenario import Outcome
from tests.chaos.traffic import Answerer, Traffic
from tests.chaos.world import World

ITEMS = ("item-0", "item-1", "item-2")


def definition(world: World, path: str) -> Json:
    """Branches that call out, a join, a loop, a timer, a write that must not be doubled, for every fourth a person."""
    base = f"http://127.0.0.1:{world.receiver_port}"
    nodes = [
        hook(path),
        read("read", base, ms=200),
        effect("put", "PUT", base, ms=150),
        node("join", "FLOW.MERGE", mode="all", combine="list"),
        node("loop", "FLOW.LOOP", items="{{ [1, 2, 3] }}", parallelism=2),
        effect("item", "PUT", base, ms=50, of="item-{{ $index }}", _parent="loop"),
        node("nap", "FLOW.WAIT", duration={"seconds": 1}),
        effect("post", "POST", base, ms=200),
        node("fourth", "FLOW.IF", condition='{{ $node["hook"].body.n % 4 == 0 }}'),
        node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", title='Go on with {{ $node["hook"].body.n }}?'),
        effect("last", "PUT", base, ms=100),
    ]
    edges = "hook read, hook put, read join, put join, join loop, loop nap, nap post, post fourth, fourth.true ask"
    return drawn(nodes, f"{edges}, fourth.false last, ask.approved last")


class Story:
    """Orders at a steady pace, and somebody who answers every question."""

    def __init__(self, world: World, path: str, *, orders: int, per_second: float) -> None:
        self.world = world
        self.workflow = world.publish(f"Story {path}", definition(world, path))
        self.judge = Judge(world.database_url, [self.workflow])
        self.answerer = Answerer(world)
        self.traffic = Traffic(world, path, count=orders, per_second=per_second).start()

    def finish(self, outcome: Outcome, *, seconds: float) -> None:
        """Wait for the end of all of it, and judge."""
        outcome.blame(self.traffic.finish())
        settling = self.judge.await_end(seconds)
        self.answerer.stop()
        accepted = self.traffic.accepted
        effects = Effects(self.world.effects)
        doubtful, hidden = self.judge.ambiguous(["post"])
        outcome.blame(
            self.judge.complaints(),
            self.judge.losses(accepted),
            effects.complaints(accepted.values(), once=["post"], ever=["put", *ITEMS, "last"]),
            hidden,
        )
        outcome.figures |= {
            "executions": len(accepted),
            "asked whether it happened": len(doubtful),
            "settled after (s)": round(settling, 1),
        }
