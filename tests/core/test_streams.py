"""How many live connections somebody may hold."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

from apps.core import streams


def test_one_too_many_is_refused_until_another_one_ends(settings: Any) -> None:
    settings.STREAMS_PER_PERSON = 2
    with ExitStack() as first:
        first.enter_context(streams.held_by("user:1"))
        with streams.held_by("user:1"):
            with pytest.raises(streams.TooManyStreams) as refused, streams.held_by("user:1"):
                pass
            assert refused.value.status == 429
            with pytest.raises(streams.TooManyStreams):
                streams.check("user:1")
            with streams.held_by("user:2"):
                pass
        with streams.held_by("user:1"):
            pass
    assert streams.count("user:1") == 0


def test_zero_means_without_limit(settings: Any) -> None:
    settings.STREAMS_PER_PERSON = 0
    with ExitStack() as many:
        for _ in range(200):
            many.enter_context(streams.held_by("user:1"))
        streams.check("user:1")
