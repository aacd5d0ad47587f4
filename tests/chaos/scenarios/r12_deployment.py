"""A deployment under load, and hundreds cancelled while they run."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from tests.chaos.checker import Effects, Judge
from tests.chaos.drawing import drawn, hook, read
from tests.chaos.scenario import Outcome, Scenario, Sizes
from tests.chaos.story import Story
from tests.chaos.traffic import Traffic, percentile
from tests.chaos.world import World

CALL_SECONDS = 40


class Deployment(Scenario):
    """Each worker gets a successor, then SIGTERM; the web process SIGTERM, then a successor, while senders send again.

    Nobody is asked about a write: a worker that is told to end lets its calls end.
    """

    row = "R12"
    fault = "rolling restart under load; executions cancelled while they call out"
    must = "0 failed, nobody asked; cancelled ones terminal ≤ 10 s, their calls ended, never written again"
    small = {"orders": 40, "per_second": 8, "rounds": 1, "cancelled": 20}
    full = {"orders": 300, "per_second": 8, "rounds": 5, "cancelled": 500}
    small_seconds = 9

    def run(self, world: World, size: Sizes) -> Outcome:
        """First the one, then the other."""
        outcome = Outcome()
        self._deploy(world, size, outcome)
        self._cancel(world, size["cancelled"], outcome)
        return outcome

    def _deploy(self, world: World, size: Sizes, outcome: Outcome) -> None:
        story = Story(world, "deployment", orders=size["orders"], per_second=size["per_second"])
        drained: list[float] = []
        for _ in range(size["rounds"]):
            for worker in list(world.workers):
                successor = world.add_worker()
                world.await_pulse(successor)
                began = time.monotonic()
                outcome.must(world.drop_worker(worker), "a worker did not end by itself within 40 s of SIGTERM")
                drained.append(time.monotonic() - began)
            outcome.must(world.web.end(20), "the web process did not end by itself within 20 s of SIGTERM")
            world.web.start()
        story.finish(outcome, seconds=60)
        asked = len(story.answerer.reviewed)
        outcome.must(asked == 0, f"{asked} executions asked whether a write happened")
        outcome.figures |= {"processes replaced": 3 * size["rounds"], "slowest to end (s)": round(max(drained), 1)}

    def _cancel(self, world: World, count: int, outcome: Outcome) -> None:
        base = f"http://127.0.0.1:{world.receiver_port}"
        nodes = [hook("cancel"), read("call", base, ms=CALL_SECONDS * 1000), read("next", base)]
        workflow = world.publish("Cancel", drawn(nodes, "hook call, call next"))
        judge = Judge(world.database_url, [workflow], ends=["CANCELED"])
        traffic = Traffic(world, "cancel", count=count, per_second=100).start()
        outcome.blame(traffic.finish())
        time.sleep(1.5)
        calling = judge.rows(
            "SELECT count(*) FROM executions_noderun n JOIN mine ON mine.id = n.execution_id WHERE n.state = 'RUNNING'"
        )[0][0]
        waits: list[float] = []
        lock = threading.Lock()

        def cancel(execution: str) -> None:
            began = time.monotonic()
            status, found = world.insist("POST", f"/api/v1/app/executions/{execution}/cancel")
            with lock:
                waits.append(time.monotonic() - began)
                outcome.must(status == 200, f"cancel was answered {status} {found}")

        began = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(cancel, traffic.accepted.values()))
        judge.await_end(10)
        terminal = time.monotonic() - began
        outcome.must(terminal <= 10 + count / 50, f"all terminal only after {terminal:.1f} s")
        hung_up = _until_hung_up(world, calling, seconds=12)
        outcome.must(hung_up <= 10, f"calls of cancelled executions went on for {hung_up:.1f} s")
        outcome.must(max(waits) <= 10, f"one was terminal only {max(waits):.1f} s after it was asked for")
        outcome.blame(judge.complaints(), judge.losses(traffic.accepted))
        outcome.figures |= {
            "cancelled": count,
            "of those calling out": calling,
            "last call ended after (s)": hung_up,
            "terminal p95/worst (ms)": f"{percentile(waits, 95) * 1000:.0f}/{max(waits) * 1000:.0f}",
        }


def _until_hung_up(world: World, calls: int, *, seconds: float) -> float:
    """How long it took until the receiver had lost so many calls; about `seconds` when it still has some."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if sum("step=call" in entry["hung_up"] for entry in Effects(world.effects).hung_up) >= calls:
            break
        time.sleep(0.1)
    return round(time.monotonic() - began, 1)
