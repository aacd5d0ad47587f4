"""What models cost, with the names of workflows and agents, which the ledger does not know."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from apps.accounts.access.actor import Actor
from apps.ai.ledger import BudgetInvalid, budgets, sums
from apps.ai.ledger.budgets import Wanted
from apps.ai.ledger.sums import Agent
from apps.ai.models import Budget, UsageDay
from apps.core import replica
from apps.core.errors import FieldError
from apps.core.sheets import as_csv

MOST_CHOICES = 500
"""So many workflows are offered for a budget."""
_NAMES = """
SELECT w.id, w.name, w.deleted_at IS NULL, COALESCE((
    SELECT jsonb_object_agg(n.node ->> 'id', n.node ->> 'name')
    FROM jsonb_path_query(w.draft, '$.nodes[*]') AS n (node)
    WHERE n.node ->> 'id' IS NOT NULL AND (n.node ->> 'id' = ANY (%(nodes)s) OR n.node ->> 'type' = %(type)s)
), '{}')::text
FROM workflows_workflow w WHERE w.workspace_id = %(workspace)s AND """


@dataclass(frozen=True, slots=True)
class Named:
    """A workflow as people call it, and some of its nodes by id. One that was deleted has a name, but no page."""

    name: str
    has_page: bool = True
    nodes: dict[str, str] = field(default_factory=dict)


def names(workspace_id: UUID, workflows: Collection[UUID | None], nodes: Iterable[str] = ()) -> dict[UUID, Named]:
    """The names of these workflows and, as their drafts have them, of these nodes. One statement."""
    given = {"ids": [each for each in workflows if each], "nodes": list(nodes), "type": "", "workspace": workspace_id}
    return _named("w.id = ANY (%(ids)s)", given)


def choices(workspace_id: UUID) -> dict[UUID, Named]:
    """The workflows of a workspace with their agents, by name; the first 500. One statement."""
    given = {"nodes": [], "type": "AI_AGENT", "workspace": workspace_id, "most": MOST_CHOICES}
    return _named("w.deleted_at IS NULL AND w.status <> 'archived' ORDER BY lower(w.name), w.id LIMIT %(most)s", given)


def _named(which: str, given: dict[str, Any]) -> dict[UUID, Named]:
    with replica.cursor() as cursor:
        cursor.execute(_NAMES + which, given)
        return {id_: Named(name, has_page, json.loads(nodes)) for id_, name, has_page, nodes in cursor.fetchall()}


def agent_name(known: dict[UUID, Named], agent: Agent) -> str:
    """As `Invoices · Reader`; the id of a node that is no longer in the draft."""
    found = known.get(agent.workflow_id) if agent.workflow_id else None
    node = found.nodes.get(agent.node_id, agent.node_id) if found else agent.node_id
    return f"{found.name} · {node}" if found else node


def budget_make(*, workspace_id: UUID, actor: Actor, wanted: Wanted, now: datetime) -> Budget:
    """As `ledger.budgets.budget_create`, for a workflow and an agent that exist; `BudgetInvalid` where not."""
    if wanted.workflow_id is not None:
        known = names(workspace_id, [wanted.workflow_id], [wanted.node_id]).get(wanted.workflow_id)
        if known is None or not known.has_page:
            message = "There is no such workflow."
            raise BudgetInvalid(message, errors=[FieldError("workflow_id", message)])
        if wanted.node_id and wanted.node_id not in known.nodes:
            message = f"“{known.name}” has no such node."
            raise BudgetInvalid(message, errors=[FieldError("node_id", message)])
    return budgets.budget_create(workspace_id=workspace_id, actor=actor, wanted=wanted, now=now)


COLUMNS = (
    *("day", "workflow", "workflow_id", "agent", "node_id", "purpose", "provider", "model", "is_test", "calls"),
    *("failed", "unpriced", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "cost_usd"),
)


def usage_sheet(workspace_id: UUID, *, since: date, until: date) -> str:
    """The sums of these days as CSV: a row per day, agent, model and purpose. Three statements."""
    rows = list(sums.days(workspace_id, since=since, until=until))
    known = names(workspace_id, {row.workflow_id for row in rows}, {row.node_id for row in rows})
    unknown = Named("")

    def cells(row: UsageDay) -> list[object]:
        of = known.get(row.workflow_id, unknown) if row.workflow_id else unknown
        return [
            *(row.day, of.name, row.workflow_id, of.nodes.get(row.node_id, row.node_id), row.node_id, row.purpose),
            *(row.provider, row.model, row.is_test, row.calls, row.failed, row.unpriced, row.input, row.output),
            *(row.cached, row.reasoning, f"{row.cost:f}"),
        ]

    return as_csv([COLUMNS, *map(cells, rows)])
