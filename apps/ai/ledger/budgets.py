"""What calls may cost: budgets are made, changed and raised here, each on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet

from apps.accounts import services as accounts
from apps.accounts.access.actor import Actor, system
from apps.ai.errors import BudgetInvalid, BudgetNameTaken, BudgetUnknown, TooManyBudgets
from apps.ai.models import Budget, BudgetUse, Period, Scope, Then
from apps.core import clock
from apps.core.errors import FieldError
from apps.core.tenancy import tenant

if TYPE_CHECKING:
    from apps.ai.gateway import Caller

MOST = 200
"""So many budgets a workspace has at most: each call is held against all that concern it."""
MOST_USD = Decimal(10_000_000)
MOST_TOKENS = 10**15
_EPOCH = date(1970, 1, 1)
_CHANGEABLE = ("name", "limit_usd", "limit_tokens", "then")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A budget as somebody wants it. A budget per execution is for the whole of it: its period is `total`."""

    name: str
    scope: str
    period: str
    limit_usd: Decimal | None = None
    limit_tokens: int | None = None
    then: str = Then.STOP
    workflow_id: UUID | None = None
    node_id: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget, and how it stands in its present period. Budgets per execution stand nowhere: `use` is None."""

    budget: Budget
    use: BudgetUse | None

    @property
    def limit_usd(self) -> Decimal | None:
        """With what was allowed beyond it."""
        more = self.use.more if self.use else Decimal(0)
        return None if self.budget.limit_usd is None else self.budget.limit_usd + more

    @property
    def limit_tokens(self) -> int | None:
        """With what was allowed beyond it."""
        more = self.use.tokens_more if self.use else 0
        return None if self.budget.limit_tokens is None else self.budget.limit_tokens + more

    @property
    def share(self) -> float:
        """How much of it is spent, by the limit that is nearer: 1 is all. What is set aside does not count."""
        if self.use is None:
            return 0.0
        shares = [
            float(spent / limit) if limit else 1.0
            for spent, limit in (
                (self.use.spent, self.limit_usd),
                (Decimal(self.use.tokens_spent), self.limit_tokens),
            )
            if limit is not None
        ]
        return max(shares)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def budget_rows(workspace_id: UUID) -> QuerySet[Budget]:
    """The budgets of a workspace."""
    return Budget.objects.filter(workspace_id=workspace_id)


def budget_get(workspace_id: UUID, budget_id: UUID) -> Budget:
    """One budget. Raises `BudgetUnknown`."""
    found = budget_rows(workspace_id).filter(id=budget_id).first()
    if found is None:
        raise BudgetUnknown
    return found


def standings(workspace_id: UUID, budgets: list[Budget], *, now: datetime) -> list[Standing]:
    """How these budgets stand now. One statement."""
    starts = {period: _begins(period, now) for period in Period}
    rows = BudgetUse.objects.filter(
        workspace_id=workspace_id, budget__in=budgets, subject_id=F("budget_id"), begins__in=starts.values()
    )
    uses = {(row.budget_id, row.begins): row for row in rows}
    return [
        Standing(
            each,
            None
            if each.scope == Scope.EXECUTION
            else uses.get((each.id, starts[Period(each.period)])) or BudgetUse(budget=each),
        )
        for each in budgets
    ]


def _begins(period: str, now: datetime) -> date:
    """The first day of the period, in UTC; as `ai_budgets_of` has it."""
    today = now.date()
    return {Period.DAY: today, Period.MONTH: today.replace(day=1)}.get(Period(period), _EPOCH)


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def budget_create(*, workspace_id: UUID, actor: Actor, wanted: Wanted, now: datetime) -> Budget:
    """Make a budget, on record. What its period has cost before counts; calls under way do not.

    Whether the workflow and the agent exist is the caller's to see. Raises `BudgetInvalid`, `BudgetNameTaken` or
    `TooManyBudgets`.
    """
    _check(wanted)
    with tenant(workspace_id):
        if budget_rows(workspace_id).count() >= MOST:
            raise TooManyBudgets(f"A workspace has at most {MOST} budgets.")
        _check_name(workspace_id, wanted.name)
        known = {name: getattr(wanted, name) for name in Wanted.__dataclass_fields__}
        made = Budget.objects.create(workspace_id=workspace_id, created_at=now, updated_at=now, **known)
        if made.scope != Scope.EXECUTION:
            _use(made, made.id, now)
        _record(workspace_id, actor, "created", made, {"scope": made.scope, "period": made.period, **_limits(made)})
    return made


def budget_update(
    *, workspace_id: UUID, actor: Actor, budget_id: UUID, changes: dict[str, Any], now: datetime
) -> Budget:
    """Change the name, the limits or what happens at them, on record. What is spent stays spent.

    Raises `BudgetUnknown`, `BudgetInvalid` or `BudgetNameTaken`.
    """
    with tenant(workspace_id):
        budget = budget_rows(workspace_id).select_for_update().filter(id=budget_id).first()
        if budget is None:
            raise BudgetUnknown
        fixed = [
            FieldError(name, "It stays as it was made. Make another budget.") for name in changes.keys() - _CHANGEABLE
        ]
        if fixed:
            raise BudgetInvalid(errors=fixed)
        before = _limits(budget)
        for name, value in changes.items():
            setattr(budget, name, value)
        _check(Wanted(**{name: getattr(budget, name) for name in Wanted.__dataclass_fields__}))
        _check_name(workspace_id, budget.name, besides=budget.id)
        budget.updated_at = now
        budget.save()
        BudgetUse.objects.filter(workspace_id=workspace_id, budget_id=budget.id).update(told=0)
        _record(workspace_id, actor, "changed", budget, {"before": before, "after": _limits(budget)})
    return budget


def budget_delete(*, workspace_id: UUID, actor: Actor, budget_id: UUID) -> None:
    """Let go of a budget, on record. The ledger stays. Raises `BudgetUnknown`."""
    with tenant(workspace_id):
        budget = budget_get(workspace_id, budget_id)
        _record(workspace_id, actor, "deleted", budget, _limits(budget))
        budget.delete()


def budget_allow(
    *,
    workspace_id: UUID,
    budget_id: UUID,
    actor: Actor,
    key: str,
    now: datetime,
    usd: Decimal = Decimal(0),
    tokens: int = 0,
    execution_id: UUID | None = None,
    by: str = "",
) -> BudgetUse:
    """Allow so much beyond the limit in the present period alone, on record. Under the same `key` it happens once.

    Of a budget per execution, `execution_id` names whose. `by`: the person who said so, where the actor only passes it
    on. Raises `BudgetUnknown` or `BudgetInvalid`.
    """
    with tenant(workspace_id):
        budget = budget_get(workspace_id, budget_id)
        subject = execution_id if budget.scope == Scope.EXECUTION else budget.id
        _check_more(budget, usd, tokens, subject)
        assert subject is not None
        use = _use(budget, subject, now)
        if any(each["key"] == key for each in use.raises):
            return use
        use.more += usd
        use.tokens_more += tokens
        who = by or actor.label
        use.raises.append({"key": key, "usd": str(usd), "tokens": tokens, "by": who, "at": now.isoformat()})
        use.told = 0
        use.save(update_fields=["more", "tokens_more", "raises", "told"])
        data = {"usd": str(usd), "tokens": tokens, "begins": str(use.begins), "by": who}
        if execution_id is not None and budget.scope == Scope.EXECUTION:
            data["execution_id"] = str(execution_id)
        _record(workspace_id, actor, "raised", budget, data)
        return use


def allow(caller: Caller, budget_id: UUID, *, key: str, by: str, usd: Decimal = Decimal(0), tokens: int = 0) -> None:
    """What a person allowed an agent beyond the limit that refused it: `by` is who said so, `key` names the answer.

    For workers: holds no connection afterwards. As `budget_allow`.
    """
    try:
        budget_allow(
            workspace_id=caller.workspace_id,
            budget_id=budget_id,
            actor=system("agent"),
            key=key,
            now=clock.now(),
            usd=usd,
            tokens=tokens,
            execution_id=caller.execution_id,
            by=by,
        )
    finally:
        if not connection.in_atomic_block:
            connection.close()


def _use(budget: Budget, subject_id: UUID, now: datetime) -> BudgetUse:
    """The budget's row of the present period, locked; begun if nobody has."""
    begins = _begins(budget.period, now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT ai_budget_use_open(%s, %s, %s, %s)", [budget.id, subject_id, begins, now])
    rows = BudgetUse.objects.select_for_update()
    return rows.get(workspace_id=budget.workspace_id, budget_id=budget.id, subject_id=subject_id, begins=begins)


def _check(wanted: Wanted) -> None:
    found = []
    if not wanted.name.strip() or len(wanted.name) > 100:
        found.append(FieldError("name", "Give it a name of 1 to 100 characters."))
    for name, choices in (("scope", Scope), ("period", Period), ("then", Then)):
        if getattr(wanted, name) not in choices.values:
            found.append(FieldError(name, f"One of {', '.join(choices.values)}."))
    if wanted.limit_usd is None and wanted.limit_tokens is None:
        found.append(FieldError("limit_usd", "Give a limit in dollars, in tokens, or both."))
    if wanted.limit_usd is not None and not 0 <= wanted.limit_usd <= MOST_USD:
        found.append(FieldError("limit_usd", f"Between 0 and {MOST_USD:,}."))
    if wanted.limit_tokens is not None and not 0 <= wanted.limit_tokens <= MOST_TOKENS:
        found.append(FieldError("limit_tokens", f"Between 0 and {MOST_TOKENS:,}."))
    if wanted.scope in (Scope.WORKFLOW, Scope.AGENT) and wanted.workflow_id is None:
        found.append(FieldError("workflow_id", "Say which workflow."))
    if wanted.scope == Scope.WORKSPACE and wanted.workflow_id is not None:
        found.append(FieldError("workflow_id", "A budget of the workspace is for all its workflows."))
    if (wanted.scope == Scope.AGENT) != bool(wanted.node_id):
        found.append(FieldError("node_id", "A budget of an agent names its node; no other does."))
    if wanted.scope == Scope.EXECUTION and wanted.period != Period.TOTAL:
        found.append(FieldError("period", "An execution has its budget once: the period is total."))
    if found:
        raise BudgetInvalid(errors=found)


def _check_more(budget: Budget, usd: Decimal, tokens: int, subject: UUID | None) -> None:
    found = []
    if subject is None:
        found.append(FieldError("execution_id", "Say which execution: each has this budget to itself."))
    if not 0 <= usd <= MOST_USD or (usd and budget.limit_usd is None):
        found.append(
            FieldError("usd", "This budget has no limit in dollars." if budget.limit_usd is None else "Too much.")
        )
    if not 0 <= tokens <= MOST_TOKENS or (tokens and budget.limit_tokens is None):
        found.append(
            FieldError("tokens", "This budget has no limit in tokens." if budget.limit_tokens is None else "Too much.")
        )
    if not usd and not tokens:
        found.append(FieldError("usd", "Say how much more is allowed."))
    if found:
        raise BudgetInvalid("This cannot be allowed.", errors=found)


def _check_name(workspace_id: UUID, name: str, *, besides: UUID | None = None) -> None:
    others = budget_rows(workspace_id).filter(name=name)
    if (others.exclude(id=besides) if besides else others).exists():
        raise BudgetNameTaken(errors=[FieldError("name", "Another budget has this name.")])


def _limits(budget: Budget) -> dict[str, Any]:
    usd = None if budget.limit_usd is None else f"{budget.limit_usd.normalize():f}"
    return {"limit_usd": usd, "limit_tokens": budget.limit_tokens, "then": budget.then}


def _record(workspace_id: UUID, actor: Actor, what: str, budget: Budget, data: dict[str, Any]) -> None:
    accounts.audit_record(
        workspace_id=workspace_id, actor=actor, action=f"budget.{what}", target=budget.name, data=data
    )
