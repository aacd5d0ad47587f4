"""Signs of life."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.core import selectors
from apps.core.services import pulse_beat

pytestmark = pytest.mark.django_db


def test_a_pulse_is_one_row_that_grows_old() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert selectors.pulse("beat") is None
    pulse_beat(name="beat", at=at, detail={"host": "a"})
    pulse_beat(name="beat", at=at + timedelta(seconds=5))
    found = selectors.pulse("beat")
    assert found is not None
    assert found.detail == {}
    assert found.is_fresh(now=at + timedelta(seconds=15), within_seconds=10)
    assert not found.is_fresh(now=at + timedelta(seconds=16), within_seconds=10)
