"""The rows of the engine. PostgreSQL is the truth; what they may become is `engine.states`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models

from apps.accounts.models import Workspace
from apps.core.ids import uuid7
from apps.executions.bounds import Circuit as Circuit
from apps.executions.bounds import Merged as Merged
from apps.executions.bounds import Quota as Quota
from apps.executions.engine.states import TERMINAL, State, Status
from apps.executions.records import Artifact as Artifact
from apps.executions.records import Payload as Payload
from apps.executions.records import PayloadUse as PayloadUse
from apps.executions.records import Retention as Retention
from apps.executions.records import StorageUse as StorageUse
from apps.executions.records import UsageDay as UsageDay
from apps.workflows.models import Version, Workflow

PARKED = (Status.WAITING, Status.WAITING_FOR_HUMAN, Status.PAUSED)
BEGUN = (Status.RUNNING, *PARKED)
FAILED = (Status.CANCELED, Status.ERROR, Status.TIMED_OUT)


def _is_one_of(column: str, values: Iterable[Status | State]) -> models.Q:
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
    priority = models.SmallIntegerField(db_default=0, default=0, help_text="1 high, 0 normal, -1 low")
    held_by = models.TextField(null=True, help_text="what it waits for though it is due: pause, parent, workflow, key")
    owner = models.UUIDField(null=True)
    fence = models.BigIntegerField(default=0)
    seq = models.BigIntegerField(default=0)
    resume_count = models.IntegerField(default=0)
    is_contended = models.BooleanField(db_default=False, default=False, help_text="somebody may wait for its place")
    max_concurrent = models.IntegerField(null=True)
    concurrency_key = models.TextField(null=True)
    key_limit = models.IntegerField(null=True)
    key_counts = models.TextField(null=True, help_text="running or unfinished")
    rate_count = models.IntegerField(null=True)
    rate_seconds = models.FloatField(null=True)
    slot_at = models.DateTimeField(null=True, help_text="when the rate lets it begin; once it has, when it did")
    debounce_key = models.TextField(null=True)
    debounce_until = models.DateTimeField(null=True, help_text="then it begins, however often it is pushed back")
    lineage_id = models.UUIDField()
    dedupe_key = models.TextField(null=True)
    reply_to = models.TextField(null=True)
    input = models.JSONField(null=True)
    output = models.JSONField(null=True)
    error = models.JSONField(null=True)
    response = models.JSONField(null=True)
    unknown_writes = models.JSONField(default=list)
    started_by = models.JSONField(null=True)
    trace = models.TextField(null=True, help_text="traceparent of the request that started it")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)
    hold: models.JSONField[Any, Any] = models.JSONField(
        null=True, help_text="who paused it, when and why: {by, at, reason, nodes}"
    )
    debug: models.JSONField[Any, Any] = models.JSONField(
        null=True, help_text="of a test run: {breakpoints, is_stepping, passed}"
    )
    by_reference: models.JSONField[Any, Any] = models.JSONField(
        null=True, help_text="columns whose values are in object storage: {name: {sha256, size, head}}"
    )
    data_bytes = models.BigIntegerField(db_default=0, help_text="what its node runs have written so far, about")
    parent_id = models.UUIDField(null=True, help_text="the execution that called this one")
    parent_wait_id = models.UUIDField(null=True, help_text="what that execution waits with for this one, if it does")
    child_index = models.IntegerField(null=True, help_text="which of the calls of that node this is")
    depth = models.IntegerField(default=0, db_default=0, help_text="how many executions led to this one")
    tells_end = models.BooleanField(default=False, db_default=False, help_text="whether somebody is told of its end")
    rerun_of = models.UUIDField(null=True, help_text="the execution this one does again or goes on from")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_is_one_of("status", Status), name="execution_status"),
            models.UniqueConstraint(
                "workspace", "dedupe_key", name="execution_dedupe", condition=models.Q(dedupe_key__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["workflow", "debounce_key"],
                name="execution_debounced",
                condition=models.Q(debounce_key__isnull=False, status=str(Status.NEW)),
            ),
            models.CheckConstraint(
                condition=models.Q(owner__isnull=True) | models.Q(status=str(Status.RUNNING)),
                name="execution_owned_runs",
            ),
            models.UniqueConstraint(
                fields=["parent_wait_id", "child_index"],
                name="execution_child_once",
                condition=models.Q(parent_wait_id__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-created_at"], name="execution_recent"),
            models.Index(fields=["workflow", "-created_at"], name="execution_of_workflow"),
            models.Index(fields=["workspace", "-id"], name="execution_newest"),
            models.Index(fields=["workspace", "-id"], name="execution_failed", condition=_is_one_of("status", FAILED)),
            models.Index(fields=["workspace"], name="execution_parked", condition=_is_one_of("status", PARKED)),
            models.Index(
                fields=["workspace", "queue", "priority", "runnable_at"],
                name="execution_due",
                condition=models.Q(owner__isnull=True, runnable_at__isnull=False, held_by__isnull=True),
            ),
            models.Index(fields=["workspace"], name="execution_queued", condition=models.Q(status=str(Status.NEW))),
            models.Index(
                fields=["workspace", "workflow"],
                name="execution_running",
                condition=models.Q(status=str(Status.RUNNING)),
            ),
            models.Index(
                fields=["workflow", "concurrency_key"],
                name="execution_key_taken",
                condition=_is_one_of("status", BEGUN) & models.Q(concurrency_key__isnull=False),
            ),
            models.Index(
                fields=["workflow", "slot_at"], name="execution_slots", condition=models.Q(slot_at__isnull=False)
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
            models.Index(
                fields=["workflow", "held_by", "priority", "runnable_at"],
                name="execution_held",
                condition=models.Q(held_by__isnull=False),
            ),
            models.Index(
                fields=["workflow", "concurrency_key", "priority", "runnable_at"],
                name="execution_held_key",
                condition=models.Q(held_by="key"),
            ),
            models.Index(fields=["rerun_of"], name="execution_reruns", condition=models.Q(rerun_of__isnull=False)),
            models.Index(fields=["parent_id"], name="execution_children", condition=models.Q(parent_id__isnull=False)),
            models.Index(
                fields=["parent_wait_id", "child_index"],
                name="execution_next_child",
                condition=models.Q(held_by="parent"),
            ),
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
    input: models.JSONField[Any, Any] = models.JSONField(null=True, help_text="where a connection mapped what came")
    verdicts: models.JSONField[Any, Any] = models.JSONField(
        null=True, help_text="what the conditions of its connections came to, by their text"
    )
    losses = models.IntegerField(db_default=0, help_text="how often its worker was lost while it ran")
    kept_from = models.UUIDField(
        null=True, help_text="the execution it really ran in; its own when its output was given"
    )
    by_reference: models.JSONField[Any, Any] = models.JSONField(null=True, help_text="as with executions")

    class Meta:
        constraints = [models.CheckConstraint(condition=_is_one_of("state", State), name="node_run_state")]


class Step(models.Model):
    """A part of a node's work that is done once: its result is given back when the node runs again."""

    pk = models.CompositePrimaryKey("execution_id", "node_id", "path", "key")
    execution_id = models.UUIDField()
    node_id = models.TextField()
    path = models.TextField(default="")
    key = models.TextField()
    workspace = models.ForeignKey(
        Workspace, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    state = models.TextField()
    effect = models.TextField()
    result: models.JSONField[Any, Any] = models.JSONField(null=True)
    failures = models.IntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    by_reference: models.JSONField[Any, Any] = models.JSONField(null=True, help_text="as with executions")


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
    details: models.JSONField[Any, Any] = models.JSONField(null=True, help_text="what its kind needs to go on")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "execution", "node_id", "path", name="wait_open_once", condition=models.Q(resolved_at__isnull=True)
            )
        ]
        indexes = [
            models.Index(
                fields=["wake_at"],
                name="wait_timers",
                condition=models.Q(kind="timer", resolved_at__isnull=True),
            )
        ]


class Call(models.Model):
    """A call of a node's own address that came before the node waited for it. Gone as soon as the node has it.

    No foreign key in Django's eyes: the database deletes it with its execution.
    """

    pk = models.CompositePrimaryKey("execution_id", "node_id", "path")
    execution_id = models.UUIDField()
    node_id = models.TextField()
    path = models.TextField(default="")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    received_at = models.DateTimeField()
    answer: models.JSONField[Any, Any] = models.JSONField()


class Value(models.Model):
    """What workflows keep under a key: for the whole workspace, or (`workflow`) for one workflow's executions."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    workflow = models.ForeignKey(Workflow, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.TextField()
    value: models.JSONField[Any, Any] = models.JSONField(null=True, help_text="SQL null: being made, or deleted")
    revision = models.BigIntegerField(default=1)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "workflow", "key"], name="value_once", nulls_distinct=False)
        ]
        indexes = [
            models.Index(fields=["workflow"], name="value_of_workflow", condition=models.Q(workflow__isnull=False)),
            models.Index(fields=["expires_at"], name="value_expiry", condition=models.Q(expires_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.key


class ValueWrite(models.Model):
    """A change of a value that was made, under its idempotency key: a repeat gives the same and changes nothing."""

    pk = models.CompositePrimaryKey("workspace_id", "key")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.TextField()
    result: models.JSONField[Any, Any] = models.JSONField(null=True)
    written_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["written_at"], name="value_write_age")]


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


class Redrive(models.Model):
    """A job that redrives many failed executions, a few at a time. What it has to do are its items."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    status = models.TextField(default="running")
    version = models.TextField(help_text="same or newest")
    asked: models.JSONField[Any, Any] = models.JSONField(help_text="the filter, as it was asked for")
    total = models.IntegerField()
    started_by = models.JSONField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["running", "done", "canceled"]), name="redrive_status"
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="redrive_newest"),
            models.Index(fields=["created_at"], name="redrive_running", condition=models.Q(status="running")),
        ]


class RedriveItem(models.Model):
    """One failed execution of a redrive, and what became of it. The key makes sure it is redriven once."""

    pk = models.CompositePrimaryKey("redrive", "source_id")
    redrive = models.ForeignKey(Redrive, on_delete=models.CASCADE, related_name="+", db_index=False)
    source_id = models.UUIDField()
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    state = models.TextField(default="pending")
    execution_id = models.UUIDField(null=True, help_text="the new execution")
    code = models.TextField(default="", help_text="why it was refused")
    message = models.TextField(default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["pending", "started", "refused", "canceled"]), name="redrive_item_state"
            )
        ]
        indexes = [
            models.Index(
                fields=["redrive", "source_id"], name="redrive_item_pending", condition=models.Q(state="pending")
            )
        ]
