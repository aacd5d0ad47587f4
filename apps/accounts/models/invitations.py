"""Invitations into a workspace."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db import models

from apps.accounts.access.permissions import Role
from apps.accounts.models.people import User
from apps.accounts.models.workspaces import ROLE_CHOICES, Workspace
from apps.core.ids import uuid7

State = Literal["open", "expired", "accepted", "declined", "revoked"]


class Invitation(models.Model):
    """Somebody asked into a workspace by address. Only the SHA-256 of the link's token is kept, and it works once.

    The token follows from the id, `generation` and the installation's secret key, so that the mail can be written
    later than the row without the token standing anywhere; sending it again makes a new one and ends the old one.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=ROLE_CHOICES)
    message = models.CharField(max_length=500, blank=True)
    hash = models.CharField(max_length=64, unique=True)
    generation = models.PositiveIntegerField(default=1)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    invited_by_label = models.CharField(max_length=300)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    is_mailed = models.BooleanField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    declined_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_invitation"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "email"],
                name="accounts_invitation_once",
                condition=models.Q(accepted_at=None, declined_at=None, revoked_at=None),
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=[role.value for role in Role]), name="accounts_invitation_role_exists"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"

    def state(self, now: datetime) -> State:
        """Where it stands. Only an open one can be accepted; an expired one can be sent again."""
        if self.accepted_at:
            return "accepted"
        if self.declined_at:
            return "declined"
        if self.revoked_at:
            return "revoked"
        return "open" if self.expires_at > now else "expired"
