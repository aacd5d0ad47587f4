"""Limits of requests, against the real Redis."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import redis

from apps.core import ratelimit
from apps.core.ratelimit import Limit, Rate, TooMany, rate_of, spend

pytestmark = pytest.mark.integration


def limit(quota: int, seconds: int, name: str = "user") -> Limit:
    return Limit(name, Rate(quota, seconds), f"test:{uuid4()}")


def let_in(one: Limit) -> bool:
    try:
        spend([one])
    except TooMany:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("", None),
        (" ", None),
        ("10/m", Rate(10, 60)),
        ("100/h", Rate(100, 3_600)),
        ("30/10s", Rate(30, 10)),
        ("1/7d", Rate(1, 7 * 86_400)),
    ],
)
def test_rates_as_people_write_them(text: str, rate: Rate | None) -> None:
    assert rate_of(text) == rate


@pytest.mark.parametrize("text", ["10", "0/m", "-1/m", "10/0s", "10/y", "ten/m", "1.5/s", "10/m/h"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no rate"):
        rate_of(text)


def test_the_whole_quota_may_be_spent_at_once_and_no_more() -> None:
    one = limit(5, 60)
    assert [spend([one])[0].remaining for _ in range(5)] == [4, 3, 2, 1, 0]
    with pytest.raises(TooMany) as refused:
        spend([one])
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 12
    assert refused.value.headers["RateLimit-Policy"] == '"user";q=5;w=60'
    assert refused.value.headers["RateLimit"].startswith('"user";r=0;t=')
    assert spend([limit(5, 60)])[0].remaining == 4  # somebody else is not concerned


def test_it_comes_back_evenly() -> None:
    one = limit(10, 1)
    for _ in range(10):
        spend([one])
    time.sleep(0.25)
    assert 2 <= sum(let_in(one) for _ in range(10)) <= 4


def test_of_several_limits_none_is_spent_when_one_refuses() -> None:
    wide, narrow = limit(10, 60, "plan"), limit(1, 60, "key")
    assert [standing.remaining for standing in spend([wide, narrow])] == [9, 0]
    for _ in range(3):
        with pytest.raises(TooMany, match=r"\(key\)"):
            spend([wide, narrow])
    assert spend([wide])[0].remaining == 8


def test_callers_at_once_get_no_more_than_there_is() -> None:
    one = limit(20, 600)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(let_in, [one] * 60)) == 20


def test_what_was_forgotten_by_redis_is_loaded_again(settings: Any) -> None:
    one = limit(3, 60)
    spend([one])
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.script_flush()
    assert spend([one])[0].remaining == 1


def test_nothing_is_kept_longer_than_it_matters(settings: Any) -> None:
    one = limit(10, 60)
    spend([one])
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert 5_000 < int(client.pttl(f"rate:user:{one.subject}")) <= 6_001  # one of ten is back after six seconds


def test_without_limits_redis_is_not_asked(settings: Any) -> None:
    settings.REDIS_URL = "unix:///nonexistent.sock"
    assert spend([]) == []


def test_without_redis_everybody_passes_and_nobody_waits(settings: Any, caplog: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(ratelimit, "_circuit", ratelimit._Circuit())
    usual, settings.REDIS_URL = settings.REDIS_URL, "unix:///nonexistent.sock"
    one = limit(1, 60)
    for _ in range(50):
        assert spend([one]) == []
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    settings.REDIS_URL = usual
    monkeypatch.setattr(ratelimit._circuit, "_again_at", 0.0)
    assert spend([one])[0].remaining == 0
    assert "counted again" in caplog.text


def test_a_subject_can_be_forgotten() -> None:
    one = limit(1, 60)
    spend([one])
    ratelimit.forget(one.subject)
    assert spend([one])[0].remaining == 0


def test_it_is_cheap() -> None:
    """A few hundred microseconds on a quiet machine; a hundred times that is a fault and not a busy neighbour."""
    one = [limit(1_000_000, 60)]
    began = time.perf_counter()
    for _ in range(200):
        spend(one)
    assert (time.perf_counter() - began) / 200 < 0.02
