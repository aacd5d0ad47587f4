"""The axis of a chart. Pure."""

from __future__ import annotations

_STEPS = (1, 2, 5)


def axis(highest: int) -> tuple[int, ...]:
    """Three to five round numbers from zero up to about `highest`."""
    size = 1
    while True:
        for step in _STEPS:
            if highest <= step * size * 4:
                unit = step * size
                return tuple(range(0, max(2, -(-highest // unit)) * unit + 1, unit))
        size *= 10
