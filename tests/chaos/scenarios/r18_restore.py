"""The database is dumped in the middle of things, and work goes on from the copy."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos.checker import Judge
from tests.chaos.scenario import Outcome, Scenario, Sizes
from tests.chaos.story import Story
from tests.chaos.traffic import Answerer
from tests.chaos.world import World


class DumpAndRestore(Scenario):
    """`pg_dump` while orders come in; `pg_restore` into another server, with processes of its own.

    The receiver is the same for both: what the copy asks for again comes under the key of the original.
    """

    row = "R18"
    fault = "pg_dump in mid-run, pg_restore into another server, other processes"
    must = "every unfinished execution finishes on the copy, fences intact"
    small = {"orders": 30, "per_second": 10}
    full = {"orders": 300, "per_second": 15}
    small_seconds = 9

    def run(self, world: World, size: Sizes) -> Outcome:
        """Dump in the middle, let the original end, then wake the copy."""
        outcome = Outcome()
        story = Story(world, "restore", orders=size["orders"], per_second=size["per_second"])
        time.sleep(size["orders"] / size["per_second"] * 0.7)
        with TemporaryDirectory(prefix="agentflow-copy-") as folder:
            dump = Path(folder) / "dump"
            began = time.monotonic()
            world.dump(dump)
            dumping = time.monotonic() - began
            story.finish(outcome, seconds=60)
            with World(Path(folder) / "world", workers=0, copy_of=world, dump=dump) as copy:
                judge = Judge(copy.database_url, [story.workflow])
                there, unfinished = len(judge.rows("SELECT id FROM mine")), judge.unfinished()
                outcome.must(unfinished > 0, "nothing was unfinished when it was dumped")
                began = time.monotonic()
                answerer = Answerer(copy)
                copy.start_workers(2)
                judge.await_end(60)
                answerer.stop()
                _, hidden = judge.ambiguous(["post"])
                outcome.blame(judge.complaints(), hidden)
                finishing = time.monotonic() - began
        outcome.figures |= {
            "on the copy": there,
            "of those unfinished": unfinished,
            "dumped in (s)": round(dumping, 1),
            "finished there in (s)": round(finishing, 1),
        }
        return outcome
