"""Settings → AI costs → Budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.ai.ledger import budgets
from apps.ai.ledger.budgets import Standing, Wanted
from apps.ai.ledger.sums import Agent
from apps.ai.ledger.words import dollars, tokens
from apps.ai.models import Budget, Period, Scope, Then
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.ids import uuid7
from apps.insights import costs

_THEN = (
    (Then.STOP, gettext_lazy("Stop: the call is refused")),
    (Then.ASK, gettext_lazy("Ask: an agent asks a person")),
)
_PERIODS: Mapping[str, str | Promise] = {
    Period.DAY: gettext_lazy("a day"),
    Period.MONTH: gettext_lazy("a month"),
    Period.TOTAL: gettext_lazy("in total"),
}


class BudgetForm(forms.Form):
    """A budget. What it covers and its period are chosen once, when it is made."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    covers = forms.ChoiceField(label=gettext_lazy("What it covers"))
    period = forms.ChoiceField(
        label=gettext_lazy("Begins anew"),
        choices=(
            (Period.DAY, gettext_lazy("Every day")),
            (Period.MONTH, gettext_lazy("Every month")),
            (Period.TOTAL, gettext_lazy("Never")),
        ),
        initial=Period.MONTH,
        help_text=gettext_lazy("At midnight UTC. A budget for each execution is for the whole of it."),
    )
    limit_usd = forms.DecimalField(
        label=gettext_lazy("Limit in US dollars"),
        required=False,
        min_value=0,
        max_value=budgets.MOST_USD,
        decimal_places=6,
        help_text=gettext_lazy("Without a limit in tokens, models whose price is not known are refused."),
    )
    limit_tokens = forms.IntegerField(
        label=gettext_lazy("Limit in tokens"),
        required=False,
        min_value=0,
        max_value=budgets.MOST_TOKENS,
        help_text=gettext_lazy("In and out together."),
    )
    then = forms.ChoiceField(label=gettext_lazy("At the limit"), choices=_THEN, initial=Then.STOP)

    def __init__(self, data: Any = None, *, choices: dict[UUID, costs.Named] | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        if choices is None:  # of a budget that is there
            del self.fields["covers"], self.fields["period"]
            return
        field = self.fields["covers"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = _covers(choices)

    def take(self, refused: DomainError) -> None:
        """Show what a service refused at the fields it names."""
        for error in refused.errors:
            path = "covers" if error.path in ("workflow_id", "node_id", "scope") else error.path
            self.add_error(path if path in self.fields else None, error.message)
        if not refused.errors:
            self.add_error(None, f"{refused.message} {refused.hint}".strip())

    @property
    def wanted(self) -> Wanted:
        """What was filled in, of a new budget."""
        given = self.cleaned_data
        scope, _colon, rest = given["covers"].partition(":")
        workflow, _colon, node = rest.partition(":")
        return Wanted(
            name=given["name"].strip(),
            scope=scope,
            period=Period.TOTAL if scope == Scope.EXECUTION else given["period"],
            limit_usd=given["limit_usd"],
            limit_tokens=given["limit_tokens"],
            then=given["then"],
            workflow_id=UUID(workflow) if workflow else None,
            node_id=node,
        )


def _covers(choices: dict[UUID, costs.Named]) -> list[Any]:
    workflows = [(str(id_), each) for id_, each in choices.items()]
    return [
        (
            _("Everything"),
            [(Scope.WORKSPACE.value, _("The whole workspace")), (Scope.EXECUTION.value, _("Each execution by itself"))],
        ),
        (_("A workflow"), [(f"{Scope.WORKFLOW}:{id_}", each.name) for id_, each in workflows]),
        (
            _("Each execution of a workflow"),
            [(f"{Scope.EXECUTION}:{id_}", each.name) for id_, each in workflows],
        ),
        (
            _("An agent"),
            [
                (f"{Scope.AGENT}:{id_}:{node}", f"{each.name} · {name}")
                for id_, each in workflows
                for node, name in each.nodes.items()
            ],
        ),
    ]


class AllowForm(forms.Form):
    """More, this once."""

    usd = forms.DecimalField(label=gettext_lazy("US dollars"), required=False, min_value=0, decimal_places=6)
    tokens = forms.IntegerField(label=gettext_lazy("Tokens"), required=False, min_value=0)


@dataclass(frozen=True, slots=True)
class Limit:
    """One of the limits of a budget, in words, and how much of it is spent, of 100."""

    spent: str
    limit: str
    reserved: str
    more: str
    share: int


@dataclass(frozen=True, slots=True)
class Line:
    """A budget as the list shows it."""

    budget: Budget
    covers: str
    period: str | Promise
    limits: list[Limit]
    tone: str

    @property
    def is_per_execution(self) -> bool:
        """Whether each execution has it to itself: then nothing can be said of its use."""
        return self.budget.scope == Scope.EXECUTION


def line(standing: Standing, known: dict[UUID, costs.Named]) -> Line:
    """A budget in words."""
    budget = standing.budget
    percent = standing.share * 100
    tone = "error" if percent >= 100 else "human" if percent >= 80 else ""
    return Line(budget, covers(budget, known), _PERIODS[budget.period], _limits(standing), tone)


def covers(budget: Budget, known: dict[UUID, costs.Named]) -> str:
    """Whose calls it counts, in words."""
    workflow = known.get(budget.workflow_id) if budget.workflow_id else None
    name = workflow.name if workflow else _("a workflow that was deleted")
    if budget.scope == Scope.AGENT:
        return costs.agent_name(known, Agent(budget.workflow_id, budget.node_id))
    if budget.scope == Scope.WORKFLOW:
        return name
    if budget.scope == Scope.EXECUTION:
        return _("Each execution of %(name)s") % {"name": name} if budget.workflow_id else _("Each execution")
    return _("The whole workspace")


def _limits(standing: Standing) -> list[Limit]:
    use, found = standing.use, []
    if standing.limit_usd is not None:
        spent = use.spent if use else Decimal(0)
        found.append(
            Limit(
                dollars(spent),
                dollars(standing.limit_usd),
                dollars(use.reserved) if use and use.reserved else "",
                dollars(use.more) if use and use.more else "",
                _share(spent, standing.limit_usd),
            )
        )
    if standing.limit_tokens is not None:
        used = use.tokens_spent if use else 0
        found.append(
            Limit(
                f"{used:,}",
                tokens(standing.limit_tokens),
                tokens(use.tokens_reserved) if use and use.tokens_reserved else "",
                tokens(use.tokens_more) if use and use.tokens_more else "",
                _share(Decimal(used), Decimal(standing.limit_tokens)),
            )
        )
    return found


def _share(spent: Decimal, limit: Decimal) -> int:
    return min(100, int(spent * 100 / limit)) if limit else 100


class _Page(WorkspacePage):
    permission = Permission.EXECUTION_READ
    post_permission = Permission.WORKSPACE_MANAGE
    menu_under = "ai-usage"

    def back(self, said: str) -> HttpResponse:
        """To the list, with a word of what was done."""
        messages.success(self.request, said)
        return HttpResponseRedirect(reverse("ai-budgets", args=[self.workspace.slug]))


class AiBudgets(_Page):
    """The budgets and how they stand. Owners make them here."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, with the form for another one."""
        return self._page(BudgetForm(choices=costs.choices(self.workspace.id)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make one."""
        form = BudgetForm(request.POST, choices=costs.choices(self.workspace.id))
        if form.is_valid():
            try:
                made = costs.budget_make(
                    workspace_id=self.workspace.id, actor=self.actor, wanted=form.wanted, now=clock.now()
                )
            except DomainError as refused:
                form.take(refused)
            else:
                return self.back(_("The budget “%(name)s” counts from now on.") % {"name": made.name})
        return self._page(form, status=422)

    def _page(self, form: BudgetForm, *, status: int = 200) -> HttpResponse:
        rows = list(budgets.budget_rows(self.workspace.id).order_by("name"))
        known = costs.names(self.workspace.id, {row.workflow_id for row in rows}, {row.node_id for row in rows})
        standing = budgets.standings(self.workspace.id, rows, now=clock.now())
        shown = {"tab": "budgets", "form": form, "lines": [line(each, known) for each in standing]}
        return self.render("insights/ai_budgets.html", shown, status=status)


class AiBudget(_Page):
    """One budget: its limits, and more for this period."""

    def get(self, request: HttpRequest, budget: UUID) -> HttpResponse:
        """How it stands, with the forms."""
        return self._page(budgets.budget_get(self.workspace.id, budget))

    def post(self, request: HttpRequest, budget: UUID) -> HttpResponse:
        """Change it; with `allow`, allow more in this period."""
        found = budgets.budget_get(self.workspace.id, budget)
        form: BudgetForm | AllowForm
        if "allow" in request.POST:
            form = AllowForm(request.POST)
        else:
            form = BudgetForm(request.POST)
        if form.is_valid():
            try:
                return self.back(self._done(found, form))
            except DomainError as refused:
                for error in refused.errors:
                    form.add_error(error.path if error.path in form.fields else None, error.message)
        return self._page(found, form, status=422)

    def _done(self, found: Budget, form: BudgetForm | AllowForm) -> str:
        known: dict[str, Any] = {"workspace_id": self.workspace.id, "budget_id": found.id, "actor": self.actor}
        given = form.cleaned_data
        if isinstance(form, AllowForm):
            known |= {"usd": given["usd"] or Decimal(0), "tokens": given["tokens"] or 0}
            budgets.budget_allow(**known, key=str(uuid7()), now=clock.now())
            return _("More is allowed for “%(name)s” until it begins anew.") % {"name": found.name}
        changes = given | {"name": given["name"].strip()}
        return _("Saved “%(name)s”.") % {"name": budgets.budget_update(**known, changes=changes, now=clock.now()).name}

    def _page(self, found: Budget, form: Any = None, *, status: int = 200) -> HttpResponse:
        (standing,) = budgets.standings(self.workspace.id, [found], now=clock.now())
        known = costs.names(self.workspace.id, [found.workflow_id], [found.node_id])
        initial = {name: getattr(found, name) for name in ("name", "limit_usd", "limit_tokens", "then")}
        if found.limit_usd is not None:
            initial["limit_usd"] = f"{found.limit_usd.normalize():f}"
        shown = {
            "tab": "budgets",
            "line": line(standing, known),
            "form": form if isinstance(form, BudgetForm) else BudgetForm(initial=initial),
            "allow": form if isinstance(form, AllowForm) else AllowForm(),
            "raises": standing.use.raises if standing.use else [],
        }
        return self.render("insights/ai_budget.html", shown, status=status)


class AiBudgetDelete(_Page):
    """The button that lets go of a budget."""

    permission = Permission.WORKSPACE_MANAGE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, budget: UUID) -> HttpResponse:
        """Delete it; the ledger stays."""
        budgets.budget_delete(workspace_id=self.workspace.id, actor=self.actor, budget_id=budget)
        return self.back(_("Deleted. What was spent stays in the ledger."))
