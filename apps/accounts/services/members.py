"""Members: who is in a workspace, and as what."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import ROLE_PERMISSIONS, Role, permissions_of_role
from apps.accounts.errors import AlreadyMember, LastOwner, MemberUnknown, PeopleOnly, RoleTooHigh
from apps.accounts.models import ApiKey, Invitation, Membership, ObjectGrant, SignInLink, User, Workspace
from apps.accounts.services.audit import audit_record
from apps.accounts.services.given import address_of, role_of
from apps.core.clock import now as clock_now
from apps.core.tenancy import tenant

SEEN_EVERY = timedelta(minutes=5)


def member_add(*, workspace: Workspace, email: str, role: str, actor: Actor, name: str = "") -> Membership:
    """Make somebody a member without asking them, for who runs the installation; people are invited instead.

    A person without an account gets one that nobody can enter until the machine prints a sign-in link for it.
    Raises `AlreadyMember`, `RoleTooHigh`, or `Invalid` for an address that is none.
    """
    address = address_of(email)
    wanted = role_of(role)
    may_give(actor, wanted)
    with tenant(workspace.id):
        user, is_new = User.objects.get_or_create(email=address, defaults={"name": name.strip()[:150]})
        if is_new:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        membership, is_added = Membership.objects.get_or_create(
            workspace=workspace, user=user, defaults={"role": wanted.value, "invited_by": actor.user}
        )
        if not is_added:
            raise AlreadyMember(f"{address} is a member already.")
        audit_record(
            workspace_id=workspace.id, actor=actor, action="member.added", target=address, data={"role": wanted.value}
        )
    return membership


def member_role_change(*, workspace: Workspace, membership: Membership, role: str, actor: Actor) -> Membership:
    """Give a member another role. Raises `LastOwner`, `RoleTooHigh`, or `Invalid` for an unknown role.

    Invitations this person has made for a role they may no longer give are withdrawn.
    """
    wanted = role_of(role)
    may_give(actor, wanted)
    with tenant(workspace.id):
        membership = _locked(workspace, membership)
        _may_touch(actor, Role(membership.role))
        old = membership.role
        if old == Role.OWNER and wanted != Role.OWNER:
            _keeps_an_owner(workspace, membership)
        membership.role = wanted.value
        membership.save(update_fields=["role"])
        _withdraw_invitations(workspace, membership.user, keeps=wanted)
        audit_record(
            workspace_id=workspace.id,
            actor=actor,
            action="member.role_changed",
            target=membership.user.email,
            data={"from": old, "to": wanted.value},
        )
    return membership


def member_remove(*, workspace: Workspace, membership: Membership, actor: Actor) -> int:
    """End a membership, with what hangs on it: gives the number of API keys that are revoked.

    Invitations this person has made are withdrawn, and what was shared with them is theirs no longer. Raises
    `LastOwner`, `RoleTooHigh`.
    """
    with tenant(workspace.id):
        membership = _locked(workspace, membership)
        _may_touch(actor, Role(membership.role))
        return _end(workspace, membership, actor, "member.removed")


def member_leave(*, workspace: Workspace, actor: Actor) -> int:
    """End one's own membership, as `member_remove` does. Raises `LastOwner`, `PeopleOnly` for a key."""
    if actor.user is None:
        raise PeopleOnly("A key belongs to its workspace and cannot leave it.", hint="Revoke it instead.")
    with tenant(workspace.id):
        membership = _locked(workspace, _own(workspace, actor))
        return _end(workspace, membership, actor, "member.left")


def ownership_hand_over(*, workspace: Workspace, membership: Membership, actor: Actor) -> Membership:
    """Make another member an owner and oneself an admin, both or neither.

    Raises `RoleTooHigh` for anybody but an owner, `PeopleOnly` for a key, `AlreadyMember` for handing over to oneself.
    """
    if actor.user is None:
        raise PeopleOnly("A key owns nothing that it could hand over.")
    _may_touch(actor, Role.OWNER)
    with tenant(workspace.id):
        heir = _locked(workspace, membership)
        own = _locked(workspace, _own(workspace, actor))
        if own.role != Role.OWNER:
            raise RoleTooHigh("Only an owner hands a workspace over.")
        if heir.id == own.id:
            raise AlreadyMember("The workspace is yours already.", hint="Choose somebody else.")
        if not heir.user.is_active:
            raise LastOwner(f"{heir.user.label} cannot sign in, so the workspace would be left without an owner.")
        heir.role, own.role = Role.OWNER.value, Role.ADMIN.value
        for row in (heir, own):
            row.save(update_fields=["role"])
        _withdraw_invitations(workspace, own.user, keeps=Role.ADMIN)
        audit_record(workspace_id=workspace.id, actor=actor, action="workspace.handed_over", target=heir.user.email)
    return heir


def member_seen(*, workspace_id: UUID, user_id: UUID, at: datetime) -> None:
    """Note that somebody is here; at most one write per member and five minutes."""
    with tenant(workspace_id):
        is_stale = Q(last_seen_at__isnull=True) | Q(last_seen_at__lte=at - SEEN_EVERY)
        Membership.objects.filter(is_stale, workspace_id=workspace_id, user_id=user_id).update(last_seen_at=at)


def may_give(actor: Actor, role: Role) -> None:
    """Raise `RoleTooHigh` unless the actor may do all that this role allows.

    A key for managing members only could otherwise let in an admin, and be that admin by the link it gets.
    """
    if not actor.permissions >= ROLE_PERMISSIONS[role]:
        raise RoleTooHigh(f"{actor.label} may not give the role {role}: it allows more than they may.")


def _end(workspace: Workspace, membership: Membership, actor: Actor, action: str) -> int:
    if membership.role == Role.OWNER:
        _keeps_an_owner(workspace, membership)
    user = membership.user
    revoked = ApiKey.objects.filter(workspace=workspace, created_by=user, revoked_at__isnull=True).update(
        revoked_at=clock_now()
    )
    SignInLink.objects.filter(workspace=workspace, user=user, used_at__isnull=True).delete()
    ObjectGrant.objects.filter(workspace=workspace, user=user).delete()
    _withdraw_invitations(workspace, user, keeps=None)
    membership.delete()
    audit_record(
        workspace_id=workspace.id, actor=actor, action=action, target=user.email, data={"keys_revoked": revoked}
    )
    return revoked


def _withdraw_invitations(workspace: Workspace, user: User, *, keeps: Role | None) -> None:
    given = Invitation.objects.filter(
        workspace=workspace, invited_by=user, accepted_at=None, declined_at=None, revoked_at=None
    )
    mine = permissions_of_role(keeps or "")
    beyond = [role.value for role in Role if keeps is None or not mine >= ROLE_PERMISSIONS[role]]
    given.filter(role__in=beyond).update(revoked_at=clock_now())


def _own(workspace: Workspace, actor: Actor) -> Membership:
    found = Membership.objects.filter(workspace=workspace, user=actor.user).first()
    if found is None:
        raise MemberUnknown
    return found


def _locked(workspace: Workspace, membership: Membership) -> Membership:
    # The workspace row first: two owners leaving at once must not both find the other one still there.
    Workspace.objects.select_for_update().get(id=workspace.id)
    found = (
        Membership.objects.select_related("user")
        .select_for_update(of=("self",))
        .filter(workspace_id=workspace.id, id=membership.id)
        .first()
    )
    if found is None:
        raise MemberUnknown
    return found


def _keeps_an_owner(workspace: Workspace, leaving: Membership) -> None:
    others = Membership.objects.filter(workspace=workspace, role=Role.OWNER.value, user__is_active=True)
    if not others.exclude(id=leaving.id).exists():
        raise LastOwner(f"{leaving.user.label} is the last owner of {workspace.name}.")


def _may_touch(actor: Actor, role: Role) -> None:
    # An admin manages members; only who holds every permission may make or unmake an owner.
    if role == Role.OWNER and not actor.permissions >= ROLE_PERMISSIONS[Role.OWNER]:
        raise RoleTooHigh
