"""Roles and permissions in plain words, for the page that explains them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.access.permissions import ROLE_PERMISSIONS, Permission, Role

ROLE_WORDS: Mapping[Role, str | Promise] = MappingProxyType(
    {
        Role.OWNER: _("Everything, also what concerns the workspace itself."),
        Role.ADMIN: _("Builds and runs, and looks after people, keys and credentials."),
        Role.MEMBER: _("Builds and runs workflows, and answers questions."),
        Role.VIEWER: _("Looks, and changes nothing."),
    }
)
PERMISSION_WORDS: Mapping[str, tuple[str | Promise, str | Promise]] = MappingProxyType(
    {
        "workflow:read": (_("Workflows"), _("See workflows, their versions and who is in the workspace")),
        "workflow:create": (_("Workflows"), _("Make new workflows")),
        "workflow:update": (_("Workflows"), _("Change, publish, switch on and pause workflows, and share them")),
        "workflow:delete": (_("Workflows"), _("Delete workflows")),
        "workflow:execute": (_("Workflows"), _("Start workflows, by hand and as a test")),
        "template:publish": (_("Workflows"), _("Offer workflows as templates")),
        "execution:read": (_("Executions"), _("See executions, with their data and logs")),
        "execution:cancel": (_("Executions"), _("Cancel, hold and continue executions")),
        "event:post": (_("Executions"), _("Post events that workflows listen to")),
        "interaction:answer": (_("Executions"), _("Answer questions in the inbox")),
        "credential:read": (_("Credentials"), _("See which credentials there are, never what they hold")),
        "credential:use": (_("Credentials"), _("Use credentials in workflows")),
        "credential:manage": (_("Credentials"), _("Add, change, test and remove credentials")),
        "member:manage": (_("Workspace"), _("Invite and remove people, and change their roles")),
        "key:manage": (_("Workspace"), _("Make and revoke API keys")),
        "audit:read": (_("Workspace"), _("Read the audit log")),
        "workspace:manage": (_("Workspace"), _("Rename, move, limit and delete the workspace; make owners")),
    }
)
"""The group of a permission and what it allows, by the permission's value."""


@dataclass(frozen=True, slots=True)
class Line:
    """A permission in words, and which roles have it."""

    permission: str
    words: str | Promise
    roles: tuple[tuple[Role, bool], ...]


def role_table() -> list[tuple[str | Promise, list[Line]]]:
    """What each role may, in groups, as `ROLE_PERMISSIONS` says it."""
    groups: dict[str, tuple[str | Promise, list[Line]]] = {}
    rank = {name: at for at, name in enumerate(PERMISSION_WORDS)}
    for permission in sorted(Permission, key=lambda each: rank.get(each.value, len(rank))):
        title, words = PERMISSION_WORDS.get(permission.value, (_("Other"), permission.value))
        line = Line(permission.value, words, tuple((role, permission in ROLE_PERMISSIONS[role]) for role in Role))
        groups.setdefault(str(title), (title, []))[1].append(line)
    return list(groups.values())
