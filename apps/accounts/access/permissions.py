"""What can be allowed, and what each role allows. The whole table is on this page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType


class Permission(StrEnum):
    """One thing that can be allowed in a workspace."""

    WORKFLOW_CREATE = "workflow:create"
    WORKFLOW_READ = "workflow:read"
    WORKFLOW_UPDATE = "workflow:update"
    WORKFLOW_DELETE = "workflow:delete"
    WORKFLOW_EXECUTE = "workflow:execute"
    EXECUTION_READ = "execution:read"
    EXECUTION_CANCEL = "execution:cancel"
    EVENT_POST = "event:post"
    INTERACTION_ANSWER = "interaction:answer"
    CREDENTIAL_READ = "credential:read"
    CREDENTIAL_USE = "credential:use"
    CREDENTIAL_MANAGE = "credential:manage"
    TEMPLATE_PUBLISH = "template:publish"
    WORKSPACE_MANAGE = "workspace:manage"
    MEMBER_MANAGE = "member:manage"
    KEY_MANAGE = "key:manage"
    AUDIT_READ = "audit:read"


class Role(StrEnum):
    """What a member is in a workspace."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


_VIEWER = frozenset({Permission.WORKFLOW_READ, Permission.EXECUTION_READ})
_MEMBER = _VIEWER | {
    Permission.WORKFLOW_CREATE,
    Permission.WORKFLOW_UPDATE,
    Permission.WORKFLOW_DELETE,
    Permission.WORKFLOW_EXECUTE,
    Permission.EXECUTION_CANCEL,
    Permission.EVENT_POST,
    Permission.INTERACTION_ANSWER,
    Permission.CREDENTIAL_READ,
    Permission.CREDENTIAL_USE,
}
_ADMIN = _MEMBER | {
    Permission.CREDENTIAL_MANAGE,
    Permission.TEMPLATE_PUBLISH,
    Permission.MEMBER_MANAGE,
    Permission.KEY_MANAGE,
    Permission.AUDIT_READ,
}
_OWNER = frozenset(Permission)

ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {Role.OWNER: _OWNER, Role.ADMIN: _ADMIN, Role.MEMBER: _MEMBER, Role.VIEWER: _VIEWER}
)

SCOPES: tuple[str, ...] = tuple(permission.value for permission in Permission)
"""What an API key can be limited to: the names of the permissions."""


def permissions_of_role(role: str) -> frozenset[Permission]:
    """What a role allows; nothing for a role that does not exist."""
    return ROLE_PERMISSIONS[Role(role)] if role in set(Role) else frozenset()


def permissions_of_scopes(scopes: Iterable[str]) -> frozenset[Permission]:
    """What a key with these scopes allows. Scopes that no longer exist allow nothing."""
    known = set(SCOPES)
    return frozenset(Permission(scope) for scope in scopes if scope in known)
