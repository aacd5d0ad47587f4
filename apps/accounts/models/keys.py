"""What opens a workspace without a password: keys of programs, links of people."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.accounts.models.people import User
from apps.accounts.models.workspaces import Workspace
from apps.core.ids import uuid7


class ApiKey(models.Model):
    """A key for programs. Only its SHA-256 is kept: 256 random bits need no slow hash.

    `places` are the networks it was used from (`Origin.place`), the newest last.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=11)
    hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=50))
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    places = ArrayField(models.CharField(max_length=50), default=list, db_default=[])

    class Meta:
        db_table = "accounts_api_key"

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"

    def is_usable(self, now: datetime) -> bool:
        """Whether the key opens anything at this moment."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class SignInLink(models.Model):
    """A link that signs one person in, once. Only the SHA-256 of its token is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_sign_in_link"

    def __str__(self) -> str:
        return f"sign-in link of {self.user_id}"
