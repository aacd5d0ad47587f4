"""How many live connections one person or key may hold open at a time, in this web process."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from apps.core.errors import DomainError


class TooManyStreams(DomainError):
    """You hold more live connections open than one person may."""

    code = "core.too_many_streams"
    status = 429
    default_hint = "Close pages or programs that follow executions. Operators: STREAMS_PER_PERSON."


_lock = threading.Lock()
_open: Counter[str] = Counter()


def check(who: str) -> None:
    """Raise `TooManyStreams` (429) when `who` could not open another one now."""
    most = settings.STREAMS_PER_PERSON
    if most and _open.get(who, 0) >= most:
        raise TooManyStreams(f"{most} live connections are open already.", headers={"Retry-After": "10"})


@contextmanager
def held_by(who: str) -> Iterator[None]:
    """One live connection of `who`, counted as long as the block is open. Raises `TooManyStreams` (429)."""
    with _lock:
        check(who)
        _open[who] += 1
    try:
        yield
    finally:
        with _lock:
            _open[who] -= 1
            if not _open[who]:
                del _open[who]


def count(who: str) -> int:
    """How many live connections `who` holds open here."""
    return _open.get(who, 0)
