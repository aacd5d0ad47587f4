"""Schedules: when the clocks of active workflows come due."""

from __future__ import annotations

from django.db import models

from apps.accounts.models import Workspace
from apps.core.ids import uuid7
from apps.workflows.models import Version, Workflow


class Schedule(models.Model):
    """The clock of one CRON node of an active workflow.

    Follows `workflows.ActiveTrigger` within a second. `next_fire_at` is moved on by compare-and-set in the transaction
    that starts the execution, which is why each due time starts exactly one.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="+", db_index=False)
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="+", db_index=False)
    node_id = models.TextField()
    active_since = models.DateTimeField()
    expression = models.TextField()
    timezone = models.TextField()
    missed = models.TextField()
    next_fire_at = models.DateTimeField(null=True, help_text="null: never again, see error")
    last_fired_at = models.DateTimeField(null=True, help_text="the due time that was last started")
    last_skipped_at = models.DateTimeField(null=True, help_text="the due time that was last refused")
    last_skip_reason = models.TextField(default="", help_text="the code of that refusal")
    skipped_count = models.IntegerField(default=0)
    error = models.TextField(default="", help_text="why it cannot come due")

    class Meta:
        db_table = "triggers_schedule"
        constraints = [models.UniqueConstraint(fields=["workflow", "node_id"], name="triggers_schedule_once")]
        indexes = [
            models.Index(
                fields=["next_fire_at"], name="triggers_schedule_due", condition=models.Q(next_fire_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.expression} ({self.timezone})"
