"""The page that compares two runs, and the ways to it."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.cast import Cast
from tests.executions.api.conftest import Make
from tests.executions.conftest import Engine
from tests.executions.web.test_again import LIST, STEPS, browser, cancelled, started, text

__all__ = ["browser"]


def test_two_runs_stand_side_by_side(
    engine: Engine, cast: Cast, browser: Client, make: Make, django_assert_max_num_queries: Any
) -> None:
    workflow = make(STEPS)
    first, second = (started(cast, workflow, {"number": number}) for number in (2, 5))
    engine.poke()
    engine.until(first)
    engine.until(second)
    url = f"{LIST}compare/?a={first}&b={second}"
    with django_assert_max_num_queries(34):
        page = text(browser.get(url))
    assert "They first differ at t : output" in page
    inner = text(browser.get(f"{url}&node=double"))
    assert "twice A: 4 B: 10" in inner
    assert "0 steps are the same" in inner


def test_of_one_alone_the_run_before_is_taken(cast: Cast, browser: Client, make: Make) -> None:
    workflow = make(STEPS)
    first, second = cancelled(cast, workflow), cancelled(cast, workflow)
    assert browser.get(f"{LIST}compare/?b={second}")["Location"] == f"{LIST}compare/?a={first}&b={second}"
    assert browser.get(f"{LIST}compare/?ids={second}&ids={first}")["Location"].endswith(f"?a={first}&b={second}")
    assert "Both did the same" in text(browser.get(f"{LIST}compare/?a={first}&b={second}"))


def test_what_cannot_be_compared_is_told(cast: Cast, browser: Client, make: Make) -> None:
    only = cancelled(cast, make(STEPS))
    assert "no other run of this workflow" in text(browser.get(f"{LIST}compare/?b={only}", follow=True))
    for query in ("", "a=x&b=y"):
        answer = browser.get(f"{LIST}compare/?{query}")
        assert answer.status_code == 400
        assert "Tick two in the list" in text(answer)
    assert browser.get(f"{LIST}compare/?a={only}&b=0199aa10-0000-7000-8000-000000000001").status_code == 404
