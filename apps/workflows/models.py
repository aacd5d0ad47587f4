"""Workflows, their published versions, what their triggers listen to, and the variables their expressions read."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.accounts.models import User, Workspace
from apps.core.ids import uuid7


class Status(models.TextChoices):
    """Where a workflow stands. Only an active one is started by its triggers."""

    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    ARCHIVED = "archived", "Archived"


class Folder(models.Model):
    """A place for workflows in the list. `path` is its name after those of the folders it is in: `Finance/Invoices`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    path = models.CharField(max_length=400)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "workflows_folder"
        constraints = [models.UniqueConstraint(fields=["workspace", "path"], name="workflows_folder_once")]

    def __str__(self) -> str:
        return self.path


class Workflow(models.Model):
    """A workflow: a name, a draft that changes, and versions that do not."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    folder = models.ForeignKey(Folder, null=True, on_delete=models.SET_NULL, related_name="workflows")
    tags = ArrayField(models.CharField(max_length=40), default=list)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    draft: models.JSONField[Any, Any] = models.JSONField()
    draft_revision = models.PositiveIntegerField(default=1)
    active_version = models.ForeignKey("Version", null=True, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "workflows_workflow"
        constraints = [
            models.CheckConstraint(condition=models.Q(status__in=Status.values), name="workflows_status_exists"),
            models.CheckConstraint(
                condition=~models.Q(status=Status.ACTIVE) | models.Q(active_version__isnull=False),
                name="workflows_active_has_version",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="workflows_newest", condition=models.Q(deleted_at=None)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_unpublished_changes(self) -> bool:
        """Whether the draft differs from the latest published version. True when there is none."""
        return self.active_version is None or bool(self.draft != self.active_version.definition)


class Version(models.Model):
    """A definition as it was at one moment, for good: the database refuses to change it.

    Published versions are numbered from 1. A snapshot of a draft, kept for a test run, has no number.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(null=True)
    definition: models.JSONField[Any, Any] = models.JSONField()
    digest = models.CharField(max_length=64)
    queue = models.CharField(max_length=20, default="default")
    note = models.TextField(blank=True)
    published_by_id = models.UUIDField(null=True)  # no foreign key: it would have to change when the user goes
    published_by_label = models.CharField(max_length=300)
    published_at = models.DateTimeField()

    class Meta:
        db_table = "workflows_version"
        constraints = [
            models.UniqueConstraint(fields=["workflow", "number"], name="workflows_version_number"),
            models.UniqueConstraint(
                fields=["workflow", "digest"], name="workflows_snapshot_once", condition=models.Q(number=None)
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.number}" if self.number else "draft"


class ActiveTrigger(models.Model):
    """What an active workflow listens to. A row exists exactly while the workflow is active."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    subtype = models.CharField(max_length=40)
    key = models.CharField(max_length=400)
    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="active_triggers")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+", db_index=False)
    node_id = models.CharField(max_length=100)
    params: models.JSONField[Any, Any] = models.JSONField()
    active_since = models.DateTimeField()

    class Meta:
        db_table = "workflows_active_trigger"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "subtype", "key"], name="workflows_trigger_address"),
        ]

    def __str__(self) -> str:
        return f"{self.subtype} {self.key}"


class Variable(models.Model):
    """A value that expressions of every workflow of the workspace read as `$vars.<key>`. It is no secret."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=64)
    value: models.JSONField[Any, Any] = models.JSONField()
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    updated_by_label = models.CharField(max_length=300)

    class Meta:
        db_table = "workflows_variable"
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="workflows_variable_once")]

    def __str__(self) -> str:
        return self.key
