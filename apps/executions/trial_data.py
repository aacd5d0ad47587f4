"""What a workflow can be tested with: what its triggers delivered before, and what it reads of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.executions.launch import triggers_of
from apps.executions.models import Execution
from apps.nodes.contract import Trigger
from apps.workflows import selectors as workflows
from apps.workflows.graph import GraphNode, draft_of
from apps.workflows.models import Workflow

LATEST = 40
"""How many executions are looked through."""
KEPT = 6
LONGEST = 100_000
"""The longest input that is shown, in characters of JSON."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an execution began with."""

    execution_id: UUID
    created_at: datetime
    mode: str
    input: Any


@dataclass(frozen=True, slots=True)
class TriggerData:
    """A trigger of the draft with what can be given to it. `example` is None where nothing of it is read."""

    node_id: str
    name: str
    subtype: str
    icon: str
    example: Any
    recorded: tuple[Recorded, ...]


def trial_data(*, workflow: Workflow) -> list[TriggerData]:
    """The triggers of the draft, the one by hand first, with what each could be given. Must run inside `tenant()`."""
    draft, _findings = draft_of(workflow.draft)
    rows = Execution.objects.filter(workflow_id=workflow.id, input__isnull=False).order_by("-created_at")
    latest = list(rows.only("id", "created_at", "mode", "trigger_node", "input")[:LATEST])
    return [
        TriggerData(
            node_id=node.id,
            name=node.name,
            subtype=node.subtype,
            icon=node.cls.icon,
            example=_example(workflow, node),
            recorded=tuple(_recorded(node, latest)),
        )
        for node in triggers_of(draft.graph())
    ]


def given_by_hand(node: GraphNode, delivered: Any) -> Any:
    """What somebody would give a trigger by hand to have this delivered: of a webhook's call its body, say."""
    assert issubclass(node.cls, Trigger)
    mark = "\x00given"
    taken = node.cls.accept(node.params, mark)
    if isinstance(taken, dict) and isinstance(delivered, dict) and taken.keys() >= delivered.keys():
        parts = [key for key, value in taken.items() if value == mark]
        if len(parts) == 1 and parts[0] in delivered:
            return delivered[parts[0]]
    return delivered


def schema_sample(node: GraphNode) -> dict[str, Any]:
    """An object with the properties a trigger's schema names; empty where it names none."""
    schema = node.params.get("input_schema")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return {name: _sample(part) for name, part in properties.items()} if isinstance(properties, dict) else {}


def _example(workflow: Workflow, node: GraphNode) -> Any:
    return schema_sample(node) or workflows.trigger_sample(workflow, node)


def _recorded(node: GraphNode, latest: list[Execution]) -> Iterator[Recorded]:
    seen: set[str] = set()
    for execution in latest:
        if execution.trigger_node != node.id or len(seen) == KEPT:
            continue
        given = given_by_hand(node, execution.input)
        text = json.dumps(given, sort_keys=True)
        if given in (None, {}, "") or len(text) > LONGEST or text in seen:
            continue
        seen.add(text)
        yield Recorded(execution.id, execution.created_at, execution.mode, given)


def _sample(schema: Any) -> Any:
    """A value that a part of an input schema lets through, as far as it says."""
    if not isinstance(schema, dict):
        return None
    for key in ("default", "const"):
        if key in schema:
            return schema[key]
    options = schema.get("examples") or schema.get("enum")
    if isinstance(options, list) and options:
        return options[0]
    empty: dict[str, Any] = {"string": "", "number": 0, "integer": 0, "boolean": False, "array": [], "object": {}}
    kind = schema.get("type")
    return empty.get(kind) if isinstance(kind, str) else None
