"""A node that kills the process it runs in, beside work that did nothing wrong."""

from __future__ import annotations

import threading
import time

from tests.chaos.checker import Judge
from tests.chaos.drawing import drawn, hook, node, read
from tests.chaos.scenario import Outcome, Scenario, Sizes
from tests.chaos.traffic import Traffic, percentile
from tests.chaos.world import World

DURATIONS = "SELECT extract(epoch FROM finished_at - created_at) FROM mine WHERE finished_at IS NOT NULL"


class PoisonNode(Scenario):
    """Whoever dies is started again, as `manage.py up` would. `pure`: how many say that they touch nothing."""

    row = "R10"
    fault = "nodes that kill their process"
    must = "worker_lost after 3 in quarantine; other work's p95 < 2×"
    small = {"slack": 3, "poisons": 0, "pure": 1, "per_second": 8, "alone": 3}
    full = {"slack": 1, "poisons": 1, "pure": 1, "per_second": 10, "alone": 15}
    small_seconds = 15
    workers = 3

    def run(self, world: World, size: Sizes) -> Outcome:
        """Other work alone, then beside the poison."""
        outcome = Outcome()
        base = f"http://127.0.0.1:{world.receiver_port}"
        kinds = {"read": size["poisons"], "pure": size["pure"]}
        workflows = {kind: self._poison(world, kind) for kind, count in kinds.items() if count}
        bad = Judge(world.database_url, list(workflows.values()), ends=["ERROR"])
        before, _ = self._others(world, base, "before", size, size["alone"], outcome).finish()
        keeper = Keeper(world)
        others = self._others(world, base, "beside", size, 600, outcome)
        poisoned: dict[str, str] = {}
        for kind in workflows:
            traffic = Traffic(world, f"poison-{kind}", count=kinds[kind], per_second=1).start()
            outcome.blame(traffic.finish())
            poisoned |= {f"{kind} {n}": execution for n, execution in traffic.accepted.items()}
        began = time.monotonic()
        bad.await_end(90)
        blamed_after = time.monotonic() - began
        beside, count = others.finish()
        keeper.stop()
        causes = [row[0] for row in bad.rows("SELECT error ->> 'code' FROM mine")]
        outcome.must(causes == ["executions.worker_lost"] * len(poisoned), f"they ended with {sorted(set(causes))}")
        found = [each for each in bad.complaints() if not each.startswith("blamed")]
        outcome.blame(found, bad.losses(poisoned))
        outcome.must(beside < 2 * before * size["slack"], f"others' p95 {beside:.2f} s, {before:.2f} s before")
        outcome.figures |= {
            "poisons": len(poisoned),
            "workers died": keeper.restarts,
            "all blamed after (s)": round(blamed_after, 1),
            "others": count,
            "their p95 before/beside (s)": f"{before:.2f}/{beside:.2f}",
        }
        return outcome

    def _poison(self, world: World, kind: str) -> str:
        nodes = [hook(f"poison-{kind}"), node("poison", "ACTION.CHAOS_POISON", effect=kind)]
        return world.publish(f"Poison {kind}", drawn(nodes, "hook poison"))

    def _others(self, world: World, base: str, name: str, size: Sizes, seconds: int, outcome: Outcome) -> Others:
        return Others(world, base, name, size["per_second"], seconds, outcome)


class Others:
    """Executions that do nothing wrong."""

    def __init__(self, world: World, base: str, name: str, per_second: int, seconds: int, outcome: Outcome) -> None:
        nodes = [hook(f"others-{name}"), read("read", base, ms=300)]
        self.judge = Judge(world.database_url, [world.publish(f"Others {name}", drawn(nodes, "hook read"))])
        self.outcome, self.seconds = outcome, seconds
        self.traffic = Traffic(world, f"others-{name}", count=seconds * per_second, per_second=per_second).start()

    def finish(self) -> tuple[float, int]:
        """Their 95th percentile in seconds, and how many they were."""
        if self.seconds > 60:
            self.traffic.stop()
        self.outcome.blame(self.traffic.finish())
        self.judge.await_end(30)
        self.outcome.blame(self.judge.complaints(), self.judge.losses(self.traffic.accepted))
        durations = [float(row[0]) for row in self.judge.rows(DURATIONS)]
        return percentile(durations, 95), len(durations)


class Keeper:
    """Starts every worker again that died."""

    def __init__(self, world: World) -> None:
        self.world, self.restarts = world, 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look away."""
        self._is_over.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._is_over.wait(0.1):
            for worker in self.world.workers:
                if not worker.is_alive:
                    self.restarts += 1
                    worker.start()
