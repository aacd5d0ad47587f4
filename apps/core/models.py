"""Rows of the ground floor: signs of life, and what is to be told: events inside, messages outward."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models.functions import Now

from apps.core.ids import uuid7


class Pulse(models.Model):
    """The last sign of life of something there is one of per installation, such as `beat`."""

    name = models.CharField(max_length=100, primary_key=True)
    at = models.DateTimeField()
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "core_pulse"

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%H:%M:%S}"

    def is_fresh(self, *, now: datetime, within_seconds: float) -> bool:
        """Whether the last sign of life is at most `within_seconds` old."""
        return now - self.at <= timedelta(seconds=within_seconds)


class Event(models.Model):
    """Something that happened, until every subscriber has been told. Inserted with the change it tells of.

    Told events are deleted; what stays without `due_at` was given up, and `error` says why.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    workspace_id = models.UUIDField()
    name = models.TextField(help_text="noun.past, as in execution.finished")
    subject_id = models.UUIDField(help_text="what it happened to")
    data: models.JSONField[Any, Any] = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, help_text="null: given up")
    attempts = models.IntegerField(default=0, db_default=0)
    told: models.JSONField[Any, Any] = models.JSONField(default=list, help_text="the subscribers that are done")
    error = models.TextField(default="", db_default="")

    class Meta:
        db_table = "core_event"
        indexes = [models.Index(fields=["due_at"], name="core_event_due", condition=models.Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.name} {self.subject_id}"


class Message(models.Model):
    """Something that is sent outward until it has arrived, and every try to do so. The rows are the outbox.

    Delivered: `delivered_at` is set. Still on its way: `due_at` is set. Given up: neither.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    workspace_id = models.UUIDField()
    channel = models.TextField(help_text="who sends it, see subscribers.SENDERS")
    subject_id = models.UUIDField(help_text="what it is about")
    target = models.TextField(help_text="where it goes, for people to read")
    data: models.JSONField[Any, Any] = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    put_at = models.DateTimeField(db_default=Now(), help_text="when it was last put on its way")
    due_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0, help_text="how often it was taken since then")
    tries: models.JSONField[Any, Any] = models.JSONField(default=list)

    class Meta:
        db_table = "core_message"
        indexes = [
            models.Index(fields=["due_at"], name="core_message_due", condition=models.Q(due_at__isnull=False)),
            models.Index(fields=["subject_id"], name="core_message_subject"),
            models.Index(fields=["put_at"], name="core_message_settled", condition=models.Q(due_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.target}"

    @property
    def state(self) -> str:
        """`delivered`, `pending` or `dead`."""
        if self.delivered_at is not None:
            return "delivered"
        return "dead" if self.due_at is None else "pending"
