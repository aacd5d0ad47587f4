"""People, the workspaces they share, their keys, and the record of what they did."""

from __future__ import annotations

from apps.accounts.models.audit import AuditEvent, AuditHead, AuditLink
from apps.accounts.models.grants import ObjectGrant
from apps.accounts.models.invitations import Invitation
from apps.accounts.models.keys import ApiKey, SignInLink
from apps.accounts.models.notices import Notice
from apps.accounts.models.people import Picture, User, UserManager
from apps.accounts.models.workspaces import ROLE_CHOICES, FormerSlug, Membership, Workspace

__all__ = [
    "ROLE_CHOICES",
    "ApiKey",
    "AuditEvent",
    "AuditHead",
    "AuditLink",
    "FormerSlug",
    "Invitation",
    "Membership",
    "Notice",
    "ObjectGrant",
    "Picture",
    "SignInLink",
    "User",
    "UserManager",
    "Workspace",
]
