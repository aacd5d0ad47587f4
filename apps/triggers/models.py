"""Schedules: when the clocks of active workflows come due. Events: what was posted, and who waits for it."""

from __future__ import annotations

from typing import Any

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


class Event(models.Model):
    """Something that happened elsewhere, posted to a workspace. Kept for some days.

    Written in a transaction of its own; who waits for it and what it starts follows in others, until `delivered_at`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    external_id = models.TextField(null=True, help_text="what the sender calls it; the same again is no new event")
    name = models.TextField()
    data: models.JSONField[Any, Any] = models.JSONField(null=True)
    posted_at = models.DateTimeField()
    posted_by = models.TextField()
    delivered_at = models.DateTimeField(null=True)
    resolved_count = models.IntegerField(default=0, help_text="so many waits it ended")
    started: models.JSONField[Any, Any] = models.JSONField(default=list, help_text="[{workflow_id, execution_id}]")
    refused: models.JSONField[Any, Any] = models.JSONField(default=list, help_text="[{workflow_id, code, message}]")

    class Meta:
        db_table = "triggers_event"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "external_id"],
                name="triggers_event_once",
                condition=models.Q(external_id__isnull=False),
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "name", "posted_at"], name="triggers_event_by_name"),
            models.Index(fields=["workspace", "-id"], name="triggers_event_newest"),
            models.Index(fields=["posted_at"], name="triggers_event_age"),
            models.Index(
                fields=["posted_at"], name="triggers_event_pending", condition=models.Q(delivered_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        """What the sender calls it, or else its own id."""
        return self.external_id or str(self.id)


class EventWait(models.Model):
    """Who waits for which event. Exists as long as the engine's wait of this id is open.

    `shape` names the paths that are compared, `key` is the digest of the values that must stand there: so an event
    finds those it is for by an index, one look-up per shape, and nothing that users wrote is evaluated.
    """

    wait_id = models.UUIDField(primary_key=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    execution_id = models.UUIDField()
    name = models.TextField()
    shape = models.TextField()
    key = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "triggers_event_wait"
        indexes = [models.Index(fields=["workspace", "name", "shape", "key"], name="triggers_event_wait_match")]
