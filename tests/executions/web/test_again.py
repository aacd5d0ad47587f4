"""The dialog “Run again”, as a browser without JavaScript sees it."""

from __future__ import annotations

import json
import re
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
from apps.workflows import services as workflows
from apps.workflows.models import Workflow
from tests.cast import Cast
from tests.executions.api.conftest import Make
from tests.executions.conftest import Engine, definition, fields, node

LIST = "/w/acme/executions/"
STEPS = definition(
    [
        node("t", "TRIGGER.MANUAL"),
        node("double", "ACTION.TRANSFORM", fields=fields(twice="{{ $json.number * 2 }}")),
        node("end", "ACTION.TRANSFORM", fields=fields(end="{{ $json.twice + 1 }}")),
    ],
    ["t > double", "double > end"],
)


@pytest.fixture
def browser(cast: Cast) -> Client:
    """Bob's browser."""
    client = Client()
    client.force_login(cast.bob)
    return client


def started(cast: Cast, workflow: Workflow, given: Any = None) -> UUID:
    return launch.execution_launch(
        workspace_id=cast.workspace.id, actor=cast.owner, start=Start(workflow.id, given), now=clock.now()
    ).id


def cancelled(cast: Cast, workflow: Workflow, given: Any = None) -> UUID:
    found = started(cast, workflow, given)
    services.execution_cancel(workspace_id=cast.workspace.id, execution_id=found, now=clock.now(), by="alice")
    return found


def text(answer: Any) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


def sent(answer: Any) -> dict[str, str]:
    """What a browser would send that changes nothing in the form."""
    page = answer.content.decode()
    chosen = re.search(r'<option value="([^"]*)" selected', page)
    shown_for = re.search(r'name="shown_for" value="([^"]*)"', page)
    given = re.search(r'<textarea[^>]*name="input"[^>]*>([^<]*)</textarea>', page)
    assert chosen is not None
    assert shown_for is not None
    found = {"from": unescape(chosen[1]), "version": "same", "shown_for": unescape(shown_for[1])}
    return found | ({"input": unescape(given[1])} if given else {})


def made(cast: Cast, answer: Any) -> Execution:
    assert answer.status_code == 302, text(answer)
    with tenant(cast.workspace.id):
        return Execution.objects.get(id=answer.headers["Location"].split("/")[-2])


def test_unchanged_it_is_the_same_once_more(browser: Client, cast: Cast, make: Make) -> None:
    execution_id = started(cast, make(), {"number": 4})
    url = f"{LIST}{execution_id}/rerun/"
    form = sent(browser.get(url))
    assert (form["from"], json.loads(form["input"])) == ("start", {"number": 4})
    new = made(cast, browser.post(url, form))
    with tenant(cast.workspace.id):
        old = Execution.objects.get(id=execution_id)
    assert (new.input, new.version_id, new.trigger_node) == (old.input, old.version_id, old.trigger_node)
    assert new.lineage_id != old.lineage_id, "what it sends is meant to be done again"
    assert new.rerun_of == old.id
    assert made(cast, browser.post(url)).input == {"number": 4}, "a bare button does the same"


def test_the_pages_of_both_lead_to_one_another(engine: Engine, browser: Client, cast: Cast, make: Make) -> None:
    stops = node("no", "FLOW.STOP", outcome="error", message="Out of stock.")
    old = started(cast, make(definition([node("t", "TRIGGER.MANUAL"), stops], ["t > no"])))
    engine.poke()
    engine.until(old, "ERROR")
    assert "Run again as" not in text(browser.get(f"{LIST}{old}/"))
    new = made(cast, browser.post(f"{LIST}{old}/rerun/"))
    assert f"Run again as {str(new.id)[-6:]}" in text(browser.get(f"{LIST}{old}/"))
    assert f"again of {str(old)[-6:]}" in text(browser.get(f"{LIST}{new.id}/"))


def test_another_input_is_sent_as_it_was_typed(browser: Client, cast: Cast, make: Make) -> None:
    execution_id = cancelled(cast, make(), {"number": 4})
    url = f"{LIST}{execution_id}/rerun/"
    form = sent(browser.get(f"{url}?from=start"))
    new = made(cast, browser.post(url, form | {"input": '{"number": 5}'}))
    assert (new.input, new.lineage_id) == ({"number": 5}, new.id)
    same = made(cast, browser.post(url, form))
    assert (same.input, same.lineage_id) == ({"number": 4}, execution_id)
    refused = browser.post(url, form | {"input": '{"number": '})
    assert refused.status_code == 422
    assert "{&quot;number&quot;: </textarea>" in refused.content.decode(), "what was typed is not lost"


def test_a_failed_one_offers_to_go_on_where_it_failed(browser: Client, cast: Cast, make: Make) -> None:
    execution_id = cancelled(cast, make())
    form = sent(browser.get(f"{LIST}{execution_id}/rerun/"))
    assert form == {"from": "failed", "version": "same", "shown_for": "failed"}
    assert made(cast, browser.post(f"{LIST}{execution_id}/rerun/", form)).lineage_id == execution_id


def test_a_step_shows_what_is_kept_and_what_went_in(engine: Engine, browser: Client, cast: Cast, make: Make) -> None:
    execution_id = started(cast, make(STEPS), {"number": 4})
    engine.poke()
    engine.until(execution_id)
    url = f"{LIST}{execution_id}/rerun/"
    page = browser.get(f"{url}?from=node:end")
    assert "Kept: t, double" in text(page)
    assert "It begins with end." in text(page)
    form = sent(page)
    assert json.loads(form["input"]) == {"twice": 8}
    same = made(cast, browser.post(url, form))
    other = made(cast, browser.post(url, form | {"input": '{"twice": 20}'}))
    engine.poke()
    assert engine.until(same.id)["output"] == {"end": 9}
    assert engine.until(other.id)["output"] == {"end": 21}


def test_the_text_of_one_place_is_not_taken_for_another(
    engine: Engine, browser: Client, cast: Cast, make: Make
) -> None:
    """Without JavaScript the text stays when another step is chosen."""
    execution_id = started(cast, make(STEPS), {"number": 4})
    engine.poke()
    engine.until(execution_id)
    url = f"{LIST}{execution_id}/rerun/"
    form = sent(browser.get(f"{url}?from=start")) | {"from": "node:end"}
    new = made(cast, browser.post(url, form))
    engine.poke()
    assert engine.until(new.id)["output"] == {"end": 9}


def test_what_does_not_fit_is_said_before_and_after(engine: Engine, browser: Client, cast: Cast, make: Make) -> None:
    workflow = make(STEPS)
    execution_id = started(cast, workflow, {"number": 4})
    engine.poke()
    engine.until(execution_id)
    changed = json.loads(json.dumps(STEPS))
    changed["nodes"][1] = node("double", "FLOW.IF", condition="{{ true }}")
    changed["connections"][1]["port"] = "true"
    common: Any = {"workspace_id": cast.workspace.id, "actor": cast.owner, "workflow_id": workflow.id}
    workflows.workflow_update(**common, definition=changed)
    url = f"{LIST}{execution_id}/rerun/"
    assert "The draft as it is now, as a test" in text(browser.get(url))
    workflows.workflow_publish(**common)
    page = browser.get(f"{url}?from=node:end&version=newest")
    assert "“double” was of type TRANSFORM and is of type IF now." in text(page)
    assert "Version 2, the newest" in text(page)
    refused = browser.post(url, {"from": "node:end", "version": "newest"})
    assert refused.status_code == 422
    assert "“double” was of type TRANSFORM" in text(refused)


def test_what_was_put_away_or_deleted_is_not_run_again(browser: Client, cast: Cast, make: Make) -> None:
    archived, deleted = make(), make(name="Gone")
    common: Any = {"workspace_id": cast.workspace.id, "actor": cast.owner}
    one, two = started(cast, archived), started(cast, deleted)
    workflows.workflow_archive(**common, workflow_id=archived.id)
    workflows.workflow_delete(**common, workflow_id=deleted.id)
    for execution_id in (one, two):
        assert browser.get(f"{LIST}{execution_id}/rerun/").status_code == 200
        assert browser.post(f"{LIST}{execution_id}/rerun/").status_code == 422
        assert browser.get(f"{LIST}{execution_id}/").status_code == 200, "the record stays"
    with tenant(cast.workspace.id):
        assert Execution.objects.count() == 2


def test_what_was_sent_and_not_answered_is_named_on_the_page(browser: Client, cast: Cast, make: Make) -> None:
    call = node("call", "ACTION.HTTP_REQUEST", method="POST", url="https://api.example.com/charge")
    execution_id = started(cast, make(definition([node("t", "TRIGGER.MANUAL"), call], ["t > call"])))
    sent_out = {"node_id": "call", "path": "", "params": {"method": "POST", "url": "https://api.example.com/charge"}}
    with tenant(cast.workspace.id):
        Execution.objects.filter(id=execution_id).update(unknown_writes=[sent_out])
    services.execution_cancel(workspace_id=cast.workspace.id, execution_id=execution_id, now=clock.now(), by="alice")
    page = text(browser.get(f"{LIST}{execution_id}/"))
    assert "One step was sent and nobody saw the answer." in page
    assert "call POST https://api.example.com/charge" in page


def test_parts_of_the_dialog_come_alone(browser: Client, cast: Cast, make: Make) -> None:
    url = f"{LIST}{cancelled(cast, make())}/rerun/"
    form, fit = browser.get(f"{url}?part=form"), browser.get(f"{url}?part=fit&from=start")
    assert form.content.decode().lstrip().startswith("<form")
    assert 'commandfor="run-again" command="close"' in form.content.decode()
    assert 'id="again-fit"' in fit.content.decode()
    assert "<form" not in fit.content.decode()
    assert browser.get(f"{url}?from=node:nothing&version=x").status_code == 200
