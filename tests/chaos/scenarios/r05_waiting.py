"""Thousands wait, everything is restarted, and all their timers fire at once."""

from __future__ import annotations

import time

from tests.chaos.checker import Judge
from tests.chaos.drawing import drawn, hook, node
from tests.chaos.faults import stop_postgres, stop_valkey
from tests.chaos.scenario import Outcome, Scenario, Sizes
from tests.chaos.traffic import Traffic
from tests.chaos.world import World

FIRE = """
    WITH timers AS (
        UPDATE executions_wait SET wake_at = clock_timestamp() WHERE resolved_at IS NULL AND execution_id IN (
            SELECT id FROM executions_execution WHERE workflow_id = %s::uuid) RETURNING execution_id)
    UPDATE executions_execution SET runnable_at = clock_timestamp() WHERE id IN (SELECT execution_id FROM timers)"""
WAITS = "SELECT count(*) FROM executions_wait w JOIN mine ON mine.id = w.execution_id WHERE w.resolved_at IS NULL"


class ManyWait(Scenario):
    """While they wait they are rows and nothing else; when they are due they are a burst."""

    row = "R5"
    fault = "waiting executions: every process and server killed and restarted, then all timers due at once"
    must = "while waiting no owner; all resolved ≤ 30 s, all finished ≤ 180 s; 0 lost"
    small = {"waiting": 500}
    full = {"waiting": 10_000}

    def run(self, world: World, size: Sizes) -> Outcome:
        """Fill, restart, fire, wait."""
        outcome = Outcome()
        nodes = [hook("waiting"), node("nap", "FLOW.WAIT", duration={"days": 3})]
        nodes.append(node("end", "ACTION.TRANSFORM", fields=[{"name": "n", "value": '{{ $node["hook"].body.n }}'}]))
        workflow = world.publish("Waiting", drawn(nodes, "hook nap, nap end"))
        judge = Judge(world.database_url, [workflow])
        began = time.monotonic()
        traffic = Traffic(world, "waiting", count=size["waiting"], per_second=10_000, senders=32).start()
        outcome.blame(traffic.finish(240))
        while judge.rows(WAITS)[0][0] < len(traffic.accepted) and time.monotonic() - began < 300:
            time.sleep(0.2)
        filled = time.monotonic() - began
        owned = judge.rows("SELECT count(*) FROM mine WHERE owner IS NOT NULL")[0][0]
        outcome.must(owned == 0, f"{owned} are held by a process while they wait")
        restart_everything(world)
        world.sql(FIRE, workflow)
        fired = time.monotonic()
        while judge.rows(WAITS)[0][0] and time.monotonic() - fired < 180:
            time.sleep(0.2)
        resolved = time.monotonic() - fired
        judge.await_end(180 - resolved)
        finished = time.monotonic() - fired
        outcome.must(resolved <= 30, f"all resolved after {resolved:.1f} s")
        outcome.must(finished <= 180, f"all finished after {finished:.1f} s")
        outcome.blame(judge.complaints(), judge.losses(traffic.accepted))
        outcome.figures |= {
            "waiting": len(traffic.accepted),
            "filled in (s)": round(filled, 1),
            "all resolved (s)": round(resolved, 1),
            "all finished (s)": round(finished, 1),
        }
        return outcome


def restart_everything(world: World) -> None:
    """SIGKILL to every process and server of the product; then all of them again."""
    for process in (*world.workers, world.web):
        process.stop()
    stop_postgres(world)
    stop_valkey(world)
    world.postgres.ensure()
    world.valkey.ensure()
    for process in (*world.workers, world.web):
        process.start()
    world.await_web()
