"""What a trigger could deliver, guessed from what the expressions of a workflow read. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.nodes.expressions import ExprError, compile_template
from apps.nodes.params import texts
from apps.workflows.graph import GraphNode, draft_of
from apps.workflows.graph.build import Draft

UNKNOWN = "…"
PASS_ON = frozenset({"IF", "SWITCH", "FILTER", "WAIT"})
"""What comes in leaves these nodes unchanged."""


def sample_body(definition: Any, trigger_id: str) -> dict[str, Any]:
    """An object with everything that is read of the body which this trigger delivers. Never raises."""
    found = sample_input(draft_of(definition)[0], trigger_id).get("body")
    return found if isinstance(found, dict) else {}


def sample_input(draft: Draft, trigger_id: str) -> dict[str, Any]:
    """An object with everything that is read of what this trigger delivers. Never raises."""
    trigger = draft.nodes.get(trigger_id)
    found: dict[str, Any] = {}
    if trigger is None:
        return found
    near = _fed_by(draft, trigger_id)
    for node in draft.nodes.values():
        for path in sorted(_paths(node)):
            match path:
                case ("trigger", *keys):
                    _put(found, keys)
                case ("json", *keys) if node.id in near:
                    _put(found, keys)
                case ("node", name, *keys) if name == trigger.name:
                    _put(found, keys)
    return found


def _fed_by(draft: Draft, trigger_id: str) -> set[str]:
    """The nodes whose input is what the trigger delivered."""
    found: set[str] = set()
    todo = [trigger_id]
    while todo:
        source = todo.pop()
        targets = {edge.target for _place, edge in draft.edges if edge.source == source} - found
        found |= targets
        todo += [target for target in targets if draft.nodes[target].subtype in PASS_ON]
    return found


def _paths(node: GraphNode) -> Iterator[tuple[str, ...]]:
    for found in texts(node.cls, node.params):
        try:
            yield from compile_template(found.value).paths
        except ExprError:
            continue  # the lint tells whoever wrote it


def _put(into: dict[str, Any], keys: list[str]) -> None:
    """Make room for a value; what is known to be an object stays one."""
    for key in keys[:-1]:
        inner = into.get(key)
        if not isinstance(inner, dict):
            inner = into[key] = {}
        into = inner
    if keys:
        into.setdefault(keys[-1], UNKNOWN)
