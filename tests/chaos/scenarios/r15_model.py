"""A model of the state machine against the database."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.chaos.process import Process
from tests.chaos.scenario import SEED, Outcome, Scenario, Sizes
from tests.chaos.world import World


class StateMachine(Scenario):
    """Each seed in a process of its own, two at a time; the world's own workers rest meanwhile."""

    row = "R15"
    fault = "random steps by owners, former owners, people and operators, and by plain SQL, against the database"
    must = "0 illegal transitions; terminal rows immutable"
    small = {"seeds": 2, "steps": 100}
    full = {"seeds": 20, "steps": 2_000}

    def run(self, world: World, size: Sizes) -> Outcome:
        """All seeds."""
        outcome = Outcome()
        world.start_workers(0)

        def play(number: int) -> dict[str, Any]:
            log = world.folder / f"model{number}.log"
            arguments = [world.workspace_id, str(SEED + number), str(size["steps"])]
            process = Process(world.nursery, "tests.chaos.model", arguments, log)
            deadline = time.monotonic() + 300
            while process.is_alive and time.monotonic() < deadline:
                time.sleep(0.05)
            process.end(1)
            try:
                found: dict[str, Any] = json.loads(log.read_text().strip().splitlines()[-1])
            except (ValueError, IndexError):
                said = log.read_text().splitlines()
                broken = [line for line in said if "AssertionError:" in line][-1:]
                found = {"breach": " ".join([*broken, *said[-30:]])[:2_000]}
            return found

        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(play, range(size["seeds"])))
        world.start_workers(self.workers)
        outcome.breaches += [f"seed {SEED + at}: {each['breach']}" for at, each in enumerate(found) if "breach" in each]
        outcome.figures |= {
            "seeds": len(found),
            "fewest steps": min(each.get("steps", 0) for each in found),
            "steps": sum(each.get("steps", 0) for each in found),
            "refused": sum(each.get("refused", 0) for each in found),
            "kinds of transition": len({name for each in found for name in each if "→" in name}),
        }
        return outcome
