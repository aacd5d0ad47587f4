"""A published version uses its credentials for whoever runs it, but not with what they put between its nodes."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts import services as accounts
from apps.accounts.access.objects import Kind
from apps.accounts.access.resolve import member_actor
from apps.core import clock
from apps.executions import launch, rerun, trial
from apps.executions.launch import Start
from apps.executions.rerun import Again
from apps.executions.trial import Trial
from apps.integrations import services as integrations
from apps.workflows import services as workflows
from apps.workflows.graph import GraphInvalid
from tests.cast import Cast
from tests.executions.conftest import definition, fields, node


@pytest.fixture
def published(cast: Cast) -> Any:
    """Alice's workflow, with a credential that only owners and admins may use."""
    row = integrations.credential_create(
        workspace_id=cast.workspace.id,
        actor=cast.owner,
        name="Stock",
        type="bearer",
        fields={"token": "tok-0123456789abcdefghijklmn"},
        allow_unverified=True,
    )
    auth = {"kind": "credential", "credential": str(row.id), "name": "Stock"}
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("address", "ACTION.TRANSFORM", fields=fields(url="https://api.example.com/{{ $json.id }}")),
            node("call", "ACTION.HTTP_REQUEST", url="{{ $json.url }}", auth=auth),
        ],
        ["t > address", "address > call"],
    )
    given: dict[str, Any] = {"workspace_id": cast.workspace.id, "actor": cast.owner}
    made = workflows.workflow_create(name="Stock", definition=document, **given)
    workflows.workflow_publish(workflow_id=made.id, **given)
    accounts.object_share(**given, kind=Kind.CREDENTIAL, object_id=row.id, name="Stock", others="none", people={})
    return made


@pytest.mark.parametrize(
    "asked",
    [
        {"pinned": {"address": {"url": "https://evil.example/"}}},
        {"scope": "node", "node": "call", "given": {"url": "https://evil.example/"}, "has_input": True},
        {"scope": "until", "node": "call", "pinned": {"address": {"url": "https://evil.example/"}}},
    ],
)
def test_data_of_ones_own_goes_in_only_at_the_start_of_a_test(cast: Cast, published: Any, asked: Any) -> None:
    given: dict[str, Any] = {
        "workspace_id": cast.workspace.id,
        "actor": member_actor(cast.bob, "member"),
        "now": clock.now(),
    }
    with pytest.raises(GraphInvalid, match="may not use"):
        trial.execution_test(**given, trial=Trial(published.id, is_published=True, **asked))
    assert trial.execution_test(**given, trial=Trial(published.id, is_published=True, given={"id": 1})).is_new
    given["actor"] = cast.owner
    assert trial.execution_test(**given, trial=Trial(published.id, is_published=True, **asked)).is_new


@pytest.mark.parametrize("version", ["same", "newest"])
def test_data_of_ones_own_goes_in_only_at_the_start_of_a_rerun(cast: Cast, published: Any, version: Any) -> None:
    given: dict[str, Any] = {
        "workspace_id": cast.workspace.id,
        "actor": member_actor(cast.bob, "member"),
        "now": clock.now(),
    }
    earlier = launch.execution_launch(**given, start=Start(published.id, {"id": 1})).id
    launch.execution_stop(**given, execution_id=earlier)
    given["execution_id"] = earlier
    mine = Again(begins="node", node="call", version=version, input={"url": "https://evil.example/"}, has_input=True)
    with pytest.raises(GraphInvalid, match="may not use"):
        rerun.execution_rerun(**given, again=mine)
    assert rerun.execution_rerun(**given, again=Again(version=version, input={"id": 2}, has_input=True)).is_new
