"""Who may do what with one object, where that is less than their role allows."""

from __future__ import annotations

from django.db import models

from apps.accounts.models.people import User
from apps.accounts.models.workspaces import Workspace
from apps.core.ids import uuid7


class ObjectGrant(models.Model):
    """What one member (`user`), or everybody else (`user` empty), may do with an object: see `access.objects`.

    An object without rows is everybody's. `kind` and `object_id` name it from below, without a foreign key: whatever
    deletes objects leaves rows that mean nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    object_id = models.UUIDField()
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    level = models.CharField(max_length=10)

    class Meta:
        db_table = "accounts_object_grant"
        constraints = [
            models.UniqueConstraint(
                fields=["object_id", "user"], name="accounts_object_grant_once", nulls_distinct=False
            ),
        ]
        indexes = [models.Index(fields=["workspace", "user"], name="accounts_object_grant_of")]

    def __str__(self) -> str:
        return f"{self.level} on {self.kind} {self.object_id} for {self.user_id or 'everybody else'}"
