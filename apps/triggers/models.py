"""Deliveries: every start from outside. Schedules: when clocks come due. Events: what was posted, who waits for it."""

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
    rule: models.JSONField[Any, Any] = models.JSONField(
        default=dict, help_text="windows, holidays, jitter, first, last"
    )
    is_paused = models.BooleanField(default=False, help_text="somebody switched this one trigger off")
    next_fire_at = models.DateTimeField(null=True, help_text="with its jitter; null: never again, see error")
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


class Delivery(models.Model):
    """Something from outside that was to start a workflow, and what came of it.

    One that started an execution has its id, is written by the statement that writes it, and leaves what was sent with
    it. `request` holds what was sent where no execution does; refused ones are kept up to a number per hour and
    trigger, and `repeats` counts the others.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    source = models.TextField(help_text="webhook, schedule, event, execution; test: sent to a test address")
    workflow_id = models.UUIDField(null=True, help_text="null: nobody listens at this address")
    node_id = models.TextField(default="", db_default="")
    label = models.TextField(help_text="what started it, in a few words")
    external_id = models.TextField(null=True, help_text="what the sender calls it")
    verdict = models.TextField(help_text="accepted, duplicate, merged, refused, limited or captured")
    code = models.TextField(default="", db_default="", help_text="the code of the refusal")
    message = models.TextField(default="", db_default="")
    status = models.IntegerField(null=True, help_text="what its sender was answered, where that is no success")
    execution_id = models.UUIDField(null=True)
    replay_of = models.UUIDField(null=True, help_text="the delivery this is a replay of")
    received_at = models.DateTimeField()
    size = models.IntegerField(default=0, db_default=0, help_text="bytes of the body")
    remote = models.TextField(default="", db_default="", help_text="the sender's address")
    request: models.JSONField[Any, Any] = models.JSONField(null=True)
    by_reference: models.JSONField[Any, Any] = models.JSONField(null=True)
    is_whole = models.BooleanField(default=True, db_default=True, help_text="whether all that was sent is kept")
    repeats = models.IntegerField(default=0, db_default=0, help_text="so many more of its hour were not kept")

    class Meta:
        db_table = "triggers_delivery"
        indexes = [
            models.Index(fields=["workspace", "id"], name="triggers_delivery_newest"),
            models.Index(fields=["workflow_id", "node_id", "id"], name="triggers_delivery_of_trigger"),
            models.Index(
                fields=["workspace", "workflow_id", "node_id", "id"],
                name="triggers_delivery_kept",
                condition=~models.Q(verdict="accepted"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.verdict}"


class Switch(models.Model):
    """One trigger of a workflow that somebody switched off. A row exists as long as it is."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="+", db_index=False)
    node_id = models.TextField()
    reason = models.TextField(default="")
    paused_by = models.TextField()
    paused_at = models.DateTimeField()

    class Meta:
        db_table = "triggers_switch"
        constraints = [models.UniqueConstraint(fields=["workflow", "node_id"], name="triggers_switch_once")]


class Listening(models.Model):
    """A test address that somebody has open: it takes deliveries for the draft's trigger until `until_at`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="+", db_index=False)
    node_id = models.TextField()
    path = models.TextField()
    methods: models.JSONField[Any, Any] = models.JSONField()
    opened_by = models.TextField()
    opened_at = models.DateTimeField()
    until_at = models.DateTimeField()

    class Meta:
        db_table = "triggers_listening"
        constraints = [models.UniqueConstraint(fields=["workflow", "node_id"], name="triggers_listening_once")]
        indexes = [models.Index(fields=["workspace", "path"], name="triggers_listening_path")]


class Replay(models.Model):
    """A job that replays many deliveries, a few at a time."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    status = models.TextField(default="running", help_text="running, done or canceled")
    version = models.TextField(help_text="newest or original")
    asked: models.JSONField[Any, Any] = models.JSONField()
    total = models.IntegerField()
    started_by: models.JSONField[Any, Any] = models.JSONField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "triggers_replay"
        indexes = [
            models.Index(fields=["workspace", "-id"], name="triggers_replay_newest"),
            models.Index(fields=["id"], name="triggers_replay_running", condition=models.Q(status="running")),
        ]


class ReplayItem(models.Model):
    """One delivery of a replay. Done in one transaction with the execution it starts."""

    pk = models.CompositePrimaryKey("replay", "delivery_id")
    replay = models.ForeignKey(Replay, on_delete=models.CASCADE, related_name="+", db_index=False)
    delivery_id = models.UUIDField()
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    state = models.TextField(help_text="pending, started, refused or canceled")
    execution_id = models.UUIDField(null=True)
    code = models.TextField(default="")
    message = models.TextField(default="")

    class Meta:
        db_table = "triggers_replay_item"
        indexes = [
            models.Index(
                fields=["replay", "delivery_id"], name="triggers_replay_pending", condition=models.Q(state="pending")
            )
        ]


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
