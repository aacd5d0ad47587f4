"""`ai/budgets`: what models may cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.ai.ledger import budgets
from apps.ai.ledger.budgets import Standing, Wanted
from apps.ai.models import Budget, Period, Scope, Then
from apps.core import clock
from apps.core.api.serializers import Strict
from apps.insights import costs

_USD: dict[str, Any] = {"max_digits": 18, "decimal_places": 10, "min_value": 0}


class BudgetOut(serializers.Serializer[Any]):
    """A budget, and how it stands in its present period. Of one per execution nothing is told of its use."""

    id = serializers.UUIDField(source="budget.id")
    name = serializers.CharField(source="budget.name")
    scope = serializers.ChoiceField(source="budget.scope", choices=Scope.values)
    period = serializers.ChoiceField(source="budget.period", choices=Period.values)
    workflow_id = serializers.UUIDField(source="budget.workflow_id", allow_null=True)
    node_id = serializers.CharField(source="budget.node_id")
    limit_usd = serializers.DecimalField(source="budget.limit_usd", allow_null=True, **_USD)
    limit_tokens = serializers.IntegerField(source="budget.limit_tokens", allow_null=True)
    then = serializers.ChoiceField(source="budget.then", choices=Then.values)
    spent_usd = serializers.DecimalField(source="use.spent", default=None, allow_null=True, **_USD)
    reserved_usd = serializers.DecimalField(
        source="use.reserved",
        default=None,
        allow_null=True,
        help_text="Set aside for calls under way.",
        **_USD,
    )
    more_usd = serializers.DecimalField(
        source="use.more", default=None, allow_null=True, help_text="Allowed beyond the limit in this period.", **_USD
    )
    spent_tokens = serializers.IntegerField(source="use.tokens_spent", default=None, allow_null=True)
    reserved_tokens = serializers.IntegerField(source="use.tokens_reserved", default=None, allow_null=True)
    more_tokens = serializers.IntegerField(source="use.tokens_more", default=None, allow_null=True)
    created_at = serializers.DateTimeField(source="budget.created_at")
    updated_at = serializers.DateTimeField(source="budget.updated_at")


class BudgetIn(Strict):
    """A budget to be made. At least one of the limits is needed."""

    name = serializers.CharField(max_length=100)
    scope = serializers.ChoiceField(choices=Scope.values, help_text="Whose calls it counts together.")
    period = serializers.ChoiceField(
        choices=Period.values, help_text="When it begins anew (UTC). A budget per execution: `total`."
    )
    workflow_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    node_id = serializers.CharField(required=False, allow_blank=True, max_length=100, default="")
    limit_usd = serializers.DecimalField(required=False, allow_null=True, default=None, **_USD)
    limit_tokens = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0)
    then = serializers.ChoiceField(choices=Then.values, default=Then.STOP)


class BudgetChange(Strict):
    """What to change; what is not named stays. Scope and period stay as they were made."""

    name = serializers.CharField(required=False, max_length=100)
    limit_usd = serializers.DecimalField(required=False, allow_null=True, **_USD)
    limit_tokens = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    then = serializers.ChoiceField(required=False, choices=Then.values)


class BudgetAllow(Strict):
    """How much more."""

    usd = serializers.DecimalField(required=False, default=Decimal(0), **_USD)
    tokens = serializers.IntegerField(required=False, default=0, min_value=0)
    key = serializers.CharField(max_length=200, help_text="Yours: sent again with the same key, nothing is added.")
    execution_id = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Whose, of a budget per execution."
    )


class AiBudgets(WorkspaceViewSet):
    """What models may cost."""

    permissions = {
        "list": Permission.EXECUTION_READ,
        "retrieve": Permission.EXECUTION_READ,
        "create": Permission.WORKSPACE_MANAGE,
        "partial_update": Permission.WORKSPACE_MANAGE,
        "destroy": Permission.WORKSPACE_MANAGE,
        "allow": Permission.WORKSPACE_MANAGE,
    }
    filters = {"list": ()}
    serializer_class = BudgetOut
    queryset = Budget.objects.none()

    @extend_schema(operation_id="ai_budgets_list", responses=BudgetOut(many=True))
    def list(self, request: Request) -> Response:
        """The budgets, and how they stand, newest first."""
        rows = self.paginate_queryset(budgets.budget_rows(self.workspace.id)) or []
        standings = budgets.standings(self.workspace.id, list(rows), now=clock.now())
        return self.get_paginated_response(BudgetOut(standings, many=True).data)

    @extend_schema(operation_id="ai_budgets_create", request=BudgetIn, responses={201: BudgetOut})
    def create(self, request: Request) -> Response:
        """Make a budget. What its period has cost before counts."""
        form = BudgetIn(data=request.data)
        form.is_valid(raise_exception=True)
        made = costs.budget_make(
            workspace_id=self.workspace.id, actor=self.actor, wanted=Wanted(**form.validated_data), now=clock.now()
        )
        return Response(self._shown(made), status=201)

    @extend_schema(operation_id="ai_budgets_retrieve", responses=BudgetOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One budget, and how it stands."""
        return Response(self._shown(budgets.budget_get(self.workspace.id, pk)))

    @extend_schema(operation_id="ai_budgets_update", request=BudgetChange, responses=BudgetOut)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change a budget's name, its limits, or what happens at them. What is spent stays spent."""
        form = BudgetChange(data=request.data)
        form.is_valid(raise_exception=True)
        changed = budgets.budget_update(
            workspace_id=self.workspace.id,
            actor=self.actor,
            budget_id=pk,
            changes=form.validated_data,
            now=clock.now(),
        )
        return Response(self._shown(changed))

    @extend_schema(operation_id="ai_budgets_delete", responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Let go of a budget. What was spent stays in the ledger."""
        budgets.budget_delete(workspace_id=self.workspace.id, actor=self.actor, budget_id=pk)
        return Response(status=204)

    @extend_schema(operation_id="ai_budgets_allow", request=BudgetAllow, responses=BudgetOut)
    @action(detail=True, methods=["post"])
    def allow(self, request: Request, pk: UUID) -> Response:
        """Allow more than the limit until the budget begins anew."""
        form = BudgetAllow(data=request.data)
        form.is_valid(raise_exception=True)
        budgets.budget_allow(
            workspace_id=self.workspace.id, budget_id=pk, actor=self.actor, now=clock.now(), **form.validated_data
        )
        return Response(self._shown(budgets.budget_get(self.workspace.id, pk)))

    def _shown(self, budget: Budget) -> dict[str, Any]:
        standing: Standing
        (standing,) = budgets.standings(self.workspace.id, [budget], now=clock.now())
        shown: dict[str, Any] = BudgetOut(standing).data
        return shown
