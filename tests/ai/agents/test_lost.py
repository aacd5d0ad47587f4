"""An agent of ten turns whose worker is lost again and again: nothing that was recorded is asked or done twice.

Under each owner it gets further, so it is never taken for what ends them: quarantine knows no address of these tests.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from apps.executions import store
from tests.ai.agents.conftest import Connected
from tests.executions.conftest import definition, node
from tests.fakes.scripted import Asked, Call, Say

if TYPE_CHECKING:
    from tests.executions.conftest import Engine

pytestmark = pytest.mark.integration
TURNS = 10


def losing(engine: Engine, seen: Callable[[], int], over: threading.Event) -> threading.Thread:
    """Take the execution from its owner whenever something new has been seen, so that it was under way then."""

    def work() -> None:
        known = 0
        while not over.is_set():
            if seen() > known:
                known = seen()
                for each in engine.dispatchers:  # whichever of them has it
                    store.release(worker_id=each.worker_id)
                engine.add_dispatcher()
            time.sleep(0.005)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def turn_of(asked: Asked) -> int:
    return 1 + sum(each.role == "assistant" for each in asked.said)


def document(connected: Connected) -> dict[str, Any]:
    nodes = [node("t", "TRIGGER.MANUAL"), connected.agent("look"), connected.calls("look")]
    return definition(nodes, ["t > desk"])


def look(asked: Asked) -> Say:
    turn = turn_of(asked)
    return Say("Done.") if turn > TURNS else Say(calls=(Call("look", {"n": str(turn)}),))


def test_lost_in_every_call_of_a_tool(connected: Connected) -> None:
    connected.openai.answers(look)
    for _ in range(100):
        connected.there.says(delay=0.25)
    over, seen = threading.Event(), connected.there.seen
    firsts: Callable[[], int] = lambda: len({each["path"] for each in seen})  # noqa: E731
    thread = losing(connected.engine, firsts, over)
    try:
        done = connected.engine.until(connected.engine.start(connected.engine.publish(document(connected))), seconds=90)
    finally:
        over.set()
        thread.join()
    assert (done["status"], done["output"]["turns"]) == ("SUCCESS", TURNS + 1)
    assert [turn_of(each) for each in connected.openai.asked] == list(range(1, TURNS + 2)), "no turn was paid twice"
    calls = Counter(each["path"] for each in seen)
    assert len(calls) == TURNS
    assert max(calls.values()) == 2, "what was under way when its owner was lost is read once more, and no more"


def test_lost_in_every_turn_of_the_model(connected: Connected) -> None:
    def slow(asked: Asked) -> Say:
        said = look(asked)
        return Say(said.text, said.calls, delay=0.25)

    connected.openai.answers(slow)
    over = threading.Event()
    turns: Callable[[], int] = lambda: len({turn_of(each) for each in connected.openai.asked})  # noqa: E731
    thread = losing(connected.engine, turns, over)
    try:
        done = connected.engine.until(connected.engine.start(connected.engine.publish(document(connected))), seconds=90)
    finally:
        over.set()
        thread.join()
    assert done["status"] == "SUCCESS"
    assert Counter(each["path"] for each in connected.there.seen) == {f"/look?n={at}": 1 for at in range(1, TURNS + 1)}
    asked = Counter(turn_of(each) for each in connected.openai.asked)
    assert set(asked) == set(range(1, TURNS + 2))
    assert max(asked.values()) <= 2, "only the turn in flight is paid again"
