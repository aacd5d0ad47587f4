"""What happened with a question, for people to read."""

from __future__ import annotations

from typing import Any

from django.db import models

from apps.accounts.models import Workspace
from apps.core.ids import uuid7
from apps.hil.models.questions import Interaction


class Entry(models.Model):
    """One line of a question's record. `kind` is `noun.past` or a word of a channel; `text` is a whole sentence.

    What proves who decided is the audit log: `audit_id` names its event.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField()
    kind = models.CharField(max_length=30)
    icon = models.CharField(max_length=30, default="circle")
    text = models.TextField()
    data: models.JSONField[Any, Any] = models.JSONField(default=dict)
    audit_id = models.UUIDField(null=True)

    class Meta:
        db_table = "hil_entry"
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return self.text
