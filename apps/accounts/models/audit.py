"""The record of what was done."""

from __future__ import annotations

from django.db import models

from apps.accounts.models.workspaces import Workspace
from apps.core.ids import uuid7


class AuditEvent(models.Model):
    """Who did what to what. The runtime role can add and read rows, never change or delete one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=300)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=200)
    data = models.JSONField(default=dict)

    class Meta:
        db_table = "accounts_audit_event"
        indexes = [models.Index(fields=["workspace", "-id"], name="accounts_audit_newest")]

    def __str__(self) -> str:
        return f"{self.actor_label} {self.action} {self.target}"
