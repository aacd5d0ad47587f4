"""Large values over the API: what is shown in their place, and where all of it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from tests.executions.conftest import Engine, definition, fields, node

pytestmark = pytest.mark.integration

Api = Callable[..., APIClient]
LARGE = {"rows": [{"number": number, "text": "x" * 50} for number in range(2_000)]}
COPYING = definition(
    [
        node("t", "TRIGGER.MANUAL"),
        node("copy", "ACTION.TRANSFORM", fields=fields(all="{{ $json }}")),
        node("count", "ACTION.TRANSFORM", fields=fields(n="{{ $json.all.rows.length() }}")),
    ],
    ["t > copy", "copy > count"],
)


def detail(client: APIClient, ended: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/app/executions/{ended['id']}/").json()
    return found


def test_large_values_are_shown_by_size_and_beginning(engine: Engine, objects: Path, alice: User, api: Api) -> None:
    ended = engine.run(COPYING, LARGE)
    found = detail(api(alice), ended)
    runs = {run["node_id"]: run for run in found["node_runs"]}
    assert found["input"] is None
    assert found["large"]["input"]["head"].startswith('{"rows":[{"number":0')
    assert (runs["copy"]["output"], runs["count"]["input"]) == (None, None)
    assert runs["copy"]["large"]["output"] == runs["count"]["large"]["input"]
    assert runs["count"]["output"] == {"n": 2_000}
    shown = runs["copy"]["large"]["output"]
    answer = api(alice).get(shown["url"])
    assert json.loads(answer.content) == {"all": LARGE}
    assert shown["size"] == len(answer.content)
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert api(alice).get(f"/w/acme/executions/{ended['id']}/payloads/{shown['sha256']}/").content == answer.content


def test_only_an_execution_that_uses_a_value_leads_to_it(
    engine: Engine, objects: Path, alice: User, charlie: User, api: Api
) -> None:
    origin = engine.publish(COPYING)
    values: list[dict[str, Any]] = [LARGE, {"rows": []}]
    large, small = (engine.until(engine.start(origin, given)) for given in values)
    sha256 = detail(api(alice), large)["large"]["input"]["sha256"]
    paths = [f"/api/v1/app/executions/{one['id']}/payloads/{sha256}/" for one in (large, small)]
    assert [api(alice).get(path).status_code for path in paths] == [200, 404]
    assert api(alice).get(paths[1]).json()["code"] == "executions.payload_not_found"
    assert api(charlie).get(paths[0]).status_code == 404
    assert api(charlie, HTTP_X_WORKSPACE="acme").get(paths[0]).status_code == 404
    assert api().get(paths[0]).status_code == 401


def test_who_starts_and_waits_gets_the_value_itself(engine: Engine, objects: Path, alice: User, api: Api) -> None:
    answering = definition([node("t", "TRIGGER.MANUAL"), node("r", "FLOW.RESPOND", body="{{ $json }}")], ["t > r"])
    ended = engine.run(answering, LARGE)
    answer = api(alice).get(f"/api/v1/app/executions/{ended['id']}/response/")
    assert answer.json()["body"] == LARGE
    assert detail(api(alice), ended)["has_response"] is True


def test_a_lost_object_is_said_to_be_lost(engine: Engine, objects: Path, alice: User, api: Api) -> None:
    ended = engine.run(COPYING, LARGE)
    shown = detail(api(alice), ended)["large"]["input"]
    next(objects.rglob(shown["sha256"])).unlink()
    answer = api(alice).get(shown["url"])
    assert answer.status_code == 404
    assert "does not hold" in answer.json()["detail"]


def test_doing_it_again_takes_the_large_input_along(engine: Engine, objects: Path, alice: User, api: Api) -> None:
    ended = engine.run(COPYING, LARGE)
    again = api(alice).post(f"/api/v1/app/executions/{ended['id']}/rerun/", {"from": "node:count"})
    assert again.status_code == 201, again.content
    engine.poke()
    done = engine.until(again.json()["id"])
    assert (done["status"], done["output"]) == ("SUCCESS", {"n": 2_000})
    assert detail(api(alice), done)["large"]["input"]["sha256"] == detail(api(alice), ended)["large"]["input"]["sha256"]
