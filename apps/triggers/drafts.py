"""Adding, changing and removing triggers through the API: edits of the draft's TRIGGER nodes."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any
from uuid import UUID

from apps.accounts.access.actor import Actor
from apps.core.errors import Conflict, FieldError, Invalid
from apps.core.suggest import nearest, shown
from apps.core.tenancy import tenant
from apps.nodes.registry import node_types
from apps.triggers.errors import TriggerUnknown
from apps.workflows import selectors as workflows
from apps.workflows import services as workflow_services
from apps.workflows.models import Workflow

_MAY_CHANGE = ("name", "params", "disabled", "notes")


class NodeIdTaken(Conflict):
    """Another node of the draft has this id already."""

    code = "triggers.node_id_taken"


def trigger_add(
    *,
    workspace_id: UUID,
    workflow_id: UUID,
    actor: Actor,
    subtype: str,
    params: Mapping[str, Any],
    name: str = "",
    node_id: str = "",
    leads_to: str = "",
) -> tuple[Workflow, str]:
    """Put a trigger into the draft, connected to `leads_to` or else to what the first trigger leads to.

    Gives the workflow and the new node's id. It becomes live when the draft is published. Raises `WorkflowUnknown`,
    `Invalid` for a subtype or a node that does not exist, `NodeIdTaken`, `GraphInvalid`.
    """
    known = [each for type_, each in node_types() if type_ == "TRIGGER"]
    if subtype not in known:
        message = f"There is no trigger “{shown(subtype)}”."
        raise Invalid(message, hint=nearest(subtype, known), errors=[FieldError("subtype", message)])
    with tenant(workspace_id):
        draft = _draft(workspace_id, workflow_id)
        taken = {str(node.get("id")) for node in draft["nodes"]}
        if node_id in taken:
            raise NodeIdTaken(f"Another node has the id “{shown(node_id)}” already.")
        made = node_id or _free(subtype.lower(), taken)
        named = name or _free(subtype.capitalize(), {str(node.get("name")) for node in draft["nodes"]}, " ")
        targets = [leads_to] if leads_to else _after_first(draft)
        if leads_to and leads_to not in taken:
            message = f"There is no node “{shown(leads_to)}”."
            raise Invalid(message, hint=nearest(leads_to, sorted(taken)), errors=[FieldError("leads_to", message)])
        node = {"id": made, "name": named, "type": "TRIGGER", "subtype": subtype, "params": dict(params)}
        draft["nodes"].append(node)
        draft["connections"] += [{"from": made, "port": "main", "to": target} for target in targets]
        return _save(workspace_id, workflow_id, actor, draft), made


def trigger_change(
    *, workspace_id: UUID, workflow_id: UUID, actor: Actor, node_id: str, changes: Mapping[str, Any]
) -> Workflow:
    """Change a trigger in the draft: its `name`, `params` (those given; null removes one), `disabled`, `notes`.

    Raises `WorkflowUnknown`, `TriggerUnknown`, `GraphInvalid`.
    """
    with tenant(workspace_id):
        draft = _draft(workspace_id, workflow_id)
        node = _node(draft, node_id)
        for key in _MAY_CHANGE:
            if key not in changes:
                continue
            if key == "params":
                merged = dict(node.get("params") or {}) | dict(changes["params"])
                node["params"] = {name: value for name, value in merged.items() if value is not None}
            else:
                node[key] = changes[key]
        return _save(workspace_id, workflow_id, actor, draft)


def trigger_remove(*, workspace_id: UUID, workflow_id: UUID, actor: Actor, node_id: str) -> Workflow:
    """Take a trigger and its connections out of the draft. The live version keeps it until the draft is published."""
    with tenant(workspace_id):
        draft = _draft(workspace_id, workflow_id)
        node = _node(draft, node_id)
        draft["nodes"].remove(node)
        draft["connections"] = [
            each for each in draft["connections"] if node_id not in (each.get("from"), each.get("to"))
        ]
        return _save(workspace_id, workflow_id, actor, draft)


def trigger_pin(*, workspace_id: UUID, workflow_id: UUID, actor: Actor, node_id: str, output: Any) -> Workflow:
    """Pin what a trigger of the draft gives back in tests. Raises `WorkflowUnknown`, `TriggerUnknown`."""
    with tenant(workspace_id):
        draft = _draft(workspace_id, workflow_id)
        _node(draft, node_id)["pinned_output"] = output
        return _save(workspace_id, workflow_id, actor, draft)


def _draft(workspace_id: UUID, workflow_id: UUID) -> dict[str, Any]:
    found = workflows.workflow_get(workspace_id, workflow_id)
    draft: dict[str, Any] = {"nodes": [], "connections": []} | deepcopy(found.draft)
    return draft | {"draft_revision": found.draft_revision}


def _node(draft: dict[str, Any], node_id: str) -> dict[str, Any]:
    triggers = [node for node in draft["nodes"] if node.get("type") == "TRIGGER"]
    found: dict[str, Any] | None = next((node for node in triggers if node.get("id") == node_id), None)
    if found is None:
        message = f"The draft has no trigger “{shown(node_id)}”."
        raise TriggerUnknown(message, hint=nearest(node_id, [str(node.get("id")) for node in triggers]))
    return found


def _save(workspace_id: UUID, workflow_id: UUID, actor: Actor, draft: dict[str, Any]) -> Workflow:
    revision = draft.pop("draft_revision")
    return workflow_services.workflow_update(
        workspace_id=workspace_id, workflow_id=workflow_id, actor=actor, definition=draft, draft_revision=revision
    )


def _after_first(draft: dict[str, Any]) -> list[str]:
    first = next((node.get("id") for node in draft["nodes"] if node.get("type") == "TRIGGER"), None)
    return [str(each.get("to")) for each in draft["connections"] if first is not None and each.get("from") == first]


def _free(wanted: str, taken: set[str], between: str = "_") -> str:
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted}{between}{number}"
    return name
