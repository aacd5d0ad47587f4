"""The pages where logs are read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from apps.core import clock
from apps.executions import services
from apps.executions.web.logs import rows
from apps.nodes.builtin.actions.http_request import HttpRequest
from apps.nodes.contract import Context, Done, NodeError, Result
from tests.cast import Cast
from tests.executions.api.conftest import Make
from tests.executions.api.test_executions import started
from tests.executions.api.test_logs import HORRORS, calling
from tests.executions.conftest import Engine

LOGS = "/w/acme/logs/"

pytestmark = pytest.mark.usefixtures("cast")


@pytest.fixture
def browser(cast: Cast) -> Client:
    made = Client()
    made.force_login(cast.alice)
    return made


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Context], Result]], None]:
    def set_code(code: Callable[[Context], Result]) -> None:
        monkeypatch.setattr(HttpRequest, "run", lambda self, params, ctx: code(ctx))

    return set_code


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def log_of(execution_id: UUID, query: str = "") -> str:
    return f"/w/acme/executions/{execution_id}/log/{query}"


def words(answer: Any) -> list[str]:
    found = re.findall(r'<div class="log-text">(.*?)</div>', text(answer), re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in found]


def test_a_finished_run_is_told_and_does_not_wait_for_more(
    engine: Engine, browser: Client, cast: Cast, make: Make
) -> None:
    execution_id = started(cast, make(), {"number": 4})
    engine.until(execution_id)
    page = browser.get(log_of(execution_id))
    told = words(page)
    assert told[0] == "Started by alice@example.com."
    assert told[-1].startswith("Finished after ")
    assert "data-events" not in text(page)
    assert "COMPLETED" in text(browser.get(log_of(execution_id, "?view=technical")))
    assert words(browser.get(log_of(execution_id, "?q=nonsense"))) == []
    assert "No line fits" in text(browser.get(log_of(execution_id, "?q=nonsense")))


def test_what_follows_a_line_is_given_alone(browser: Client, cast: Cast, make: Make) -> None:
    execution_id = started(cast, make(), {"number": 4})
    page = text(browser.get(log_of(execution_id)))
    last, following, events = (
        re.search(rf'data-{name}="([^"]+)"', page)[1].replace("&amp;", "&")  # type: ignore[index]
        for name in ("last", "following", "events")
    )
    assert events == f"/api/v1/app/executions/{execution_id}/events/"
    services.execution_cancel(workspace_id=cast.workspace.id, execution_id=execution_id, now=clock.now(), by="alice")
    part = browser.get(log_of(execution_id, f"{following}&after={last}"))
    assert words(part) == ["Cancelled by alice."]
    assert "<html" not in text(part)


def test_no_horror_acts_on_a_page(
    engine: Engine, browser: Client, cast: Cast, make: Make, runs: Callable[..., None]
) -> None:
    def say(ctx: Context) -> Result:
        for horror in HORRORS:
            ctx.log(horror, data={"horror": horror})
        raise NodeError("http.status", "".join(HORRORS), HORRORS[3], details={"it": HORRORS})

    runs(say)
    execution_id = started(cast, make(calling(name=HORRORS[3][:90]), name=HORRORS[4]))
    engine.poke()
    engine.until(execution_id)
    for path in (log_of(execution_id), log_of(execution_id, "?view=technical"), LOGS, f"{LOGS}?view=technical"):
        page = text(browser.get(path))
        assert "<img src=x" not in page
        assert "<script>alert" not in page
        assert "\u202e" not in "".join(re.findall(r'<ol class="logbook".*?</ol>', page, re.S))
        assert len(page) < 3_000_000
    for horror in HORRORS:
        asked = horror[:90].replace("\ud800", "?")
        for path in (log_of(execution_id), LOGS):
            answer = browser.get(path, {name: asked for name in ("q", "node", "after", "workflow", "view", "level")})
            assert answer.status_code in (200, 400), path


def test_a_milestone_and_how_far_it_is_are_shown(
    engine: Engine, browser: Client, cast: Cast, make: Make, runs: Callable[..., None]
) -> None:
    runs(lambda ctx: Done(None))
    execution_id = started(cast, make(calling(milestone=True)))
    engine.poke()
    engine.until(execution_id)
    page = text(browser.get(log_of(execution_id, "?milestones=true")))
    assert len(re.findall(r"<li class=\"log-line\"", page)) == 1
    assert "data-milestone" in page
    assert 'name="milestones"' in page


def test_the_log_of_the_workspace_keeps_itself_current(
    engine: Engine, browser: Client, cast: Cast, make: Make, charlie: Any
) -> None:
    assert "Nothing has been logged yet" in text(browser.get(LOGS))
    workflow = make()
    engine.until(started(cast, workflow, {"number": 4}))
    page = text(browser.get(LOGS)).replace("&amp;", "&")
    (refresh,) = re.findall(r'hx-get="(\?[^"]+)"', page)
    assert browser.get(LOGS + refresh).status_code == 204
    engine.until(started(cast, workflow, {"number": 5}))
    assert len(words(browser.get(LOGS + refresh))) == 6
    assert len(words(browser.get(f"{LOGS}?workflow={workflow.id}&range=1h"))) == 6
    assert words(browser.get(f"{LOGS}?level=error")) == []
    assert browser.get(f"{LOGS}?after=nonsense&range=ages&workflow=none&level=x&view=y").status_code == 200
    stranger = Client()
    stranger.force_login(charlie)
    assert stranger.get(LOGS).status_code == 404


def test_a_full_page_costs_few_queries(
    engine: Engine, browser: Client, cast: Cast, make: Make, django_assert_max_num_queries: Any
) -> None:
    workflow = make()
    last = [started(cast, workflow, {"number": 4}) for _ in range(30)][-1]
    engine.until(last)
    browser.get(LOGS)
    with django_assert_max_num_queries(12):
        browser.get(LOGS)
    with django_assert_max_num_queries(12):
        browser.get(log_of(last))


def test_no_lines_are_no_rows() -> None:
    assert rows([], "business") == []
