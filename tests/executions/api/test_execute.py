"""Starting a workflow over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.workflows import services as workflows
from apps.workflows.models import Workflow
from tests.cast import Cast
from tests.executions.api.conftest import ASKING, SMALL, Make
from tests.executions.conftest import Engine, definition, fields, node

Api = Callable[..., APIClient]


def execute(client: APIClient, workflow: Workflow, body: Any = None, **headers: str) -> Any:
    return client.post(f"/api/v1/app/workflows/{workflow.id}/execute", body or {}, headers=headers)


def test_it_starts_the_published_version_and_says_where_to_look(api: Api, alice: User, make: Make) -> None:
    answer = execute(api(alice), make(), {"input": {"number": 4}})
    assert answer.status_code == 201
    found = answer.json()
    assert found["id"] == found["execution_id"]
    assert (found["status"], found["mode"], found["version"]) == ("NEW", "production", 1)
    assert answer["Location"] == f"/api/v1/app/executions/{found['id']}/"
    assert api(alice).get(answer["Location"]).json()["input"] == {"number": 4}


def test_a_draft_that_was_never_published_runs_as_a_test_of_what_it_is_now(
    api: Api, alice: User, make: Make, cast: Cast
) -> None:
    workflow = make(is_draft=True)
    first = execute(api(alice), workflow, {"input": {"number": 1}}).json()
    assert (first["mode"], first["version"]) == ("test", None)
    other = definition([node("t", "TRIGGER.MANUAL")], [])
    workflows.workflow_update(
        workspace_id=cast.workspace.id, workflow_id=workflow.id, actor=cast.owner, definition=other
    )
    execute(api(alice), workflow)
    with tenant(cast.workspace.id):
        newest, oldest = Execution.objects.select_related("version").order_by("-id")
    assert oldest.version.definition == SMALL
    assert newest.version.definition == other


def test_a_published_workflow_runs_its_version_not_its_draft(api: Api, alice: User, make: Make, cast: Cast) -> None:
    workflow = make()
    workflows.workflow_update(
        workspace_id=cast.workspace.id,
        workflow_id=workflow.id,
        actor=cast.owner,
        definition=definition([node("other", "TRIGGER.MANUAL")], []),
    )
    answer = execute(api(alice), workflow, {"trigger": "t"})
    assert answer.status_code == 201, answer.json()


def test_a_draft_with_errors_is_refused_with_its_findings(api: Api, alice: User, make: Make) -> None:
    broken = definition([node("t", "TRIGGER.MANUAL"), node("x", "ACTION.HTTP_REQUEST", url="nowhere")], ["t > x"])
    answer = execute(api(alice), make(broken, is_draft=True))
    assert answer.status_code == 400
    assert answer.json()["code"] == "workflows.definition_invalid"
    assert answer.json()["errors"][0]["path"] == "nodes[1].params.url"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"inputs": {}}, "inputs"),
        ({"wait": 31}, "wait"),
        ({"wait": -1}, "wait"),
        ({"wait": "long"}, "wait"),
        ({"trigger": {"id": "t"}}, "trigger"),
        ({"trigger": "tt"}, "trigger"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_name(api: Api, alice: User, make: Make, body: Any, path: str) -> None:
    answer = execute(api(alice), make(), body)
    assert answer.status_code == 400
    assert [error["path"] for error in answer.json()["errors"]] == [path]


@pytest.mark.parametrize("raw", ["[]", "7", "null", '"x"', '{"input": NaN}', '{"input": "\\u0000"}', "{"])
def test_bodies_that_are_no_object_are_refused(api: Api, alice: User, make: Make, raw: str) -> None:
    path = f"/api/v1/app/workflows/{make().id}/execute/"
    answer = api(alice).generic("POST", path, raw, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"


def test_without_a_body_the_input_is_empty(api: Api, alice: User, make: Make) -> None:
    answer = api(alice).generic("POST", f"/api/v1/app/workflows/{make().id}/execute/")
    assert answer.status_code == 201, answer.content


def test_of_several_triggers_the_one_by_hand_is_meant(api: Api, alice: User, make: Make) -> None:
    document = definition(
        [node("hook", "TRIGGER.WEBHOOK", path="a"), node("t", "TRIGGER.MANUAL"), node("x", "ACTION.TRANSFORM")],
        ["hook > x", "t > x"],
    )
    found = execute(api(alice), make(document)).json()
    assert api(alice).get(f"/api/v1/app/executions/{found['id']}").json()["trigger"] == "t"


def test_of_several_triggers_none_is_guessed(api: Api, alice: User, make: Make) -> None:
    document = definition([node("one", "TRIGGER.WEBHOOK", path="a"), node("two", "TRIGGER.WEBHOOK", path="b")], [])
    workflow = make(document)
    answer = execute(api(alice), workflow)
    assert answer.status_code == 400
    assert answer.json()["code"] == "executions.trigger_unclear"
    assert "one" in answer.json()["hint"]
    assert "two" in answer.json()["hint"]
    assert execute(api(alice), workflow, {"trigger": "two"}).status_code == 201


def test_a_webhook_started_by_hand_gets_the_shape_of_a_delivery(api: Api, alice: User, make: Make) -> None:
    workflow = make(definition([node("hook", "TRIGGER.WEBHOOK", path="a")], []))
    found = execute(api(alice), workflow, {"input": {"id": "A-1"}}).json()
    assert api(alice).get(f"/api/v1/app/executions/{found['id']}").json()["input"]["body"] == {"id": "A-1"}


def test_the_input_must_fit_the_triggers_schema(api: Api, alice: User, make: Make) -> None:
    schema = {
        "type": "object",
        "required": ["order"],
        "properties": {"order": {"type": "string", "pattern": "^(a+)+$"}, "count": {"type": "integer"}},
    }
    workflow = make(definition([node("t", "TRIGGER.MANUAL", input_schema=schema)], []))
    answer = execute(api(alice), workflow, {"input": {"order": "aa", "count": "two"}})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"path": "input.count", "message": "'two' is not of type 'integer'"}]
    began = time.monotonic()
    assert execute(api(alice), workflow, {"input": {"order": "a" * 5000 + "!"}}).status_code == 400
    assert time.monotonic() - began < 2, "a pattern must not cost more than linear time"
    assert execute(api(alice), workflow, {"input": {"order": "aaa"}}).status_code == 201


@pytest.mark.parametrize(
    "schema", [{"type": "nonsense"}, {"$ref": "http://127.0.0.1:9/schema"}, {"properties": {"a": {"pattern": "("}}}]
)
def test_a_schema_that_is_none_is_named(api: Api, alice: User, make: Make, schema: Any) -> None:
    workflow = make(definition([node("t", "TRIGGER.MANUAL", input_schema=schema)], []))
    answer = execute(api(alice), workflow, {"input": {"a": "b"}})
    assert answer.status_code == 400
    assert answer.json()["code"] == "executions.input_invalid"


def test_a_key_sent_twice_starts_one_execution(api: Api, alice: User, make: Make, cast: Cast) -> None:
    workflow, other = make(), make(name="Other")
    first = execute(api(alice), workflow, {"input": {"number": 1}}, **{"Idempotency-Key": "k1"})
    again = execute(api(alice), workflow, {"input": {"number": 1}}, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert first.json()["id"] == again.json()["id"]
    elsewhere = execute(api(alice), other, **{"Idempotency-Key": "k1"})
    assert elsewhere.status_code == 201, "a key counts within its workflow"
    assert execute(api(alice), workflow, **{"Idempotency-Key": "x" * 201}).status_code == 400


def test_an_archived_workflow_starts_nothing(api: Api, alice: User, make: Make, cast: Cast) -> None:
    workflow = make()
    workflows.workflow_archive(workspace_id=cast.workspace.id, workflow_id=workflow.id, actor=cast.owner)
    assert execute(api(alice), workflow).json()["code"] == "executions.workflow_archived"


def test_it_waits_for_the_end(engine: Engine, api: Api, alice: User, make: Make) -> None:
    answer = execute(api(alice), make(), {"input": {"number": 21}, "wait": 10})
    assert answer.status_code == 201
    found = answer.json()
    assert (found["status"], found["output"], found["error"]) == ("SUCCESS", {"twice": 42}, None)
    assert found["finished_at"] is not None


def test_waiting_brings_the_error_of_a_failure(engine: Engine, api: Api, alice: User, make: Make) -> None:
    document = definition(
        [node("t", "TRIGGER.MANUAL"), node("no", "FLOW.STOP", outcome="error", message="No.")], ["t > no"]
    )
    found = execute(api(alice), make(document), {"wait": 10}).json()
    assert found["status"] == "ERROR", found
    assert found["error"]["message"] == "No."


def test_waiting_ends_when_a_person_is_asked(engine: Engine, api: Api, alice: User, make: Make) -> None:
    began = time.monotonic()
    found = execute(api(alice), make(ASKING), {"input": {"order": "A-1"}, "wait": 20}).json()
    assert found["status"] == "WAITING_FOR_HUMAN"
    assert time.monotonic() - began < 10


def test_waiting_goes_on_after_a_response_until_the_end(engine: Engine, api: Api, alice: User, make: Make) -> None:
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("said", "FLOW.RESPOND", status=202, body={"ok": True}),
            node("pause", "FLOW.WAIT", duration={"seconds": 1}),
            node("end", "ACTION.TRANSFORM", fields=fields(done=True)),
        ],
        ["t > said", "said > pause", "pause > end"],
    )
    found = execute(api(alice), make(document), {"wait": 15}).json()
    assert (found["status"], found["output"]) == ("SUCCESS", {"done": True})
    assert found["response"]["status"] == 202


def test_what_is_not_finished_in_time_is_answered_as_it_stands(
    committed_db: None, api: Api, alice: User, make: Make
) -> None:
    found = execute(api(alice), make(), {"wait": 0.2})
    assert (found.status_code, found.json()["status"]) == (201, "NEW")


def test_while_a_person_is_asked_a_blocking_workflow_refuses(engine: Engine, api: Api, alice: User, make: Make) -> None:
    workflow = make({**ASKING, "settings": {"while_paused": "block"}})
    assert execute(api(alice), workflow, {"wait": 10}).json()["status"] == "WAITING_FOR_HUMAN"
    refused = execute(api(alice), workflow)
    assert refused.status_code == 409
    assert refused.json()["code"] == "executions.blocked_by_pause"
