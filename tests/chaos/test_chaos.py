"""Everything breaks while a hundred and twenty orders are worked on; nothing is lost and nothing happens twice."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.chaos import checker
from tests.chaos.faults import run_plan
from tests.chaos.story import Story
from tests.chaos.world import World

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1800)]

SEED = int(os.environ.get("CHAOS_SEED", "2026"))
ORDERS = int(os.environ.get("CHAOS_ORDERS", "120"))
SECONDS = float(os.environ.get("CHAOS_SECONDS", "18"))


def test_nothing_is_lost_and_nothing_happens_twice(tmp_path: Path) -> None:
    with World(tmp_path, workers=2) as world:
        story = Story(world, orders=ORDERS, seconds=SECONDS)
        story.begin()
        began = time.monotonic()
        faults = run_plan(world, seed=SEED, seconds=SECONDS, every=1.5)
        story.finish()
        url = world.postgres.url("postgres")
        deadline = time.monotonic() + 30 + SECONDS
        while checker.unfinished(url) != 0 and time.monotonic() < deadline:
            time.sleep(0.2)
        story.end()
        found = story.failures + checker.complaints(
            url, accepted=story.accepted, effects=world.effects, reviewed=story.reviewed
        )
        report = {
            "seed": SEED,
            "orders": len(story.accepted),
            "faults": dict(faults),
            "reviewed": len(story.reviewed),
            "seconds": round(time.monotonic() - began, 1),
            "complaints": found[:10],
        }
        print(json.dumps(report))
        assert not found, json.dumps(report, indent=1)
