"""People, the workspaces they share, their keys, and the record of what they did."""

from __future__ import annotations

from apps.accounts.models.audit import AuditEvent
from apps.accounts.models.keys import ApiKey, SignInLink
from apps.accounts.models.people import User, UserManager
from apps.accounts.models.workspaces import ROLE_CHOICES, Membership, Workspace

__all__ = ["ROLE_CHOICES", "ApiKey", "AuditEvent", "Membership", "SignInLink", "User", "UserManager", "Workspace"]
