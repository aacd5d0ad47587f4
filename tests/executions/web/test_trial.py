"""Testing a step from its page."""

from __future__ import annotations

import re
from html import unescape
from uuid import UUID

import pytest
from django.test import Client

from apps.core.tenancy import tenant
from apps.executions.models import Execution
from tests.cast import Cast
from tests.executions.api.conftest import Make
from tests.executions.conftest import Engine
from tests.executions.web.test_again import STEPS, text


@pytest.fixture
def browser(cast: Cast) -> Client:
    """Bob's browser."""
    client = Client()
    client.force_login(cast.bob)
    return client


def test_a_step_is_tested_alone_and_then_with_what_went_in_last(engine: Engine, browser: Client, make: Make) -> None:
    url = f"/w/acme/workflows/{make(STEPS, is_draft=True).id}/test/?node=end"
    assert "Test end" in text(browser.get(url))
    answer = browser.post(url, {"scope": "node"})
    assert answer.status_code == 422
    assert "No output of “double” is known" in text(answer)

    answer = browser.post(url, {"scope": "until", "input": '{"number": 4}'})
    engine.poke()
    assert engine.until(UUID(answer.headers["Location"].split("/")[-2]))["output"] == {"end": 9}

    page = browser.get(url).content.decode()
    (shown,) = re.findall(r'<textarea name="node_input"[^>]*>([^<]*)</textarea>', page)
    assert unescape(shown).strip().replace("\n ", "") == '{ "twice": 8\n}'
    answer = browser.post(url, {"scope": "node", "node_input": '{"twice": 1}', "input": "not looked at"})
    engine.poke()
    found = engine.until(UUID(answer.headers["Location"].split("/")[-2]))
    assert (found["output"], found["mode"]) == ({"end": 2}, "test")


def test_what_is_no_json_is_shown_again(browser: Client, cast: Cast, make: Make) -> None:
    url = f"/w/acme/workflows/{make(STEPS).id}/test/?node=end"
    answer = browser.post(url, {"scope": "node", "node_input": "{"})
    assert answer.status_code == 422
    assert browser.post(url, {"scope": "some"}).status_code == 422
    assert browser.get(url.replace("end", "nothing")).status_code == 404
    with tenant(cast.workspace.id):
        assert Execution.objects.count() == 0


def test_who_edits_tests_in_the_editor_and_versions_lead_nowhere(browser: Client, make: Make) -> None:
    path = f"/w/acme/workflows/{make(STEPS).id}/"
    assert "editor-data" in browser.get(path).content.decode()
    assert '"links"' not in browser.get(f"{path}?version=1").content.decode()
