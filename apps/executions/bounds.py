"""Rows of limits: what a workspace may have at once, deliveries that were merged, systems that are left alone.

Part of the app's models, which `models` imports; only split off because there are many.
"""

from __future__ import annotations

from django.db import models

from apps.accounts.models import Workspace
from apps.core.ids import uuid7


class Merged(models.Model):
    """A delivery that was merged into an execution which still waited: its key leads there as if it had started it."""

    pk = models.CompositePrimaryKey("workspace_id", "dedupe_key")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    dedupe_key = models.TextField()
    execution = models.ForeignKey("executions.Execution", on_delete=models.CASCADE, related_name="+")


class Quota(models.Model):
    """How much a workspace may have at once, where that differs from the installation's settings.

    `most_…` is what the operator allows it; what its owner wishes counts as far as it is less.
    """

    workspace = models.OneToOneField(Workspace, primary_key=True, on_delete=models.CASCADE, related_name="+")
    max_concurrent = models.IntegerField(null=True)
    queue_depth = models.IntegerField(null=True)
    most_concurrent = models.IntegerField(null=True)
    most_queued = models.IntegerField(null=True)
    changed_at = models.DateTimeField()


class Circuit(models.Model):
    """What is known of another system that failed: whether it is called at all. See `engine.circuit`."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    target = models.TextField(help_text="host:port, or the credential its calls are signed with")
    state = models.TextField(default="closed")
    failures = models.IntegerField(default=0)
    pause_seconds = models.FloatField(default=0)
    failed_at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True, help_text="open: when it is tried again; half_open: when the trial is over")
    last_error = models.TextField(default="")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "target"], name="circuit_once"),
            models.CheckConstraint(condition=models.Q(state__in=["closed", "open", "half_open"]), name="circuit_state"),
        ]
        indexes = [models.Index(fields=["workspace"], name="circuit_troubled", condition=models.Q(failures__gt=0))]
