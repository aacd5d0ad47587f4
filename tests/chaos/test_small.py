"""The small version of every row of the reliability table, one after the other in one world."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.chaos.scenario import Scenario
from tests.chaos.scenarios import ALL
from tests.chaos.world import World

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all of them; each has workflows of its own."""
    with World(tmp_path_factory.mktemp("chaos"), workers=2) as found:
        yield found


@pytest.mark.parametrize("scenario", ALL, ids=lambda each: each.row)
def test_what_is_promised_is_kept(world: World, scenario: Scenario) -> None:
    world.mend(scenario.workers)
    outcome = scenario.run(world, scenario.small)
    assert not outcome.breaches, json.dumps({"figures": outcome.figures, "breaches": outcome.breaches}, indent=1)
