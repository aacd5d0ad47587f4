"""What servers know of their garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from config import garbage


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The collector as it was."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_is_there_at_the_start_is_not_looked_at_again() -> None:
    everything = len(gc.get_objects())
    garbage.settle()
    assert gc.get_freeze_count() > everything * 0.8
    assert len(gc.get_objects()) < everything * 0.2


def test_what_comes_later_is_still_collected() -> None:
    garbage.settle()
    ring: list[object] = []
    ring.append(ring)
    del ring
    assert gc.collect() >= 1
