"""Identifiers sort by the time they were made."""

from __future__ import annotations

from apps.core.ids import uuid7, uuid7_in_order


def test_a_uuid7_says_its_version_and_its_time() -> None:
    made = uuid7(unix_ms=1_700_000_000_000)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == 1_700_000_000_000


def test_later_ones_sort_after_earlier_ones_and_none_repeats() -> None:
    made = [uuid7(unix_ms=ms) for ms in range(1000, 3000)]
    assert made == sorted(made)
    assert len({uuid7() for _ in range(10_000)}) == 10_000


def test_what_is_made_one_after_the_other_sorts_so() -> None:
    made = [uuid7_in_order() for _ in range(1000)]
    assert made == sorted(made)
    assert len(set(made)) == 1000
    assert {each.version for each in made} == {7}
