"""What calls of models cost: one row per attempt, and their sums by day."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.accounts.models import Workspace
from apps.core.ids import uuid7

ANSWERED = "answered"
LOST = "ai.lost"
"""The outcome of a call whose process died: nobody saw an answer, and what it cost is not known."""
DIGITS, PLACES = 18, 10
"""US dollars: a token of the cheapest models costs less than a ten-millionth."""


class _Asked(models.Model):
    """Who asked which model for what. Ids of higher floors are plain: what they name may be gone."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False, help_text="made when the call began")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    workflow_id = models.UUIDField(null=True)
    execution_id = models.UUIDField(null=True)
    node_id = models.TextField(default="")
    path = models.TextField(default="")
    step = models.TextField(default="")
    purpose = models.TextField()
    provider = models.TextField()
    model = models.TextField()
    credential_id = models.UUIDField(null=True)
    is_test = models.BooleanField(default=False)
    at = models.DateTimeField(help_text="when it began")

    class Meta:
        abstract = True


class OpenCall(_Asked):
    """A call that is under way, and what the budgets have set aside for it."""

    most = models.DecimalField(
        null=True, max_digits=DIGITS, decimal_places=PLACES, help_text="what it may cost; null where no price is known"
    )
    most_tokens = models.BigIntegerField(default=0)
    uses = ArrayField(models.UUIDField(), default=list, help_text="the BudgetUse rows that hold it")

    class Meta:
        db_table = "ai_open_call"
        indexes = [models.Index(fields=["at"], name="ai_open_call_oldest")]

    def __str__(self) -> str:
        return f"{self.provider}/{self.model} since {self.at}"


class Call(_Asked):
    """One attempt at one model, as it went. Holds no word of what was said, and no key."""

    attempt = models.PositiveIntegerField(help_text="the how manieth of its step")
    input = models.BigIntegerField(default=0, help_text="tokens, those from and to the cache included")
    output = models.BigIntegerField(default=0, help_text="tokens, those of reasoning included")
    cached = models.BigIntegerField(default=0)
    written = models.BigIntegerField(default=0)
    reasoning = models.BigIntegerField(default=0)
    cost = models.DecimalField(
        null=True, max_digits=DIGITS, decimal_places=PLACES, help_text="US dollars; null where the price is not known"
    )
    ms = models.BigIntegerField(default=0)
    outcome = models.TextField(help_text="`answered`, or the code of the error")

    class Meta:
        db_table = "ai_call"
        indexes = [
            models.Index(fields=["workspace", "id"], name="ai_call_newest"),
            models.Index(
                fields=["execution_id", "node_id", "path", "step"],
                name="ai_call_of_step",
                condition=models.Q(execution_id__isnull=False),
            ),
            models.Index(
                fields=["workflow_id", "id"], name="ai_call_of_workflow", condition=models.Q(workflow_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}: {self.outcome}"


class UsageDay(models.Model):
    """The sums of one day (UTC) for one agent, model and purpose. Written with each call, and kept when calls go."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    workflow_id = models.UUIDField(null=True)
    node_id = models.TextField(default="")
    purpose = models.TextField()
    provider = models.TextField()
    model = models.TextField()
    is_test = models.BooleanField(default=False)
    calls = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0, help_text="calls that were not answered")
    unpriced = models.BigIntegerField(default=0, help_text="calls whose price is not known")
    input = models.BigIntegerField(default=0)
    output = models.BigIntegerField(default=0)
    cached = models.BigIntegerField(default=0)
    written = models.BigIntegerField(default=0)
    reasoning = models.BigIntegerField(default=0)
    cost = models.DecimalField(default=0, max_digits=DIGITS, decimal_places=PLACES)
    ms = models.BigIntegerField(default=0)

    class Meta:
        db_table = "ai_usage_day"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "day", "workflow_id", "node_id", "provider", "model", "purpose", "is_test"],
                name="ai_usage_day_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.provider}/{self.model}"
