"""Rows around executions: values too large for a row, files, how long all is kept, and how much there is.

Part of the app's models, which `models` imports; only split off because there are many.
"""

from __future__ import annotations

from django.db import models

from apps.accounts.models import Workspace
from apps.core.ids import uuid7


class Payload(models.Model):
    """A value in object storage. Its row is committed before the object is written, so that no object is unknown."""

    pk = models.CompositePrimaryKey("workspace_id", "sha256")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    sha256 = models.TextField()
    size = models.BigIntegerField(help_text="bytes")
    touched_at = models.DateTimeField(help_text="when it was last about to be written; kept for a day from then on")


class PayloadUse(models.Model):
    """That an execution refers to a value. Written by the database itself with every row that has a reference."""

    pk = models.CompositePrimaryKey("execution_id", "sha256")
    execution_id = models.UUIDField()
    sha256 = models.TextField()
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        db_table = "executions_payload_use"
        indexes = [models.Index(fields=["workspace", "sha256"], name="payload_used")]


class Artifact(models.Model):
    """A file that a node kept. Its row comes first; it counts from the moment its content is stored."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    workflow_id = models.UUIDField()
    execution = models.ForeignKey("executions.Execution", on_delete=models.CASCADE, related_name="+")
    node_id = models.TextField()
    path = models.TextField(default="")
    name = models.TextField()
    content_type = models.TextField()
    size = models.BigIntegerField(help_text="bytes")
    sha256 = models.TextField()
    is_stored = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Retention(models.Model):
    """How long a workspace keeps what has ended, in days; null: as the installation's settings say."""

    workspace = models.OneToOneField(Workspace, primary_key=True, on_delete=models.CASCADE, related_name="+")
    success_days = models.IntegerField(null=True)
    failure_days = models.IntegerField(null=True)
    test_days = models.IntegerField(null=True)
    is_archived = models.BooleanField(null=True)
    changed_at = models.DateTimeField(null=True)
    scanned_to = models.DateTimeField(null=True, help_text="how far this round has looked, by creation")
    next_round_at = models.DateTimeField(null=True)
    swept_to = models.TextField(default="", help_text="how far object storage has been looked through, by key")


class UsageDay(models.Model):
    """What was started on a day (UTC) of one workflow, and what of it retention has deleted since."""

    pk = models.CompositePrimaryKey("workspace_id", "day", "workflow_id")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    workflow_id = models.UUIDField()
    succeeded = models.IntegerField(default=0)
    failed = models.IntegerField(default=0, help_text="also cancelled and timed out")
    tested = models.IntegerField(default=0, help_text="test runs that have ended, however")
    unfinished = models.IntegerField(default=0)
    data_bytes = models.BigIntegerField(default=0)
    deleted_succeeded = models.IntegerField(default=0)
    deleted_failed = models.IntegerField(default=0)
    deleted_tested = models.IntegerField(default=0)
    deleted_bytes = models.BigIntegerField(default=0)

    class Meta:
        db_table = "executions_usage_day"


class StorageUse(models.Model):
    """How much a workspace keeps of one kind, measured once an hour."""

    pk = models.CompositePrimaryKey("workspace_id", "kind")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.TextField(help_text="payloads or artifacts")
    objects_count = models.BigIntegerField()
    size = models.BigIntegerField(help_text="bytes")
    measured_at = models.DateTimeField()

    class Meta:
        db_table = "executions_storage_use"
