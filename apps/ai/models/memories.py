"""What agents remember: conversations, facts, and pieces found again by their meaning."""

from __future__ import annotations

from typing import Any

from django.db import models
from pgvector.django import VectorField

from apps.accounts.models import Workspace
from apps.core.ids import uuid7

LONGEST_KEY = 200
LONGEST_NAME = 200
INDEXED_DIMENSIONS = (256, 384, 512, 768, 1024, 1536, 3072)
"""Lengths of vectors that have an index. Others are compared one by one, within their session."""


class MemoryKind(models.TextChoices):
    """How a memory remembers: the subtype of its node."""

    BUFFER = "BUFFER"
    SUMMARY = "SUMMARY"
    VECTOR = "VECTOR"
    ENTITY = "ENTITY"
    KEY_VALUE = "KEY_VALUE"


class MemorySession(models.Model):
    """What one kind of memory keeps under one key, for a workflow or (`workflow_id` null) for the whole workspace."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    workflow_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=10, choices=MemoryKind.choices)
    key = models.CharField(max_length=LONGEST_KEY)
    last_seq = models.BigIntegerField(default=0, help_text="of the messages: they are never numbered twice")
    summary = models.TextField(default="")
    summarised_to = models.BigIntegerField(default=0, help_text="the last message that the summary covers")
    size = models.BigIntegerField(default=0, help_text="what is kept, in bytes of its text")
    entries = models.IntegerField(default=0, help_text="messages, facts or pieces")
    used_by_workflow = models.UUIDField(null=True)
    used_by_node = models.TextField(default="")
    used_by_execution = models.UUIDField(null=True)
    used_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "ai_memory_session"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "workflow_id", "kind", "key"], nulls_distinct=False, name="ai_memory_session_key"
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "-used_at"], name="ai_memory_session_used"),
            models.Index(
                fields=["expires_at"], condition=models.Q(expires_at__isnull=False), name="ai_memory_session_over"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class _Kept(models.Model):
    """Something in a session. `run` is the run of an agent that it comes from."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    session = models.ForeignKey(MemorySession, on_delete=models.CASCADE, related_name="+", db_index=False)
    run = models.TextField(default="", help_text="execution/node/path")
    at = models.DateTimeField()

    class Meta:
        abstract = True


class MemoryMessage(_Kept):
    """One message of a conversation, in the order of `seq`."""

    seq = models.BigIntegerField()
    message: models.JSONField[Any, Any] = models.JSONField(help_text="a nodes.contract.Message")
    tokens = models.IntegerField(help_text="estimated")

    class Meta:
        db_table = "ai_memory_message"
        constraints = [models.UniqueConstraint(fields=["session", "seq"], name="ai_memory_message_seq")]
        indexes = [models.Index(fields=["session", "run"], name="ai_memory_message_run")]

    def __str__(self) -> str:
        return f"{self.seq}"


class MemoryFact(_Kept):
    """One thing that is known: of an entity (`subject`), or under a name alone."""

    subject = models.CharField(max_length=LONGEST_NAME, default="")
    name = models.CharField(max_length=LONGEST_NAME)
    value = models.TextField()

    class Meta:
        db_table = "ai_memory_fact"
        constraints = [models.UniqueConstraint(fields=["session", "subject", "name"], name="ai_memory_fact_name")]

    def __str__(self) -> str:
        return self.name


class MemoryPiece(_Kept):
    """What was said in one run, as a point in the space of `model`."""

    text = models.TextField()
    model = models.CharField(max_length=250)
    dimensions = models.IntegerField()
    embedding = VectorField()

    class Meta:
        db_table = "ai_memory_piece"
        constraints = [models.UniqueConstraint(fields=["session", "run"], name="ai_memory_piece_run")]

    def __str__(self) -> str:
        return self.text[:60]
