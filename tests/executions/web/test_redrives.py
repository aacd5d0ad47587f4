"""Choosing what failed, running it again, and watching how far it is."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import launch, redrives, rerun, services
from apps.executions.launch import Start
from apps.executions.models import Redrive
from tests.cast import Cast
from tests.executions.api.conftest import Make
from tests.executions.web.test_again import text

LIST = "/w/acme/executions/"


@pytest.fixture
def browser(cast: Cast) -> Client:
    """Bob's browser."""
    client = Client()
    client.force_login(cast.bob)
    return client


@pytest.fixture
def ended(cast: Cast, make: Make) -> list[UUID]:
    """Three cancelled executions."""
    workflow, found = make(), []
    for number in range(3):
        start = Start(workflow_id=workflow.id, given={"number": number})
        common: Any = {"workspace_id": cast.workspace.id, "now": clock.now()}
        found.append(launch.execution_launch(actor=cast.owner, start=start, **common).id)
        services.execution_cancel(execution_id=found[-1], by="alice", **common)
    return found


@pytest.fixture
def failed(cast: Cast, ended: list[UUID]) -> list[UUID]:
    """The same with one that timed out."""
    found = launch.execution_launch(
        workspace_id=cast.workspace.id, actor=cast.owner, start=Start(_workflow(cast)), now=clock.now()
    ).id
    services.execution_expire(workspace_id=cast.workspace.id, execution_id=found, now=clock.now())
    return [found]


def _workflow(cast: Cast) -> UUID:
    from apps.workflows.models import Workflow

    with tenant(cast.workspace.id):
        return Workflow.objects.get().id


def forms(page: str) -> list[str]:
    return re.findall(r"<form.*?</form>", page, re.S)


def shown(answer: Any) -> set[UUID]:
    return {UUID(found) for found in re.findall(rf'{LIST}([0-9a-f-]{{36}})/"', answer.content.decode())}


def test_only_failures_can_be_chosen(browser: Client, ended: list[UUID]) -> None:
    assert 'action="/w/acme/executions/redrives/new/"' not in browser.get(LIST).content.decode()
    page = browser.get(f"{LIST}?status=CANCELED").content.decode()
    assert set(re.findall(r'name="ids" value="([^"]+)"', page)) == {str(each) for each in ended}
    assert "Run all 3 again" in page


def test_what_was_run_again_leaves_the_dead_letters(
    browser: Client, cast: Cast, failed: list[UUID], ended: list[UUID]
) -> None:
    url = f"{LIST}?status=DEAD_LETTERS&part=list"
    assert shown(browser.get(url)) == set(failed)
    rerun.execution_rerun(workspace_id=cast.workspace.id, execution_id=failed[0], actor=cast.owner, now=clock.now())
    assert shown(browser.get(url)) == set()
    assert shown(browser.get(f"{LIST}?status=ERROR&part=list")) == set(failed)
    assert shown(browser.get(f"{LIST}?status=ERROR&part=list&code=executions.timed_out")) == set(failed)
    assert shown(browser.get(f"{LIST}?status=ERROR&part=list&code=http.status")) == set()


def test_the_chosen_ones_are_asked_about_and_begun(browser: Client, cast: Cast, ended: list[UUID]) -> None:
    question = browser.get(f"{LIST}redrives/new/?status=CANCELED&ids={ended[0]}&ids={ended[2]}&ids=nonsense")
    assert "Run 2 failed runs again?" in text(question)
    fields = re.findall(r'type="hidden" name="(ids|all|status)" value="([^"]+)"', question.content.decode())
    answer = browser.post(
        f"{LIST}redrives/", {"ids": [v for n, v in fields if n == "ids"], "version": "newest", "status": "CANCELED"}
    )
    assert answer.status_code == 302
    with tenant(cast.workspace.id):
        made = Redrive.objects.get()
    assert (made.total, made.version) == (2, "newest")
    assert answer.headers["Location"] == f"{LIST}redrives/{made.id}/"

    page = browser.get(answer.headers["Location"])
    assert "0 of 2" in text(page)
    assert "every 2s" in page.content.decode()
    redrives.redrive_work(workspace_id=cast.workspace.id, redrive_id=made.id)
    part = browser.get(f"{answer.headers['Location']}?part=progress")
    assert "2 of 2" in text(part)
    assert "<html" not in part.content.decode()
    assert str(ended[0]) in part.content.decode()
    assert "All begun" in text(browser.get(f"{LIST}redrives/"))
    assert "Run again, in bulk" in text(browser.get(f"{LIST}?status=ERROR"))


def test_all_that_fit_are_meant_not_only_those_on_the_page(browser: Client, cast: Cast, ended: list[UUID]) -> None:
    workflow = _workflow(cast)
    query = f"all=1&status=CANCELED&workflow={workflow}&q=orders"
    assert "Run 3 failed runs again?" in text(browser.get(f"{LIST}redrives/new/?{query}"))
    form = {"all": "1", "status": "CANCELED", "workflow": str(workflow), "q": "orders"}
    page = browser.post(f"{LIST}redrives/", form, follow=True)
    assert "Orders, cancelled, orders" in text(page)
    with tenant(cast.workspace.id):
        assert Redrive.objects.get().total == 3


def test_with_nothing_chosen_the_list_is_shown_again(browser: Client, ended: list[UUID]) -> None:
    answer = browser.get(f"{LIST}redrives/new/?status=CANCELED")
    assert answer.headers["Location"] == f"{LIST}?status=CANCELED"
    assert "Choose some executions first." in text(browser.get(answer.headers["Location"]))
    answer = browser.post(f"{LIST}redrives/", {}, follow=True)
    assert "No execution fits" in text(answer)


def test_a_redrive_is_stopped_by_its_button(browser: Client, cast: Cast, ended: list[UUID]) -> None:
    browser.post(f"{LIST}redrives/", {"all": "1", "status": "CANCELED"})
    with tenant(cast.workspace.id):
        path = f"{LIST}redrives/{Redrive.objects.get().id}/"
    page = browser.post(f"{path}cancel/", follow=True)
    assert "3 never begun" in text(page)
    assert "every 2s" not in page.content.decode()
    assert "already ended" in text(browser.post(f"{path}cancel/", follow=True))
