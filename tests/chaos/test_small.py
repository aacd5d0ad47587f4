"""The small version of every row of the reliability table: one after the other, in two worlds at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from queue import Empty, SimpleQueue
from threading import Thread

import pytest

from tests.chaos.scenario import Outcome, Scenario
from tests.chaos.scenarios import ALL
from tests.chaos.world import World

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(400)]

Played = dict[str, Future[Outcome]]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Played]:
    """What comes of each row that was asked for; those that take longest begin first."""
    given = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    asked = {each["scenario"].row for each in given if "scenario" in each}
    rows = sorted((each for each in ALL if each.row in asked), key=lambda each: -each.small_seconds)
    found: Played = {each.row: Future() for each in rows}
    queue: SimpleQueue[Scenario] = SimpleQueue()
    for each in rows:
        queue.put(each)
    with ExitStack() as stack:
        # Made here, by the thread that outlives them: a process of a world dies with the thread that started it.
        worlds = [stack.enter_context(World(tmp_path_factory.mktemp("chaos"))) for _ in range(min(2, len(rows)))]
        threads = [Thread(target=_play, args=(world, queue, found), daemon=True) for world in worlds]
        for thread in threads:
            thread.start()
        yield found
        while not queue.empty():
            queue.get()
        for thread in threads:
            thread.join(timeout=120)


def _play(world: World, queue: SimpleQueue[Scenario], found: Played) -> None:
    while True:
        try:
            scenario = queue.get_nowait()
        except Empty:
            return
        try:
            world.mend(scenario.workers)
            found[scenario.row].set_result(scenario.run(world, scenario.small))
        except BaseException as error:
            found[scenario.row].set_exception(error)


@pytest.mark.parametrize("scenario", [each for each in ALL if each.small], ids=lambda each: each.row)
def test_what_is_promised_is_kept(played: Played, scenario: Scenario) -> None:
    outcome = played[scenario.row].result()
    assert not outcome.breaches, json.dumps({"figures": outcome.figures, "breaches": outcome.breaches}, indent=1)
