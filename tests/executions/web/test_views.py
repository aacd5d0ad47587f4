"""The pages of executions, as a browser without JavaScript sees them."""

from __future__ import annotations

import json
import re
import shlex
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import launch, services
from apps.executions.launch import Start
from apps.executions.models import Execution
from apps.workflows.models import Workflow
from tests.cast import Cast
from tests.executions.api.conftest import ASKING, Make
from tests.executions.conftest import Engine, definition, node

LIST = "/w/acme/executions/"


def started(cast: Cast, workflow: Workflow, given: Any = None) -> UUID:
    return launch.execution_launch(
        workspace_id=cast.workspace.id, actor=cast.owner, start=Start(workflow.id, given), now=clock.now()
    ).id


@pytest.fixture
def browser(cast: Cast) -> Client:
    """Bob's browser."""
    client = Client()
    client.force_login(cast.bob)
    return client


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


# ── The list ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_list_shows_what_runs(browser: Client, cast: Cast, make: Make) -> None:
    execution_id = started(cast, make())
    page = browser.get(LIST)
    assert page.status_code == 200
    assert f"{LIST}{execution_id}/" in page.content.decode()
    assert "alice@example.com" in text(page)


def test_an_empty_list_says_what_an_execution_is(browser: Client) -> None:
    assert "Nothing has run yet" in text(browser.get(LIST))


def test_the_list_goes_back_as_far_as_asked(browser: Client, cast: Cast, make: Make) -> None:
    found = started(cast, make(ASKING))
    with tenant(cast.workspace.id):
        Execution.objects.filter(id=found).update(created_at=clock.now() - timedelta(days=3))
    assert "No execution fits" in text(browser.get(f"{LIST}?within=day"))
    assert "No execution fits" not in text(browser.get(f"{LIST}?within=week"))
    assert "No execution fits" not in text(browser.get(f"{LIST}?within=nonsense"))


def test_the_list_is_filtered_by_its_address(browser: Client, cast: Cast, make: Make) -> None:
    orders, refunds = make(), make(name="Refunds")
    kept, ended = started(cast, orders), started(cast, refunds)
    services.execution_cancel(workspace_id=cast.workspace.id, execution_id=ended, now=clock.now(), by="alice")

    def shown(query: str) -> set[UUID]:
        answer = browser.get(f"{LIST}?{query}&part=list")
        return {UUID(found) for found in re.findall(rf"{LIST}([0-9a-f-]{{36}})/", answer.content.decode())}

    assert shown("status=RUNNING") == {kept}
    assert shown("status=CANCELED") == {ended}
    assert shown(f"workflow={refunds.id}") == {ended}
    assert shown(f"q={str(kept)[-8:]}") == {kept}
    assert shown("q=refund") == {ended}
    assert shown("status=nonsense") == set()
    assert shown("workflow=nonsense&page=999") == {kept, ended}


def test_a_webhook_is_shown_as_it_was_called_last(browser: Client, cast: Cast, make: Make) -> None:
    hook = definition([node("hook", "TRIGGER.WEBHOOK", path="orders"), node("end", "FLOW.STOP")], ["hook > end"])
    workflow = make(hook)
    url = f"/w/acme/workflows/{workflow.id}/example/?node="
    assert browser.get(f"{url}hook").status_code == 204
    started(cast, workflow, {"body": {"name": "Old"}})
    started(cast, workflow, {"body": {"name": "Zoë's <b>"}, "headers": {}})

    answer = browser.get(f"{url}hook")

    command = unescape(answer.content.decode())
    assert command.startswith("curl -X POST 'http")
    assert shlex.split(command)[-1] == '{"name": "Zoë\'s <b>"}'
    assert b"<b>" not in answer.content
    assert answer["Cache-Control"] == "no-store"
    assert browser.get(f"{url}end").status_code == 404
    for body in ("text", None, ["x" * 3000]):
        started(cast, workflow, {"body": body})
        assert browser.get(f"{url}hook").status_code == 204


def test_an_unchanged_list_is_not_sent_again(browser: Client, cast: Cast, make: Make) -> None:
    workflow = make()
    started(cast, workflow)
    (refresh,) = re.findall(r'hx-get="([^"]+)"', browser.get(LIST).content.decode().replace("&amp;", "&"))[-1:]
    assert browser.get(LIST + refresh).status_code == 204
    started(cast, workflow)
    assert browser.get(LIST + refresh).status_code == 200


def test_a_full_list_costs_few_queries(
    browser: Client, cast: Cast, make: Make, django_assert_max_num_queries: Any
) -> None:
    workflow = make()
    for _ in range(60):
        started(cast, workflow)
    browser.get(LIST)
    with django_assert_max_num_queries(15):  # four of them are savepoints, which only a test has
        page = browser.get(LIST)
    assert "1 to 50 of 60" in text(page)


# ── One execution ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_brings_the_canvas_all_it_needs(engine: Engine, browser: Client, cast: Cast, make: Make) -> None:
    execution_id = started(cast, make(ASKING), {"order": "A-1"})
    engine.until(execution_id, "WAITING_FOR_HUMAN")
    page = browser.get(f"{LIST}{execution_id}/").content.decode()
    found = re.search(r'<script id="canvas-data" type="application/json">(.*?)</script>', page, re.S)
    assert found
    data = json.loads(found[1])
    assert data["mode"] == "execution"
    assert data["snapshot"]["status"] == "WAITING_FOR_HUMAN"
    assert data["snapshot"]["waits"][0]["title"] == "Ship order A-1?"
    assert data["live_url"] == f"/ws/executions/{execution_id}/"
    assert data["node_ports"]["boss"] == ["approved", "rejected", "timeout"]
    assert {entry["subtype"] for entry in data["node_types"]} == {"MANUAL", "CONFIRMATION", "TRANSFORM"}
    assert not any("output" in run for run in data["snapshot"]["node_runs"])
    assert "/w/acme/inbox/" in page, "whoever may answer is led there"
    fresh = browser.get(data["api"]["execution"]).json()
    assert {key: fresh[key] for key in ("seq", "status", "node_runs")} == {
        key: data["snapshot"][key] for key in ("seq", "status", "node_runs")
    }
    assert browser.get(data["api"]["node_run"], {"node": "t"}).json()["node_runs"][0]["output"] == {"order": "A-1"}


def test_without_javascript_the_steps_are_a_table(engine: Engine, browser: Client, cast: Cast, make: Make) -> None:
    document = definition(
        [node("t", "TRIGGER.MANUAL"), node("no", "FLOW.STOP", outcome="error", message="Out of stock.")], ["t > no"]
    )
    execution_id = started(cast, make(document))
    engine.until(execution_id)
    page = browser.get(f"{LIST}{execution_id}/").content.decode()
    (table,) = [part for part in re.findall(r"<noscript>(.*?)</noscript>", page, re.S) if "<table" in part]
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", table))
    assert "t Success" in told
    assert "Out of stock." in re.sub(r"<[^>]+>", " ", page)


def test_the_header_follows_the_status(browser: Client, cast: Cast, make: Make) -> None:
    execution_id = started(cast, make())
    path = f"{LIST}{execution_id}/"
    before = browser.get(f"{path}?fragment=header").content.decode()
    assert 'id="execution-status"' in before
    assert 'id="execution-actions"' in before
    assert "Cancel run" in before
    assert browser.post(f"{path}cancel/").headers["Location"] == path
    after = browser.get(f"{path}?fragment=header").content.decode()
    assert 'data-status="CANCELED"' in after
    assert "Cancel run" not in after
    assert browser.post(f"{path}cancel/").status_code == 302, "a second click is told, not punished"
    assert "has already ended" in text(browser.get(path))


# ── Starting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def only(cast: Cast) -> Execution:
    with tenant(cast.workspace.id):
        return Execution.objects.get()


def test_a_button_starts_what_needs_no_input(browser: Client, cast: Cast, make: Make) -> None:
    answer = browser.post(f"/w/acme/workflows/{make().id}/run/")
    assert answer.headers["Location"] == f"{LIST}{only(cast).id}/"


def test_what_needs_input_shows_a_form_first(browser: Client, cast: Cast, make: Make) -> None:
    schema = {"type": "object", "properties": {"order": {"type": "string", "examples": ["A-1"]}}}
    workflow = make(definition([node("t", "TRIGGER.MANUAL", input_schema=schema)], []))
    path = f"/w/acme/workflows/{workflow.id}/run/"
    assert browser.post(path).headers["Location"] == path
    assert "&quot;order&quot;: &quot;A-1&quot;" in browser.get(path).content.decode()
    wrong = browser.post(path, {"input": '{"order": 7}'})
    assert wrong.status_code == 422
    assert "is not of type" in text(wrong)
    broken = browser.post(path, {"input": "{"})
    assert broken.status_code == 422
    assert "not JSON" in text(broken)
    assert browser.post(path, {"input": '{"order": "B-2"}'}).status_code == 302
    assert only(cast).input == {"order": "B-2"}


def test_the_form_begins_with_what_the_last_run_was_given(browser: Client, cast: Cast, make: Make) -> None:
    workflow = make(definition([node("hook", "TRIGGER.WEBHOOK", path="a")], []))
    path = f"/w/acme/workflows/{workflow.id}/run/"
    assert "last run" not in text(browser.get(path))
    started(cast, workflow, {"order": "A-1"})
    page = browser.get(path)
    assert "This is what the last run began with." in text(page)
    assert "{\n  &quot;order&quot;: &quot;A-1&quot;\n}" in page.content.decode()


def test_a_draft_with_errors_says_which(browser: Client, make: Make) -> None:
    broken = definition([node("t", "TRIGGER.MANUAL"), node("x", "ACTION.HTTP_REQUEST", url="nowhere")], ["t > x"])
    answer = browser.post(f"/w/acme/workflows/{make(broken, is_draft=True).id}/run/")
    assert answer.status_code == 422
    assert "nodes[1].params.url" in text(answer)


def test_a_draft_without_a_trigger_is_no_fault(browser: Client, make: Make) -> None:
    workflow = make({"nodes": [], "connections": [], "settings": {}}, is_draft=True)
    path = f"/w/acme/workflows/{workflow.id}/run/"
    assert browser.get(path).status_code == 200
    assert browser.post(path, {"input": ""}).status_code == 422


@pytest.mark.parametrize("message", ["It broke.", "value of “total”: no list"])
def test_an_error_names_its_node_once(browser: Client, cast: Cast, make: Make, message: str) -> None:
    workflow = make(definition([node("t", "TRIGGER.MANUAL"), node("total", "ACTION.TRANSFORM")], ["t > total"]))
    execution_id = started(cast, workflow)
    with tenant(cast.workspace.id):
        error = {"code": "x.y", "message": message, "node_id": "total"}
        Execution.objects.filter(id=execution_id).update(status="ERROR", error=error)
    page = browser.get(f"{LIST}{execution_id}/").content.decode()
    notice = re.search(r'id="execution-notice".*?</div>', page, re.DOTALL)
    assert notice is not None
    assert notice[0].count("total") == 1


@pytest.mark.parametrize(
    ("link", "leads_to"),
    [("settings/models/", "/w/acme/settings/models/"), ("https://evil.example/", ""), ("//evil.example/", "")],
)
def test_an_error_leads_to_where_it_is_mended(
    browser: Client, cast: Cast, make: Make, link: str, leads_to: str
) -> None:
    execution_id = started(cast, make())
    with tenant(cast.workspace.id):
        error = {"code": "x.y", "message": "No.", "details": {"link": link}}
        Execution.objects.filter(id=execution_id).update(status="ERROR", error=error)
    page = browser.get(f"{LIST}{execution_id}/").content.decode()
    assert re.findall(r'href="([^"]*)">Go there<', page) == ([leads_to] if leads_to else [])


def test_viewers_watch_and_change_nothing(cast: Cast, make: Make) -> None:
    from apps.accounts import services as accounts
    from apps.accounts.models import User

    accounts.member_add(workspace=cast.workspace, email="vera@example.com", role="viewer", actor=cast.owner)
    client = Client()
    client.force_login(User.objects.get(email="vera@example.com"))
    execution_id = started(cast, make())
    page = client.get(f"{LIST}{execution_id}/")
    assert page.status_code == 200
    assert "Cancel run" not in page.content.decode()
    assert "Run again" not in page.content.decode()
    assert client.post(f"{LIST}{execution_id}/cancel/").status_code == 403
    assert client.post(f"{LIST}{execution_id}/rerun/").status_code == 403
    assert client.get(f"{LIST}{execution_id}/rerun/").status_code == 403
