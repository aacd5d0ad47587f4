"""What calls cost, summed up. Days are those of UTC; a workspace's sums are read of a row per day, agent and model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.ai.models import Call, UsageDay
from apps.core import replica

TOP = 50
"""So many workflows, agents and models are told of at most, those that cost most."""
MOST_STEPS = 1_000
MOST_ROWS = 50_000
FILTERS = ("execution", "workflow", "node", "path", "step", "provider", "model", "purpose", "outcome", "is_test")


@dataclass(frozen=True, slots=True)
class Sum:
    """Calls together. `cost` counts those whose price is known, `unpriced` the others."""

    calls: int = 0
    failed: int = 0
    unpriced: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0
    written: int = 0
    reasoning: int = 0
    cost: Decimal = Decimal(0)
    ms: int = 0

    @property
    def tokens(self) -> int:
        """In and out."""
        return self.input + self.output

    def __add__(self, other: Sum) -> Sum:
        """Both together."""
        return Sum(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Sum)))


@dataclass(frozen=True, slots=True)
class Model:
    """A model of a provider."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


@dataclass(frozen=True, slots=True)
class Agent:
    """A node of a workflow; without a workflow, a page of the workspace."""

    workflow_id: UUID | None
    node_id: str


@dataclass(slots=True)
class Usage:
    """The sums of some days. Each part has the most expensive first."""

    since: date
    until: date
    total: Sum = field(default_factory=Sum)
    days: dict[tuple[date, Model], Sum] = field(default_factory=dict)
    models: dict[Model, Sum] = field(default_factory=dict)
    workflows: dict[UUID | None, Sum] = field(default_factory=dict)
    agents: dict[Agent, Sum] = field(default_factory=dict)
    purposes: dict[str, Sum] = field(default_factory=dict)


_NAMES = ", ".join(each.name for each in fields(Sum))
_FIGURES = ", ".join(f"COALESCE(sum({each.name}), 0) AS {each.name}" for each in fields(Sum))
_SOME_DAYS = "FROM ai_usage_day WHERE workspace_id = %s AND day >= %s AND day < %s"
_DAYS = f"SELECT day, provider, model, {_FIGURES} {_SOME_DAYS} GROUP BY day, provider, model"
# Agents first, then what they add up to: adding is what takes the time. The bits of GROUPING tell the sums apart.
_AGENTS = f"""
WITH agents AS (SELECT workflow_id, node_id, purpose, {_FIGURES} {_SOME_DAYS} GROUP BY workflow_id, node_id, purpose)
SELECT part, workflow_id, node_id, purpose, {_NAMES} FROM (
    SELECT *, row_number() OVER (PARTITION BY part ORDER BY cost DESC, calls DESC) AS place FROM (
        SELECT GROUPING(workflow_id, node_id, purpose) AS part, workflow_id, node_id, purpose, {_FIGURES}
        FROM agents GROUP BY GROUPING SETS ((workflow_id), (workflow_id, node_id), (purpose))
    ) AS summed
) AS placed WHERE place <= %s ORDER BY part, place
"""
_WORKFLOW, _AGENT = 0b011, 0b001


def usage(workspace_id: UUID, *, since: date, until: date) -> Usage:
    """The sums of the days from `since` to before `until`. Two statements: one gives a row per day and model, the other
    `TOP` workflows, agents and purposes at most.
    """
    found = Usage(since, until)
    models: dict[Model, Sum] = {}
    with replica.cursor() as cursor:
        cursor.execute(_DAYS, [workspace_id, since, until])
        for day, provider, name, *figures in cursor.fetchall():
            model, summed = Model(provider, name), _sum(figures)
            found.days[day, model] = summed
            models[model] = models.get(model, Sum()) + summed
        cursor.execute(_AGENTS, [workspace_id, since, until, TOP])
        for part, workflow_id, node_id, purpose, *figures in cursor.fetchall():
            summed = _sum(figures)
            if part == _WORKFLOW:
                found.workflows[workflow_id] = summed
            elif part == _AGENT:
                found.agents[Agent(workflow_id, node_id)] = summed
            else:
                found.purposes[purpose] = summed
    found.total = sum(models.values(), Sum())
    dearest = sorted(models.items(), key=lambda item: (-item[1].cost, -item[1].calls, str(item[0])))
    found.models = dict(dearest[:TOP])
    return found


def total(workspace_id: UUID, *, since: date, until: date) -> Sum:
    """All calls of these days together. One statement."""
    with replica.cursor() as cursor:
        cursor.execute(f"SELECT {_FIGURES} {_SOME_DAYS}", [workspace_id, since, until])
        return _sum(cursor.fetchone())


def has_any(workspace_id: UUID) -> bool:
    """Whether there has ever been a call."""
    return UsageDay.objects.filter(workspace_id=workspace_id).exists()


def days(workspace_id: UUID, *, since: date, until: date) -> Iterator[UsageDay]:
    """The sums as they are kept, oldest day first; the first 50,000."""
    rows = UsageDay.objects.filter(workspace_id=workspace_id, day__gte=since, day__lt=until)
    order = ("day", "workflow_id", "node_id", "provider", "model", "purpose", "is_test")
    yield from rows.order_by(*order)[:MOST_ROWS]


def before(since: date, until: date) -> tuple[date, date]:
    """The days before these, as many of them."""
    return since - (until - since), since


def last_days(today: date, count: int) -> tuple[date, date]:
    """So many days that end with today."""
    return today - timedelta(days=count - 1), today + timedelta(days=1)


# ── Single calls ─────────────────────────────────────────────────────────────────────────────────────────────────────


def calls(workspace_id: UUID, **wanted: Any) -> QuerySet[Call]:
    """Single calls. `wanted`: members of `FILTERS`, `since` and `until` as moments; `outcome` may be `failed`."""
    rows = Call.objects.filter(workspace_id=workspace_id)
    columns = {"execution": "execution_id", "workflow": "workflow_id", "node": "node_id"}
    for name in FILTERS:
        value = wanted.get(name)
        if value is None:
            continue
        if name == "outcome" and value == "failed":
            rows = rows.filter(~Q(outcome="answered"))
        else:
            rows = rows.filter(**{columns.get(name, name): value})
    # Ids are made when a call begins, and sort by time: the index of the newest serves.
    for name, lookup in (("since", "id__gte"), ("until", "id__lt")):
        if wanted.get(name) is not None:
            since_1970 = max(0, int(wanted[name].timestamp() * 1000))
            rows = rows.filter(**{lookup: UUID(int=since_1970 << 80)})
    return rows


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of a node used: all attempts of it together."""

    node_id: str
    path: str
    step: str
    models: tuple[str, ...]
    sum: Sum


_STEPS = """
SELECT node_id, path, step, array_agg(DISTINCT provider || '/' || model), count(*),
       count(*) FILTER (WHERE outcome <> 'answered'), count(*) FILTER (WHERE cost IS NULL), sum(input), sum(output),
       sum(cached), sum(written), sum(reasoning), COALESCE(sum(cost), 0), sum(ms)
FROM ai_call WHERE workspace_id = %s AND execution_id = %s
GROUP BY node_id, path, step ORDER BY min(at) LIMIT %s
"""


def steps(workspace_id: UUID, execution_id: UUID) -> list[Step]:
    """What each step of an execution used, in their order; the first 1,000. One statement, on an index."""
    with replica.cursor() as cursor:
        cursor.execute(_STEPS, [workspace_id, execution_id, MOST_STEPS])
        return [
            Step(node, path, step, tuple(models), _sum(figures))
            for node, path, step, models, *figures in cursor.fetchall()
        ]


def _sum(figures: Sequence[Any]) -> Sum:
    """Figures in the order of the fields; the database gives whole sums as decimals."""
    named = zip((each.name for each in fields(Sum)), figures, strict=True)
    return Sum(**{name: Decimal(value) if name == "cost" else int(value) for name, value in named})  # type: ignore[arg-type]
