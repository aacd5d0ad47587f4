"""Charts have few round numbers beside them."""

from __future__ import annotations

import pytest

from apps.core.axis import axis


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (0, (0, 1, 2)),
        (1, (0, 1, 2)),
        (4, (0, 1, 2, 3, 4)),
        (5, (0, 2, 4, 6)),
        (147, (0, 50, 100, 150)),
        (9_600, (0, 5_000, 10_000)),
    ],
)
def test_the_axis_has_few_round_numbers(highest: int, ticks: tuple[int, ...]) -> None:
    assert axis(highest) == ticks
