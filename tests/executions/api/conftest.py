"""Workflows that are started over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.access.resolve import member_actor
from apps.workflows import services
from apps.workflows.models import Workflow
from tests.cast import Cast
from tests.executions.conftest import definition, fields, node

Json = dict[str, Any]
Make = Callable[..., Workflow]

SMALL = definition(
    [
        node("t", "TRIGGER.MANUAL"),
        node("double", "ACTION.TRANSFORM", fields=fields(twice="{{ $json.number * 2 }}")),
    ],
    ["t > double"],
)
ASKING = definition(
    [
        node("t", "TRIGGER.MANUAL"),
        node("boss", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="Ship order {{ $json.order }}?", timeout_seconds=3600),
        node("yes", "ACTION.TRANSFORM", fields=fields(shipped=True)),
    ],
    ["t > boss", "boss.approved > yes"],
    while_paused="allow",
)


@pytest.fixture
def make(cast: Cast) -> Make:
    """A workflow in alice's workspace, published unless `is_draft`."""

    def made(document: Json = SMALL, *, is_draft: bool = False, name: str = "Orders") -> Workflow:
        actor = member_actor(cast.alice, "owner")
        common: Any = {"workspace_id": cast.workspace.id, "actor": actor}
        workflow = services.workflow_create(**common, name=name, definition=document)
        if not is_draft:
            services.workflow_publish(**common, workflow_id=workflow.id)
        return workflow

    return made
