"""Who may do what with a credential. Objects can be restricted further here, and nowhere else."""

from __future__ import annotations

from uuid import UUID

from apps.accounts.access import objects
from apps.accounts.access.actor import Actor
from apps.accounts.access.objects import Kind
from apps.accounts.access.permissions import Permission
from apps.integrations.errors import CredentialUnknown, MayNotManage, MayNotUse
from apps.integrations.models import Credential


def person_of(actor: Actor) -> UUID | None:
    """The person behind an actor: for a key the one who made it, for the product nobody."""
    return actor.id if actor.kind == "user" else actor.maker_id


def is_visible(actor: Actor, credential: Credential) -> bool:
    """Whether the actor may know of it: a private one is its owner's alone. Nobody ever sees the secret."""
    return not credential.is_private or credential.owner_id == person_of(actor)


def may_read(actor: Actor, credential: Credential) -> bool:
    """Whether the actor may see its name, its settings and where it is used."""
    return actor.can(Permission.CREDENTIAL_READ) and is_visible(actor, credential)


def may_use(actor: Actor, credential: Credential) -> bool:
    """Whether the actor may name it in what they publish or start. Says nothing about reading or changing it."""
    return actor.can(Permission.CREDENTIAL_USE) and is_visible(actor, credential) and _reaches(actor, credential, "use")


def may_manage(actor: Actor, credential: Credential) -> bool:
    """Whether the actor may change and delete it: one's own private ones, or with the permission the workspace's."""
    needed = Permission.CREDENTIAL_USE if credential.is_private else Permission.CREDENTIAL_MANAGE
    return actor.can(needed) and is_visible(actor, credential) and _reaches(actor, credential, "manage")


def _reaches(actor: Actor, credential: Credential, level: str) -> bool:
    """Whether it is not restricted to others."""
    return credential.is_private or objects.may(
        workspace_id=credential.workspace_id,
        actor=actor,
        kind=Kind.CREDENTIAL,
        object_id=credential.id,
        level=level,
    )


def require_use(actor: Actor, credential: Credential) -> None:
    """Raises `MayNotUse`, or `CredentialUnknown` for what the actor may not know of."""
    if not is_visible(actor, credential):
        raise CredentialUnknown
    if not may_use(actor, credential):
        raise MayNotUse(f"{actor.label} may not use the credential “{credential.name}”.", hint="Ask an admin for it.")


def require_manage(actor: Actor, credential: Credential) -> None:
    """Raises `MayNotManage`, or `CredentialUnknown` for what the actor may not know of."""
    if not is_visible(actor, credential):
        raise CredentialUnknown
    if not may_manage(actor, credential):
        raise MayNotManage(
            f"{actor.label} may not change the credential “{credential.name}”.", hint="Ask an admin to do it."
        )
