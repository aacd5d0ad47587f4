"""Settings → AI costs: what models cost, by day, workflow, model, agent and purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.ai.ledger import sums
from apps.ai.ledger.sums import Sum
from apps.ai.ledger.words import dollars, short
from apps.core import clock
from apps.executions import selectors as executions
from apps.insights import costs
from apps.insights.cost_chart import chart

ROWS = 10
K = TypeVar("K")
PERIODS: Mapping[str, str | Promise] = {
    "7": gettext_lazy("7 days"),
    "30": gettext_lazy("30 days"),
    "90": gettext_lazy("90 days"),
    "month": gettext_lazy("This month"),
    "last-month": gettext_lazy("Last month"),
}
PURPOSES: Mapping[str, str | Promise] = {
    "agent": gettext_lazy("Agents"),
    "compare": gettext_lazy("Comparisons"),
    "embed": gettext_lazy("Embeddings"),
    "memory": gettext_lazy("Memories"),
}


def period_of(name: str, today: date) -> tuple[date, date]:
    """The days of a period, the last one excluded; 30 days for a name that is none."""
    first = today.replace(day=1)
    if name == "month":
        return first, today + timedelta(days=1)
    if name == "last-month":
        return (first - timedelta(days=1)).replace(day=1), first
    return sums.last_days(today, int(name) if name in ("7", "90") else 30)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of one of the tables. `share` is its part of the whole, of 100."""

    name: str
    url: str
    calls: int
    tokens: str
    cost: str
    share: int


class AiUsage(WorkspacePage):
    """What models cost. Days are those of UTC, as the budgets' are."""

    permission = Permission.EXECUTION_READ
    menu = MenuEntry(
        Menu.AI,
        gettext_lazy("AI costs"),
        icon="wallet",
        order=20,
        words=gettext_lazy("usage tokens models budget price spend"),
    )
    may_lag = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page, or (`format=csv`) its figures as a file."""
        name = request.GET.get("period", "")
        name = name if name in PERIODS else "30"
        since, until = period_of(name, clock.now().date())
        if request.GET.get("format") == "csv":
            return self._file(since, until)
        found = sums.usage(self.workspace.id, since=since, until=until)
        earlier = sums.total(self.workspace.id, **dict(zip(("since", "until"), sums.before(since, until), strict=True)))
        is_empty = not found.total.calls and not earlier.calls and not sums.has_any(self.workspace.id)
        shown = {"tab": "usage", "periods": PERIODS.items(), "period": name, "is_empty": is_empty}
        if not is_empty:
            shown |= self._figures(found, earlier)
        return self.render("insights/ai_usage.html", shown)

    def _file(self, since: date, until: date) -> HttpResponse:
        last = until - timedelta(days=1)
        sheet = costs.usage_sheet(self.workspace.id, since=since, until=until)
        name = f'attachment; filename="ai-usage-{since}-{last}.csv"'
        return HttpResponse(sheet, "text/csv; charset=utf-8", headers={"Content-Disposition": name})

    def _figures(self, found: sums.Usage, earlier: Sum) -> dict[str, Any]:
        agents = {agent: each for agent, each in found.agents.items() if agent.workflow_id}
        workflows = list(found.workflows)[:ROWS]
        known = costs.names(
            self.workspace.id,
            {*workflows, *(each.workflow_id for each in list(agents)[:ROWS])},
            {each.node_id for each in list(agents)[:ROWS]},
        )
        total = found.total
        return {
            "total": total,
            "cost": dollars(total.cost),
            "tokens": short(total.tokens),
            "tokens_in": short(total.input),
            "tokens_out": short(total.output),
            "seconds": f"{total.ms / total.calls / 1000:.1f}" if total.calls else "",
            "change": change(total.cost, earlier.cost),
            "earlier": dollars(earlier.cost),
            "chart": chart(found.days, since=found.since, until=found.until),
            "since": found.since,
            "last": found.until - timedelta(days=1),
            "tables": [
                (_("By workflow"), self._rows(total, found.workflows, lambda each: self._workflow(known, each))),
                (_("By model"), self._rows(total, found.models, lambda each: (str(each), ""))),
                (_("By agent"), self._rows(total, agents, lambda each: (costs.agent_name(known, each), ""))),
                (_("By purpose"), self._rows(total, found.purposes, lambda each: (str(PURPOSES.get(each, each)), ""))),
            ],
        }

    def _workflow(self, known: dict[UUID, costs.Named], workflow_id: UUID | None) -> tuple[str, str]:
        if workflow_id is None:
            return _("Pages of this workspace"), ""
        named = known.get(workflow_id)
        if named is None or not named.has_page:
            return named.name if named else _("A workflow that was deleted"), ""
        return named.name, reverse("workflow", args=[self.workspace.slug, workflow_id])

    def _rows(self, total: Sum, of: Mapping[K, Sum], words: Callable[[K], tuple[str, str]]) -> list[Row]:
        return [
            Row(*words(key), each.calls, short(each.tokens), price(each), _share(each, total))
            for key, each in list(of.items())[:ROWS]
        ]


def price(each: Sum) -> str:
    """What calls cost; a dash where no price is known, so that nobody takes it for nothing."""
    if each.calls and each.unpriced == each.calls:
        return "–"
    return dollars(each.cost) + ("+" if each.unpriced else "")


def change(now: Decimal, earlier: Decimal) -> str:
    """As `+12 %`; empty where there was nothing to compare with."""
    if not earlier:
        return ""
    return f"{(now - earlier) / earlier * 100:+.0f} %".replace("-", "−")


def _share(each: Sum, total: Sum) -> int:
    if total.cost:
        return round(each.cost * 100 / total.cost)
    return round(each.tokens * 100 / total.tokens) if total.tokens else 0


class ExecutionCosts(WorkspacePage):
    """A part of an execution's page: what its calls of models cost."""

    permission = Permission.EXECUTION_READ

    def get(self, request: HttpRequest, execution: UUID) -> HttpResponse:
        """One line; nothing for an execution that asked no model."""
        executions.execution_get(workspace_id=self.workspace.id, execution_id=execution)
        steps = sums.steps(self.workspace.id, execution)
        total = sum((step.sum for step in steps), Sum())
        models = sorted({model for step in steps for model in step.models})
        shown = {"total": total, "cost": price(total), "tokens": short(total.tokens), "models": models}
        return self.render("insights/_ai_execution.html", shown)
