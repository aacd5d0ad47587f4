"""The record of what was done."""

from __future__ import annotations

from django.db import models

from apps.accounts.models.workspaces import Workspace
from apps.core.ids import uuid7


class AuditEvent(models.Model):
    """Who did what to what, from where. Rows are added, never changed; only retention removes the oldest.

    `via` is how the actor was known: `session`, `jwt`, `api_key`, `link`, or empty for the product itself. `digest` is
    the SHA-256 of all the rest (`chain.digest_of`); its place in the chain of the workspace is its `AuditLink`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=300)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=200)
    data = models.JSONField(default=dict)
    via = models.CharField(max_length=10, default="", db_default="")
    address = models.CharField(max_length=45, default="", db_default="")
    user_agent = models.CharField(max_length=300, default="", db_default="")
    digest = models.CharField(max_length=64)

    link: AuditLink

    class Meta:
        db_table = "accounts_audit_event"
        indexes = [
            models.Index(fields=["workspace", "-id"], name="accounts_audit_newest"),
            models.Index(fields=["workspace", "action", "-id"], name="accounts_audit_by_action"),
            models.Index(fields=["workspace", "actor_id", "-id"], name="accounts_audit_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_label} {self.action} {self.target}"


class AuditLink(models.Model):
    """The place of an event in the chain of its workspace. The database writes it when the transaction commits.

    `hash` is the SHA-256 of the hash before it, this number and the event's digest (`chain.link_hash`).
    """

    event = models.OneToOneField(
        AuditEvent, primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="link"
    )
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        db_table = "accounts_audit_link"
        constraints = [models.UniqueConstraint(fields=["workspace", "seq"], name="accounts_audit_link_once")]

    def __str__(self) -> str:
        return f"{self.seq} {self.hash[:12]}"


class AuditHead(models.Model):
    """The newest link of a workspace's chain, and the last one that retention removed. The database keeps it."""

    workspace = models.OneToOneField(Workspace, primary_key=True, on_delete=models.CASCADE, related_name="+")
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    first_seq = models.BigIntegerField()
    first_hash = models.CharField(max_length=64)

    class Meta:
        db_table = "accounts_audit_head"

    def __str__(self) -> str:
        return f"{self.first_seq + 1}–{self.seq}"
