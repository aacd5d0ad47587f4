"""Threads that are there only while there is something to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from apps.core.pump import Pump


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.005)


def test_it_works_until_there_is_nothing_left_and_again_when_poked(db: None) -> None:
    left, lock = list(range(50)), threading.Lock()

    def work() -> bool:
        with lock:
            return bool(left and left.pop() is not None)

    pump = Pump("test", work, most=3)
    pump.poke()
    assert len(left) == 50, "a process that does not host it does nothing"
    pump.tend()
    until(lambda: not left)
    left.extend([1, 2])
    pump.poke()
    until(lambda: not left)
    pump.rest()
    assert not [thread for thread in threading.enumerate() if thread.name == "test"]


def test_a_poke_while_it_looks_is_not_lost(db: None) -> None:
    looks: list[int] = []
    is_looking, may_go_on = threading.Event(), threading.Event()

    def work() -> bool:
        looks.append(1)
        is_looking.set()
        may_go_on.wait(5)
        return False

    pump = Pump("test", work, most=1)
    pump.tend()
    is_looking.wait(5)
    pump.poke()
    may_go_on.set()
    until(lambda: len(looks) == 2)
    pump.rest()


def test_what_stumbles_is_tried_at_the_next_look(db: None) -> None:
    looks: list[int] = []

    def work() -> bool:
        looks.append(1)
        raise ValueError("no")

    pump = Pump("test", work, most=1)
    pump.tend()
    until(lambda: looks)
    pump.rest()
    pump.tend()
    until(lambda: len(looks) == 2)
    pump.rest()
