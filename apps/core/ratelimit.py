"""How often somebody may ask: one place for every limit of requests.

A limit is counted in Redis by the generic cell rate algorithm: one number per subject, and one trip for all limits of a
request. The whole quota may be spent at once; from then on it comes back evenly. Where Redis is away requests pass, and
the log says so. Where nothing is limited nothing is asked.
"""

from __future__ import annotations

import logging
import math
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis.exceptions import NoScriptError, RedisError

from apps.core.errors import DomainError

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.25
PAUSE_SECONDS = 5.0
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_RATE = re.compile(r"(\d{1,9})/(\d{1,5})?([smhd])")

# For each key: is it let in, how much is left, after how many ms the quota is whole again, after how many to try again.
# Nothing is spent unless every limit lets it in.
_SCRIPT = """
local at = redis.call('TIME')
local now = at[1] * 1000 + at[2] / 1000
local found, fresh, open = {}, {}, true
for i, key in ipairs(KEYS) do
    local quota, window = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local step = window / quota
    local full = tonumber(redis.call('GET', key)) or now
    if full < now then full = now end
    local over = full + step - now - window
    if over > 0.001 then
        open = false
        found[i] = {0, 0, math.ceil(full - now), math.ceil(over)}
    else
        fresh[i] = full + step
        found[i] = {1, math.floor((now + window - fresh[i]) / step + 0.0001), math.ceil(fresh[i] - now), 0}
    end
end
if open then
    for i, key in ipairs(KEYS) do
        redis.call('SET', key, string.format('%.3f', fresh[i]), 'PX', math.max(1, math.ceil(fresh[i] - now)))
    end
end
return found
"""


class TooMany(DomainError):
    """You ask more often than this installation allows."""

    code = "core.too_many_requests"
    status = 429


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests within so many seconds."""

    quota: int
    seconds: int


def rate_of(text: str) -> Rate | None:
    """The rate written as `10/m`, `100/h` or `30/10s`; None for an empty text. Raises `ValueError` for any other."""
    text = text.strip()
    if not text:
        return None
    found = _RATE.fullmatch(text)
    if found is None or int(found[1]) < 1 or int(found[2] or 1) < 1:
        raise ValueError(f"{text!r} is no rate. Write it as 10/m, 100/h or 30/10s.")
    return Rate(int(found[1]), int(found[2] or 1) * _UNITS[found[3]])


@dataclass(frozen=True, slots=True)
class Limit:
    """A rate for one subject. `name` is what the headers call it, `subject` who is counted (`key:<id>`)."""

    name: str
    rate: Rate
    subject: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a limit stands after a request was counted: what is left, and in how many seconds all of it is back."""

    limit: Limit
    remaining: int
    reset_seconds: int


def spend(limits: Sequence[Limit]) -> list[Standing]:
    """Count one request against each of these limits, all or none. Gives how they stand; nothing while Redis is away.

    Raises `TooMany` (429, with `Retry-After` and the limits' headers) when one of them is used up.
    """
    if not limits or not _circuit.may_try():
        return []
    try:
        rows = _asked(limits)
    except RedisError as error:
        _circuit.open(error)
        return []
    _circuit.close()
    standings = [Standing(limit, row[1], _seconds(row[2])) for limit, row in zip(limits, rows, strict=True)]
    waits = [(row[3], limit) for limit, row in zip(limits, rows, strict=True) if not row[0]]
    if waits:
        milliseconds, limit = max(waits, key=lambda each: each[0])
        wait = _seconds(milliseconds)
        rate = limit.rate
        raise TooMany(
            f"At most {rate.quota:,} requests are taken in {_words(rate.seconds)} ({limit.name}).",
            hint=f"Try again in {_words(wait)}.",
            headers={"Retry-After": str(wait), **headers(standings)},
        )
    return standings


def headers(standings: Sequence[Standing]) -> dict[str, str]:
    """`RateLimit-Policy` and `RateLimit` as the IETF's draft (httpapi-ratelimit-headers) writes them."""
    if not standings:
        return {}
    return {
        "RateLimit-Policy": ", ".join(
            f'"{each.limit.name}";q={each.limit.rate.quota};w={each.limit.rate.seconds}' for each in standings
        ),
        "RateLimit": ", ".join(f'"{each.limit.name}";r={each.remaining};t={each.reset_seconds}' for each in standings),
    }


def forget(subject: str) -> None:
    """Give a subject its whole quota back, under every name."""
    client = _client(settings.REDIS_URL)
    for key in client.scan_iter(match=f"rate:*:{subject}"):
        client.delete(key)


def _asked(limits: Sequence[Limit]) -> list[list[int]]:
    client = _client(settings.REDIS_URL)
    keys = [f"rate:{limit.name}:{limit.subject}" for limit in limits]
    figures = [figure for limit in limits for figure in (limit.rate.quota, limit.rate.seconds * 1_000)]
    try:
        found: Any = client.evalsha(_digest(), len(keys), *keys, *figures)
    except NoScriptError:  # a server that was started again has forgotten it
        found = client.eval(_SCRIPT, len(keys), *keys, *figures)
    rows: list[list[int]] = found
    return rows


@cache
def _digest() -> str:
    import hashlib

    return hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS)


def _seconds(milliseconds: int) -> int:
    return math.ceil(milliseconds / 1_000)


def _words(seconds: int) -> str:
    for length, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= length and seconds % length == 0:
            count = seconds // length
            return f"1 {name}" if count == 1 else f"{count} {name}s"
    return "1 second" if seconds == 1 else f"{seconds} seconds"


class _Circuit:
    """Whether Redis is worth asking: after a failure it is left alone for some seconds, so that nobody waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._again_at = 0.0
        self._is_open = False

    def may_try(self) -> bool:
        """Whether it may be asked now."""
        return not self._is_open or time.monotonic() >= self._again_at

    def open(self, error: Exception) -> None:
        """It failed."""
        with self._lock:
            was, self._is_open = self._is_open, True
            self._again_at = time.monotonic() + PAUSE_SECONDS
        if not was:
            logger.warning("nobody counts requests, all of them pass: Redis cannot be reached (%s)", error)

    def close(self) -> None:
        """It answered."""
        if self._is_open:
            with self._lock:
                self._is_open = False
            logger.warning("requests are counted again")


_circuit = _Circuit()
