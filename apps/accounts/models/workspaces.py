"""Workspaces, and who is in them."""

from __future__ import annotations

from django.db import models

from apps.accounts.access.permissions import Role
from apps.accounts.models.people import User
from apps.core.ids import uuid7

ROLE_CHOICES = [(role.value, role.name.capitalize()) for role in Role]


class Workspace(models.Model):
    """What a team shares: its workflows, runs, keys and settings. The unit of the tenant wall.

    `plan` names one of RATE_LIMIT_PLANS; empty: the installation's usual one.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    requires_second_factor = models.BooleanField(default=False, db_default=False)
    plan = models.CharField(max_length=20, blank=True, default="", db_default="")

    class Meta:
        db_table = "accounts_workspace"

    def __str__(self) -> str:
        return self.slug


class FormerSlug(models.Model):
    """An address a workspace had before. It leads to the workspace still, and nobody else gets it."""

    slug = models.SlugField(primary_key=True, max_length=50)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "accounts_former_slug"

    def __str__(self) -> str:
        return self.slug


class Membership(models.Model):
    """A person in a workspace, with a role."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=ROLE_CHOICES)
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(null=True)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        db_table = "accounts_membership"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="accounts_membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=[role.value for role in Role]), name="accounts_membership_role_exists"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.user_id} in {self.workspace_id}"
