"""Starting what a node called."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from django.db import connection

from apps.accounts.access import objects
from apps.accounts.access.objects import Kind
from apps.core import clock, jsonclean
from apps.core.errors import DomainError, NotFound
from apps.core.ids import uuid7
from apps.core.suggest import shown
from apps.executions import launch, limits, payloads, services
from apps.executions.graphs import graph_of
from apps.executions.models import Wait
from apps.executions.origin import PRIORITIES, Origin
from apps.executions.poke import poke
from apps.executions.services import DEFAULT_TIMEOUT_SECONDS
from apps.executions.wait_kinds import OpenWait
from apps.nodes.contract import NodeError, NodeType, RunChild
from apps.workflows import selectors as workflows
from apps.workflows.graph import GraphNode
from apps.workflows.models import Workflow

MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class _Parent:
    """What the children of an execution take over from it."""

    mode: str
    depth: int
    lineage_id: UUID
    workflow_name: str
    published_by: UUID | None
    failures: int


@dataclass(frozen=True, slots=True)
class _Called:
    """What is called: which version of which workflow, by which trigger."""

    name: str
    origin: Origin
    trigger: GraphNode


def children_start(*, wait: OpenWait, asked: RunChild) -> None:
    """Start what a node called. Must run in the transaction that opened the wait.

    A call that cannot be carried out resolves the wait at once with the reason, and so does one that does not wait.
    Of their workflow's limits, those on what runs at once hold for children; those on starts (`while_paused`, rate,
    debounce, the workspace's queue) do not: they are part of their parent.
    """
    parent = _parent(wait)
    try:
        called = _called(wait, asked.workflow, parent)
        inputs = [_accepted(called, given, at, len(asked.inputs)) for at, given in enumerate(asked.inputs)]
        keys = [_key(called, given) for given in inputs]
    except NodeError as refused:
        _resolve(wait, {"refused": {"code": refused.code, "message": refused.message, "hint": refused.hint}})
        return
    ids = _insert(wait, asked, parent, called, list(zip(inputs, keys, strict=True)))
    Wait.objects.filter(workspace_id=wait.workspace_id, id=wait.id).update(
        title=called.name, details={"stops": asked.stops, "count": len(ids)}
    )
    if not asked.waits:
        _resolve(wait, {"started": [str(child_id) for child_id in ids]})
    poke(called.origin.queue)


def _parent(wait: OpenWait) -> _Parent:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT e.mode, e.depth, e.lineage_id, w.name, v.published_by_id, COALESCE(n.failures, 0)
               FROM executions_execution e JOIN workflows_workflow w ON w.id = e.workflow_id
               JOIN workflows_version v ON v.id = e.version_id
               LEFT JOIN executions_noderun n ON n.execution_id = e.id AND n.node_id = %s AND n.path = %s
               WHERE e.id = %s""",
            [wait.node_id, wait.path, wait.execution_id],
        )
        return _Parent(*cursor.fetchone())


def _called(wait: OpenWait, wanted: str, parent: _Parent) -> _Called:
    if parent.depth >= MAX_DEPTH:
        chain = " → ".join(f"“{name}”" for name in _chain(wait.execution_id))
        raise NodeError(
            "sub_workflow.too_deep",
            f"Workflows call each other more than {MAX_DEPTH} levels deep: {chain}.",
            "Look for a workflow that calls itself; run many items with for_each instead.",
        )
    try:
        workflow = launch.startable(wait.workspace_id, workflows.workflow_named(wait.workspace_id, wanted).id)
    except DomainError as refused:
        code = "unknown" if isinstance(refused, NotFound) else "refused"
        raise NodeError(f"sub_workflow.{code}", refused.message, refused.hint) from None
    _require_execute(workflow, wanted, parent)
    if workflow.active_version is None:
        message = f"“{workflow.name}” was never published, so it cannot be called."
        raise NodeError("sub_workflow.not_published", message, "Publish it.")
    version = workflow.active_version
    graph = graph_of(workspace_id=wait.workspace_id, version_id=version.id)
    known = [graph.nodes[node_id] for node_id in graph.triggers]
    for subtype in ("SUB_WORKFLOW", "MANUAL"):
        for node in known:
            if node.type == NodeType.TRIGGER and node.subtype == subtype:
                return _Called(workflow.name, launch.origin_of(version, graph), node)
    raise NodeError(
        "sub_workflow.no_trigger",
        f"“{workflow.name}” has no trigger that another workflow can call.",
        "Add the trigger SUB_WORKFLOW to it, and publish.",
    )


def _require_execute(workflow: Workflow, wanted: str, parent: _Parent) -> None:
    """Who published what calls must be allowed to run what is called: its result comes back to them."""
    asked = partial(
        objects.person_may,
        workspace_id=workflow.workspace_id,
        person=parent.published_by,
        kind=Kind.WORKFLOW,
        object_id=workflow.id,
    )
    if asked(level="execute"):
        return
    if not asked(level="view"):
        message = f"There is no workflow “{shown(wanted)}” for who published this one."
        raise NodeError("sub_workflow.unknown", message, "Choose another one, or have it shared with them.")
    raise NodeError(
        "sub_workflow.refused",
        f"“{workflow.name}” is shared with chosen people, and who published this workflow may not run it.",
        "Let somebody publish this workflow who may, or have the other one shared with them.",
    )


def _chain(execution_id: UUID) -> list[str]:
    """The names of the workflows that led to an execution, the first one first, its own last."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH RECURSIVE up AS (
                   SELECT e.parent_id, e.workflow_id, 0 AS at FROM executions_execution e WHERE e.id = %s
                   UNION ALL
                   SELECT e.parent_id, e.workflow_id, up.at + 1
                   FROM up JOIN executions_execution e ON e.id = up.parent_id WHERE up.at < %s)
               SELECT w.name FROM up JOIN workflows_workflow w ON w.id = up.workflow_id ORDER BY up.at DESC""",
            [execution_id, MAX_DEPTH],
        )
        return [name for (name,) in cursor.fetchall()]


def _accepted(called: _Called, given: Any, at: int, count: int) -> Any:
    try:
        return launch.accepted(called.trigger, given)
    except DomainError as refused:
        which = f" (item {at + 1})" if count > 1 else ""
        raise NodeError(
            "sub_workflow.input_invalid",
            f"“{called.name}” does not take this input{which}: {refused.message}",
            refused.hint or f"Look at the input schema of “{called.trigger.name}”.",
        ) from None


def _key(called: _Called, given: Any) -> str | None:
    concurrency = called.origin.concurrency
    if concurrency is None:
        return None
    try:
        return limits.key_of(concurrency.key, given, called.origin, clock.now())
    except limits.KeyFailed as refused:
        raise NodeError("sub_workflow.input_invalid", refused.message, refused.hint) from None


_INSERT = """
INSERT INTO executions_execution (id, workspace_id, workflow_id, version_id, trigger_node, mode, status, queue,
    runnable_at, held_by, fence, seq, resume_count, max_concurrent, lineage_id, input, unknown_writes, started_by,
    created_at, deadline_at, parent_id, parent_wait_id, child_index, depth, tells_end, by_reference, priority,
    concurrency_key, key_limit, key_counts)
SELECT c.id, %(workspace)s, %(workflow)s, %(version)s, %(trigger)s, %(mode)s, 'NEW', %(queue)s,
    CASE WHEN c.at < %(parallelism)s THEN clock_timestamp() END,
    CASE WHEN c.at >= %(parallelism)s THEN 'parent' END,
    0, 0, 0, %(max_concurrent)s, c.lineage, c.input, '[]', %(by)s::jsonb,
    %(now)s, clock_timestamp() + %(timeout)s * interval '1 second',
    %(parent)s, %(wait)s, c.at, %(depth)s, %(tells_end)s, c.refs, %(priority)s,
    c.key, CASE WHEN c.key IS NOT NULL THEN %(key_limit)s::int END,
    CASE WHEN c.key IS NOT NULL THEN %(key_counts)s::text END
FROM jsonb_to_recordset(%(children)s::jsonb) AS c(id uuid, at int, lineage uuid, input jsonb, refs jsonb, key text)
ORDER BY c.at
"""


def _insert(
    wait: OpenWait, asked: RunChild, parent: _Parent, called: _Called, inputs: list[tuple[Any, str | None]]
) -> list[UUID]:
    ids = [uuid7() for _ in inputs]
    # The same call of the same lineage: whatever the child sends is recognised when the parent is redriven.
    lineages = [
        uuid5(parent.lineage_id, "\0".join((wait.node_id, wait.path, str(at), str(parent.failures))))
        for at in range(len(inputs))
    ]
    children = []
    for at, child_id in enumerate(ids):
        given, key = inputs[at]
        left, refs = payloads.taken_out(wait.workspace_id, {"input": jsonclean.cleaned(given)})
        own = {"id": str(child_id), "at": at, "lineage": str(lineages[at]), "refs": refs or None, "key": key}
        children.append(left | own)
    origin = called.origin
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "workspace": wait.workspace_id,
                "workflow": origin.workflow_id,
                "version": origin.version_id,
                "trigger": called.trigger.id,
                "mode": parent.mode,
                "queue": origin.queue,
                "parallelism": asked.parallelism if asked.waits else len(inputs),
                "max_concurrent": origin.max_concurrent,
                "priority": PRIORITIES[origin.priority],
                "key_limit": origin.concurrency.limit if origin.concurrency else None,
                "key_counts": origin.concurrency.counts if origin.concurrency else None,
                "by": json.dumps(
                    {
                        "kind": "execution",
                        "id": str(wait.execution_id),
                        "label": parent.workflow_name,
                        "by": "SUB_WORKFLOW",
                        "node_id": wait.node_id,
                        "path": wait.path,
                    }
                ),
                "now": clock.now(),
                "timeout": origin.timeout_seconds or DEFAULT_TIMEOUT_SECONDS,
                "parent": wait.execution_id,
                "wait": wait.id if asked.waits else None,
                "depth": parent.depth + 1,
                "tells_end": asked.waits or (origin.tells_end and parent.mode == "production"),
                "children": json.dumps(children),
            },
        )
    return ids


def _resolve(wait: OpenWait, answer: dict[str, Any]) -> None:
    services.wait_resolve(workspace_id=wait.workspace_id, wait_id=wait.id, answer=answer, by="engine", now=clock.now())
