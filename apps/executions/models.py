"""The rows of the engine. PostgreSQL is the truth; what they may become is `engine.states`."""

from __future__ import annotations

from typing import Any

from django.db import models

from apps.accounts.models import Workspace
from apps.core.ids import uuid7
from apps.executions.engine.states import TERMINAL, State, Status
from apps.executions.records import Artifact as Artifact
from apps.executions.records import Payload as Payload
from apps.executions.records import PayloadUse as PayloadUse
from apps.executions.records import Retention as Retention
from apps.executions.records import StorageUse as StorageUse
from apps.executions.records import UsageDay as UsageDay
from apps.workflows.models import Version, Workflow


def _is_one_of(column: str, values: type[Status] | type[State]) -> models.Q:
    return models.Q(**{f"{column}__in": [str(value) for value in values]})


class Execution(models.Model):
    """One run of one version of a workflow."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+", db_index=False)
    trigger_node = models.TextField()
    mode = models.TextField(help_text="production or test")
    status = models.TextField(default=str(Status.NEW))
    queue = models.TextField(default="default")
    runnable_at = models.DateTimeField(null=True)
    held_by = models.TextField(null=True, help_text="why it is not due: pause")
    owner = models.UUIDField(null=True)
    fence = models.BigIntegerField(default=0)
    seq = models.BigIntegerField(default=0)
    resume_count = models.IntegerField(default=0)
    max_concurrent = models.IntegerField(null=True)
    lineage_id = models.UUIDField()
    dedupe_key = models.TextField(null=True)
    reply_to = models.TextField(null=True)
    input = models.JSONField(null=True)
    output = models.JSONField(null=True)
    error = models.JSONField(null=True)
    response = models.JSONField(null=True)
    unknown_writes = models.JSONField(default=list)
    started_by = models.JSONField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)
    by_reference: models.JSONField[Any, Any] = models.JSONField(
        null=True, help_text="columns whose values are in object storage: {name: {sha256, size, head}}"
    )
    data_bytes = models.BigIntegerField(db_default=0, help_text="what its node runs have written so far, about")
    rerun_of = models.UUIDField(null=True, help_text="the execution this one does again or goes on from")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_is_one_of("status", Status), name="execution_status"),
            models.UniqueConstraint(
                "workspace", "dedupe_key", name="execution_dedupe", condition=models.Q(dedupe_key__isnull=False)
            ),
            models.CheckConstraint(
                condition=models.Q(owner__isnull=True) | models.Q(status=str(Status.RUNNING)),
                name="execution_owned_runs",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-created_at"], name="execution_recent"),
            models.Index(fields=["workflow", "-created_at"], name="execution_of_workflow"),
            models.Index(
                fields=["workspace", "runnable_at"],
                name="execution_due",
                condition=models.Q(owner__isnull=True, runnable_at__isnull=False),
            ),
            models.Index(fields=["owner"], name="execution_owned", condition=models.Q(owner__isnull=False)),
            models.Index(
                fields=["deadline_at"],
                name="execution_deadline",
                condition=~models.Q(status__in=[str(s) for s in sorted(TERMINAL)])
                & models.Q(deadline_at__isnull=False),
            ),
            models.Index(
                fields=["workflow"],
                name="execution_paused",
                condition=models.Q(status__in=[str(Status.PAUSED), str(Status.WAITING_FOR_HUMAN)]),
            ),
            models.Index(fields=["workflow"], name="execution_held", condition=models.Q(held_by__isnull=False)),
        ]

    @property
    def is_terminal(self) -> bool:
        """Whether it has ended and can never change."""
        return self.status in TERMINAL


class NodeRun(models.Model):
    """One node of one execution. Partitioned by execution, so no foreign key points here."""

    pk = models.CompositePrimaryKey("execution_id", "node_id", "path")
    execution_id = models.UUIDField()
    node_id = models.TextField()
    path = models.TextField(default="")
    workspace = models.ForeignKey(
        Workspace, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    state = models.TextField()
    attempt = models.IntegerField(default=0)
    effect = models.TextField(null=True)
    params: models.JSONField[Any, Any] = models.JSONField(null=True)
    output: models.JSONField[Any, Any] = models.JSONField(null=True)
    port = models.TextField(null=True)
    also: models.JSONField[Any, Any] = models.JSONField(default=list)
    error: models.JSONField[Any, Any] = models.JSONField(null=True)
    suspended: models.JSONField[Any, Any] = models.JSONField(null=True)
    wait_id = models.UUIDField(null=True)
    retry_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    attempt_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    attempts: models.JSONField[Any, Any] = models.JSONField(default=list)
    logs: models.JSONField[Any, Any] = models.JSONField(default=list)

    kept_from = models.UUIDField(
        null=True, help_text="the execution it really ran in; its own when its output was given"
    )
    by_reference: models.JSONField[Any, Any] = models.JSONField(null=True, help_text="as with executions")
    class Meta:
        constraints = [models.CheckConstraint(condition=_is_one_of("state", State), name="node_run_state")]


class Transition(models.Model):
    """What one checkpoint changed: the history of an execution and the feed its watchers follow."""

    pk = models.CompositePrimaryKey("execution_id", "seq")
    execution_id = models.UUIDField()
    seq = models.BigIntegerField()
    workspace = models.ForeignKey(
        Workspace, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    at = models.DateTimeField()
    fence = models.BigIntegerField()
    changes: models.JSONField[Any, Any] = models.JSONField()


class Wait(models.Model):
    """Something an execution waits for: a moment, a person, an answer from outside."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="+")
    node_id = models.TextField()
    path = models.TextField(default="")
    kind = models.TextField()
    title = models.TextField(default="")
    opened_at = models.DateTimeField()
    wake_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.TextField(null=True)
    answer: models.JSONField[Any, Any] = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "execution", "node_id", "path", name="wait_open_once", condition=models.Q(resolved_at__isnull=True)
            )
        ]


class Worker(models.Model):
    """A process that runs executions, alive while it renews its row."""

    id = models.UUIDField(primary_key=True)
    name = models.TextField()
    queues: models.JSONField[Any, Any] = models.JSONField(default=list)
    started_at = models.DateTimeField()
    alive_until = models.DateTimeField()


class Lane(models.Model):
    """When a workspace was last served, so that the next claim is somebody else's."""

    workspace = models.OneToOneField(Workspace, primary_key=True, on_delete=models.CASCADE, related_name="+")
    served_at = models.DateTimeField()
