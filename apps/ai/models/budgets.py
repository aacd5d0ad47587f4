"""What calls of models may cost."""

from __future__ import annotations

from typing import Any

from django.db import models

from apps.accounts.models import Workspace
from apps.ai.models.ledger import DIGITS, PLACES
from apps.core.ids import uuid7


class Scope(models.TextChoices):
    """Whose calls a budget counts together."""

    WORKSPACE = "workspace"
    WORKFLOW = "workflow"
    AGENT = "agent"
    EXECUTION = "execution"


class Period(models.TextChoices):
    """After what a budget begins anew, in UTC."""

    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


class Then(models.TextChoices):
    """What happens at the limit: the call fails, or the agent asks a person first."""

    STOP = "stop"
    ASK = "ask"


class Budget(models.Model):
    """A limit in US dollars, in tokens (in and out), or both. Test runs count: they cost the same.

    Of one execution: every execution has it to itself; with `workflow_id` those of this workflow only.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    workflow_id = models.UUIDField(null=True)
    node_id = models.TextField(default="", help_text="of an agent")
    period = models.CharField(max_length=10, choices=Period.choices)
    limit_usd = models.DecimalField(null=True, max_digits=DIGITS, decimal_places=PLACES)
    limit_tokens = models.BigIntegerField(null=True)
    then = models.CharField(max_length=10, choices=Then.choices, default=Then.STOP)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "ai_budget"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="ai_budget_name"),
            models.CheckConstraint(
                condition=models.Q(limit_usd__isnull=False) | models.Q(limit_tokens__isnull=False),
                name="ai_budget_has_a_limit",
            ),
            models.CheckConstraint(
                condition=(
                    models.Q(scope=Scope.WORKSPACE, workflow_id__isnull=True, node_id="")
                    | models.Q(scope=Scope.WORKFLOW, workflow_id__isnull=False, node_id="")
                    | (models.Q(scope=Scope.AGENT, workflow_id__isnull=False) & ~models.Q(node_id=""))
                    | models.Q(scope=Scope.EXECUTION, node_id="", period=Period.TOTAL)
                ),
                name="ai_budget_names_its_scope",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BudgetUse(models.Model):
    """What is spent and set aside of a budget in one period; of a budget per execution, by one execution.

    The row of a period is made by its first call, with what the ledger has of the period already. `told`: how far the
    workspace knows, 0, 80 or 100 per cent.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="uses", db_index=False)
    subject_id = models.UUIDField(help_text="the execution of a budget per execution, else the budget itself")
    begins = models.DateField()
    spent = models.DecimalField(default=0, max_digits=DIGITS, decimal_places=PLACES)
    reserved = models.DecimalField(default=0, max_digits=DIGITS, decimal_places=PLACES)
    more = models.DecimalField(
        default=0, max_digits=DIGITS, decimal_places=PLACES, help_text="allowed beyond the limit, this once"
    )
    tokens_spent = models.BigIntegerField(default=0)
    tokens_reserved = models.BigIntegerField(default=0)
    tokens_more = models.BigIntegerField(default=0)
    raises: models.JSONField[Any, Any] = models.JSONField(
        default=list, help_text="who allowed more, when and how much: {key, usd, tokens, by, at}; a key counts once"
    )
    told = models.PositiveSmallIntegerField(default=0)
    opened_at = models.DateTimeField()

    class Meta:
        db_table = "ai_budget_use"
        constraints = [
            models.UniqueConstraint(fields=["budget", "subject_id", "begins"], name="ai_budget_use_once"),
        ]
        indexes = [models.Index(fields=["opened_at"], name="ai_budget_use_oldest")]

    def __str__(self) -> str:
        return f"{self.budget_id} from {self.begins}"
