"""Telling owners that a budget is nearly used up, and that it is: once each in a period."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.access.permissions import Permission
from apps.accounts.models import Workspace
from apps.accounts.services import Telling, notice_put
from apps.ai.ledger.words import dollars, tokens
from apps.ai.models import Budget, BudgetUse, Scope
from apps.core.tenancy import tenant

KIND = "budget.near"
NEAR, REACHED = 80, 100
_LEVELS = """
SELECT u.id, ai_budget_level(b, u) FROM ai_budget_use u JOIN ai_budget b ON b.id = u.budget_id
WHERE u.id = ANY (%s) ORDER BY u.id FOR UPDATE OF u
"""


def budgets_tell(*, workspace_id: UUID, uses: Sequence[UUID], is_reached: bool, now: datetime) -> int:
    """Tell whoever may change budgets how far these are, unless they know. `is_reached`: a call was refused.

    Gives how many people were told. What is told and that it was told is one transaction.
    """
    told = 0
    with tenant(workspace_id), connection.cursor() as cursor:
        cursor.execute(_LEVELS, [list(uses)])
        levels: dict[UUID, int] = dict(cursor.fetchall())
        for use in BudgetUse.objects.filter(workspace_id=workspace_id, id__in=levels).select_related("budget"):
            budget = use.budget
            level = REACHED if is_reached and budget.scope != Scope.EXECUTION else levels[use.id]
            if level <= use.told:
                continue
            BudgetUse.objects.filter(workspace_id=workspace_id, id=use.id).update(told=level)
            telling = _telling(workspace_id, budget, use, level)
            told += notice_put(workspace_id=workspace_id, telling=telling, now=now, allowed=Permission.WORKSPACE_MANAGE)
    return told


def _telling(workspace_id: UUID, budget: Budget, use: BudgetUse, level: int) -> Telling:
    slug = Workspace.objects.values_list("slug", flat=True).get(id=workspace_id)
    if level == REACHED:
        title = _("The budget “%(name)s” is reached")
        detail = _(
            "%(spent)s of %(limit)s are spent. Calls that could pass it are refused, or a person is asked first."
        )
    else:
        title = _("The budget “%(name)s” is used up by more than 80 %%")
        detail = _("%(spent)s of %(limit)s are spent.")
    spent, limit = _figures(budget, use)
    return Telling(
        kind=KIND,
        key=f"{use.id}:{level}",
        subject_id=budget.workflow_id,
        tone="error" if level == REACHED else "warning",
        title=title % {"name": budget.name},
        detail=detail % {"spent": spent, "limit": limit},
        url=reverse("ai-budgets", args=[slug]),
    )


def _figures(budget: Budget, use: BudgetUse) -> tuple[str, str]:
    """What is spent of what, by the limit that is nearer."""
    shares = []
    if budget.limit_usd is not None:
        shares.append((use.spent, budget.limit_usd + use.more, dollars))
    if budget.limit_tokens is not None:
        shares.append((Decimal(use.tokens_spent), Decimal(budget.limit_tokens + use.tokens_more), tokens))
    spent, limit, show = max(shares, key=lambda each: each[0] / (each[1] or 1))
    return show(spent), show(limit)
