"""An agent that would find no model says so while it is drawn."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.models import Workspace
from apps.ai.models import ModelChoices
from apps.core.tenancy import tenant
from apps.workflows.judging import judge
from tests.cast import Cast


def agent(subtype: str = "OPENAI", **params: Any) -> dict[str, Any]:
    nodes = [
        {"id": "t", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}},
        {"id": "d", "name": "Desk", "type": "AI_AGENT", "subtype": subtype, "params": {"prompt": "x"} | params},
    ]
    return {"nodes": nodes, "connections": [{"from": "t", "port": "main", "to": "d"}], "settings": {}}


@pytest.mark.parametrize(
    ("definition", "code", "path"),
    [
        (agent(model="gpt-5-mini"), "model.not_connected", "nodes[1].params.credential"),
        (agent(), "model.none_chosen", "nodes[1].params.model"),
        (agent("CUSTOM"), "model.none_chosen", "nodes[1].params.model"),
        (agent("CUSTOM", source="groq", model="x"), "model.not_connected", "nodes[1].params.credential"),
    ],
)
def test_what_is_not_connected_is_a_warning_with_its_way_out(
    definition: Any, code: str, path: str, workspace: Workspace, cast: Cast
) -> None:
    with tenant(workspace.id):
        judged = judge(workspace.id, definition, cast.owner)
    assert [(each.severity, each.code, each.path) for each in judged.findings] == [("warning", code, path)]
    assert "Settings, Models" in judged.findings[0].fix
    assert judged.is_valid


def test_with_a_model_chosen_nothing_is_said(workspace: Workspace, cast: Cast) -> None:
    with tenant(workspace.id):
        ModelChoices.objects.create(workspace=workspace, chain=[{"provider": "openai", "model": "gpt-5-mini"}])
        assert judge(workspace.id, agent("CUSTOM"), cast.owner).findings == ()
