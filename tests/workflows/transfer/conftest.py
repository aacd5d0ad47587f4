"""Node types that the product does not have yet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.nodes import registry


@pytest.fixture
def agents() -> Iterator[None]:
    """An agent, a tool and a memory."""
    before = list(registry._packages)
    registry.look_into([*before, "tests.fakes.agents"])
    yield
    registry.look_into(before)
