"""Members: who is in a workspace, and as what."""

from __future__ import annotations

from dataclasses import dataclass

from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import ROLE_PERMISSIONS, Role
from apps.accounts.errors import AlreadyMember, LastOwner, RoleTooHigh
from apps.accounts.models import ApiKey, Membership, SignInLink, User, Workspace
from apps.accounts.services.audit import audit_record
from apps.accounts.services.given import address_of, role_of
from apps.accounts.services.links import sign_in_link_create
from apps.core.clock import now as clock_now
from apps.core.tenancy import tenant


@dataclass(frozen=True, slots=True)
class Added:
    """A new member, and the link that lets somebody without an account in for the first time (shown once)."""

    membership: Membership
    token: str | None


def member_add(*, workspace: Workspace, email: str, role: str, actor: Actor, name: str = "") -> Added:
    """Make somebody a member. A person without an account gets one, and a one-time sign-in token to hand over.

    Somebody who has an account never gets a token: it would hand their account to whoever adds them.
    Raises `AlreadyMember`, `RoleTooHigh`, or `Invalid` for an address that is none.
    """
    address = address_of(email)
    wanted = role_of(role)
    _may_give(actor, wanted)
    with tenant(workspace.id):
        user, is_new = User.objects.get_or_create(email=address, defaults={"name": name.strip()[:150]})
        if is_new:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        membership, is_added = Membership.objects.get_or_create(
            workspace=workspace, user=user, defaults={"role": wanted.value}
        )
        if not is_added:
            raise AlreadyMember(f"{address} is a member already.")
        audit_record(
            workspace_id=workspace.id, actor=actor, action="member.added", target=address, data={"role": wanted.value}
        )
        token = sign_in_link_create(workspace=workspace, user=user, actor=actor) if is_new else None
    return Added(membership, token)


def member_role_change(*, workspace: Workspace, membership: Membership, role: str, actor: Actor) -> Membership:
    """Give a member another role. Raises `LastOwner`, `RoleTooHigh`, or `Invalid` for an unknown role."""
    wanted = role_of(role)
    _may_give(actor, wanted)
    with tenant(workspace.id):
        membership = _locked(workspace, membership)
        _may_touch(actor, Role(membership.role))
        old = membership.role
        if old == Role.OWNER and wanted != Role.OWNER:
            _keeps_an_owner(workspace, membership)
        membership.role = wanted.value
        membership.save(update_fields=["role"])
        audit_record(
            workspace_id=workspace.id,
            actor=actor,
            action="member.role_changed",
            target=membership.user.email,
            data={"from": old, "to": wanted.value},
        )
    return membership


def member_remove(*, workspace: Workspace, membership: Membership, actor: Actor) -> int:
    """End a membership and revoke the API keys that person made; gives their number. Raises `LastOwner`."""
    with tenant(workspace.id):
        membership = _locked(workspace, membership)
        _may_touch(actor, Role(membership.role))
        if membership.role == Role.OWNER:
            _keeps_an_owner(workspace, membership)
        revoked = ApiKey.objects.filter(
            workspace=workspace, created_by=membership.user, revoked_at__isnull=True
        ).update(revoked_at=clock_now())
        SignInLink.objects.filter(workspace=workspace, user=membership.user, used_at__isnull=True).delete()
        membership.delete()
        audit_record(
            workspace_id=workspace.id,
            actor=actor,
            action="member.removed",
            target=membership.user.email,
            data={"keys_revoked": revoked},
        )
    return revoked


def _locked(workspace: Workspace, membership: Membership) -> Membership:
    # The workspace row first: two owners leaving at once must not both find the other one still there.
    Workspace.objects.select_for_update().get(id=workspace.id)
    return (
        Membership.objects.select_related("user")
        .select_for_update(of=("self",))
        .get(workspace_id=workspace.id, id=membership.id)
    )


def _keeps_an_owner(workspace: Workspace, leaving: Membership) -> None:
    others = Membership.objects.filter(workspace=workspace, role=Role.OWNER.value, user__is_active=True)
    if not others.exclude(id=leaving.id).exists():
        raise LastOwner(f"{leaving.user.label} is the last owner of {workspace.name}.")


def _may_give(actor: Actor, role: Role) -> None:
    # A key for managing members only could otherwise let in an admin, and be that admin by the link it gets.
    if not actor.permissions >= ROLE_PERMISSIONS[role]:
        raise RoleTooHigh(f"{actor.label} may not give the role {role}: it allows more than they may.")


def _may_touch(actor: Actor, role: Role) -> None:
    # An admin manages members; only who holds every permission may make or unmake an owner.
    if role == Role.OWNER and not actor.permissions >= ROLE_PERMISSIONS[Role.OWNER]:
        raise RoleTooHigh
