"""Sharing one workflow or credential with chosen people."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from apps.accounts.access import objects
from apps.accounts.access.actor import Actor
from apps.accounts.access.objects import LEVELS, Kind
from apps.accounts.access.permissions import Role
from apps.accounts.models import Membership, ObjectGrant, Workspace
from apps.accounts.services.audit import audit_record
from apps.core.errors import FieldError, Invalid
from apps.core.tenancy import tenant


def object_share(
    *,
    workspace_id: UUID,
    kind: Kind,
    object_id: UUID,
    name: str,
    others: str,
    people: Mapping[UUID, str],
    actor: Actor,
) -> None:
    """Say how far everybody goes with an object: each of `people` (user ids), and all `others`.

    `others` at the highest level lifts the restriction. Whoever restricts keeps the highest level. Of owners and admins
    nothing is kept: they are not restricted. The caller has checked the role; raises `ObjectRestricted` without the
    highest level on the object, `Invalid` for a level that does not exist or somebody who is no member.
    """
    whole = LEVELS[kind][-1]
    _known(kind, others, "others")
    with tenant(workspace_id):
        Workspace.objects.select_for_update().get(id=workspace_id)
        objects.require(workspace_id=workspace_id, actor=actor, kind=kind, object_id=object_id, level=whole, name=name)
        members = {
            row.user_id: row for row in Membership.objects.filter(workspace_id=workspace_id).select_related("user")
        }
        wanted: dict[UUID | None, str] = {}
        if others != whole:
            wanted[None] = others
            for user_id, level in people.items():
                _known(kind, level, f"people.{user_id}")
                if user_id not in members:
                    message = "Only members of the workspace can be chosen."
                    raise Invalid(message, errors=[FieldError(path=f"people.{user_id}", message=message)])
                if members[user_id].role not in (Role.OWNER, Role.ADMIN):
                    wanted[user_id] = level
            own = actor.id if actor.kind == "user" else actor.maker_id
            if own in members and members[own].role not in (Role.OWNER, Role.ADMIN):
                wanted[own] = whole
        rows = ObjectGrant.objects.filter(workspace_id=workspace_id, object_id=object_id)
        before = dict(rows.values_list("user_id", "level"))
        if before == wanted:
            return
        rows.delete()
        ObjectGrant.objects.bulk_create(
            ObjectGrant(workspace_id=workspace_id, kind=kind.value, object_id=object_id, user_id=user_id, level=level)
            for user_id, level in wanted.items()
        )
        named = {members[user_id].user.email: level for user_id, level in wanted.items() if user_id in members}
        audit_record(
            workspace_id=workspace_id,
            actor=actor,
            action=f"{kind.value}.shared",
            target=name,
            data={f"{kind.value}_id": str(object_id), "others": others, "people": named},
        )


def _known(kind: Kind, level: str, path: str) -> None:
    if level not in LEVELS[kind]:
        message = f"There is no level {level[:20]!r}; there are {', '.join(LEVELS[kind])}."
        raise Invalid(message, errors=[FieldError(path=path, message=message)])
