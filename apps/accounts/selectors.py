"""Named reads. Those that look across workspaces go through functions of the definer role and return little."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Max, Q, QuerySet

from apps.accounts.models import (
    ApiKey,
    AuditEvent,
    Invitation,
    Membership,
    Notice,
    ObjectGrant,
    Picture,
    SignInLink,
    User,
    Workspace,
)
from apps.core import replica
from apps.core.tenancy import tenant


@dataclass(frozen=True, slots=True)
class Home:
    """A workspace somebody belongs to, with their role there."""

    workspace: Workspace
    role: str


@dataclass(frozen=True, slots=True)
class FoundKey:
    """What the holder of a key's hash learns about it.

    `creator_role` is None when its maker is no longer a member, or is switched off.
    """

    id: UUID
    name: str
    workspace: Workspace
    scopes: tuple[str, ...]
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    created_by_id: UUID | None
    creator_role: str | None
    places: tuple[str, ...] = ()


def _rows(sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def homes_of(user_id: UUID) -> list[Home]:
    """Every workspace the user belongs to, by name. Works outside a tenant block."""
    rows = _rows(
        "SELECT workspace_id, slug, name, created_at, requires_second_factor, plan, role FROM accounts_homes_of(%s)",
        [user_id],
    )
    return [
        Home(
            Workspace(
                id=row[0], slug=row[1], name=row[2], created_at=row[3], requires_second_factor=row[4], plan=row[5]
            ),
            row[6],
        )
        for row in rows
    ]


def workspace_by_slug(slug: str) -> Workspace | None:
    """The workspace of an address whose proof lies elsewhere (a webhook's path, a command on the machine).

    Says nothing about who may enter it. Works outside a tenant block.
    """
    rows = _rows("SELECT workspace_id, slug, name, created_at FROM accounts_workspace_by_slug(%s)", [slug])
    return Workspace(id=rows[0][0], slug=rows[0][1], name=rows[0][2], created_at=rows[0][3]) if rows else None


def key_by_hash(hash_: str) -> FoundKey | None:
    """The key with this SHA-256, also when it is expired or revoked. Works outside a tenant block."""
    rows = _rows(
        "SELECT id, name, workspace_id, slug, workspace_name, scopes, expires_at, last_used_at, revoked_at, created_by,"
        " creator_role, places, plan FROM accounts_key_by_hash(%s)",
        [hash_],
    )
    if not rows:
        return None
    row = rows[0]
    workspace = Workspace(id=row[2], slug=row[3], name=row[4], plan=row[12])
    return FoundKey(row[0], row[1], workspace, tuple(row[5]), row[6], row[7], row[8], row[9], row[10], tuple(row[11]))


def sign_in_link_workspace(hash_: str) -> UUID | None:
    """The workspace of the sign-in link with this SHA-256. Works outside a tenant block."""
    rows = _rows("SELECT accounts_link_workspace(%s)", [hash_])
    found: UUID | None = rows[0][0]
    return found


def has_anyone_signed_up(*, has_demo: bool) -> bool:
    """Whether this installation belongs to somebody already.

    Where there is a demo its users do not count: only who can enter by themselves does, with a password or a provider.
    """
    if not has_demo:
        return bool(User.objects.exists())
    if User.objects.exclude(password__startswith="!").exclude(password="").exists():
        return True
    from allauth.socialaccount.models import SocialAccount

    return bool(SocialAccount.objects.exists())


def has_second_factor(user_id: UUID) -> bool:
    """Whether this person has an authenticator app or a passkey. Works outside a tenant block."""
    from allauth.mfa.models import Authenticator

    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user_id=user_id, type__in=kinds).exists())


def with_second_factor(user_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these people who have an authenticator app or a passkey."""
    from allauth.mfa.models import Authenticator

    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    found = Authenticator.objects.filter(user_id__in=list(user_ids), type__in=kinds)
    return set(found.values_list("user_id", flat=True))


def sign_in_link(workspace_id: UUID, hash_: str) -> SignInLink | None:
    """The link with this SHA-256, with its user and workspace."""
    return SignInLink.objects.select_related("user", "workspace").filter(workspace_id=workspace_id, hash=hash_).first()


def members(workspace_id: UUID, *, q: str = "", role: str = "") -> QuerySet[Membership]:
    """The people of a workspace, those who came first on top. `q` is part of a name or address."""
    rows = Membership.objects.filter(workspace_id=workspace_id).select_related("user", "invited_by")
    if q.strip():
        rows = rows.filter(Q(user__name__icontains=q.strip()) | Q(user__email__icontains=q.strip()))
    if role:
        rows = rows.filter(role=role)
    return rows.order_by("id")


def member(workspace_id: UUID, membership_id: UUID) -> Membership | None:
    """One membership of the workspace."""
    return members(workspace_id).filter(id=membership_id).first()


def first_owner(workspace_id: UUID) -> User | None:
    """The owner who has been there longest."""
    found = members(workspace_id).filter(role="owner", user__is_active=True).first()
    return found.user if found else None


def role_counts(workspace_id: UUID) -> dict[str, int]:
    """How many members have each role."""
    rows = Membership.objects.filter(workspace_id=workspace_id).values_list("role").annotate(count=Count("id"))
    return dict(rows)


def role_of(workspace_id: UUID, user_id: UUID) -> str:
    """What somebody is in a workspace; empty when they are no member."""
    rows = Membership.objects.filter(workspace_id=workspace_id, user_id=user_id)
    return rows.values_list("role", flat=True).first() or ""


def is_last_owner(workspace_id: UUID, user_id: UUID) -> bool:
    """Whether the workspace would have no owner who can sign in without this person."""
    with tenant(workspace_id):
        owners = Membership.objects.filter(workspace_id=workspace_id, role="owner", user__is_active=True)
        found = set(owners.values_list("user_id", flat=True))
    return found == {user_id}


def has_account(email: str) -> bool:
    """Whether somebody has an account with this address. For whoever holds an invitation to it."""
    return User.objects.filter(email=email).exists()


def picture(workspace_id: UUID, user_id: UUID) -> Picture | None:
    """The picture of a member of the workspace."""
    is_member = Membership.objects.filter(workspace_id=workspace_id, user_id=user_id)
    return Picture.objects.select_related("user").filter(user_id=user_id).first() if is_member.exists() else None


def slug_is_taken(slug: str) -> bool:
    """Whether a workspace has this address, or had it. Works outside a tenant block."""
    return bool(_rows("SELECT accounts_slug_is_taken(%s)", [slug])[0][0])


def is_closed(workspace_id: UUID) -> bool:
    """Whether the workspace is closed at this moment. Must run inside `tenant()`."""
    return Workspace.objects.filter(id=workspace_id, closed_at__isnull=False).exists()


def closed_of(user_id: UUID) -> list[Workspace]:
    """The closed workspaces an owner can open again, the latest first. Works outside a tenant block."""
    rows = _rows("SELECT workspace_id, slug, name, created_at, closed_at FROM accounts_closed_of(%s)", [user_id])
    return [Workspace(id=row[0], slug=row[1], name=row[2], created_at=row[3], closed_at=row[4]) for row in rows]


def invitation_workspace(hash_: str) -> UUID | None:
    """The workspace of the invitation with this SHA-256. Works outside a tenant block."""
    found: UUID | None = _rows("SELECT accounts_invitation_workspace(%s)", [hash_])[0][0]
    return found


def invitations(workspace_id: UUID) -> QuerySet[Invitation]:
    """Invitations that wait for an answer, expired ones too, the newest first."""
    rows = Invitation.objects.filter(workspace_id=workspace_id, accepted_at=None, declined_at=None, revoked_at=None)
    return rows.select_related("invited_by").order_by("-id")


def hidden_from(workspace_id: UUID, user_id: UUID) -> list[UUID]:
    """The objects of a workspace that are kept from this person; none from owners and admins.

    Works outside a tenant block.
    """
    found: list[UUID] = _rows("SELECT accounts_hidden_from(%s, %s)", [workspace_id, user_id])[0][0]
    return found


def object_levels(
    workspace_id: UUID, user_id: UUID, object_ids: Iterable[UUID] | None = None
) -> list[tuple[UUID, str]]:
    """The level somebody has on each object that is restricted, of these objects or of all, whatever their role."""
    rows = ObjectGrant.objects.filter(Q(user_id=user_id) | Q(user=None), workspace_id=workspace_id)
    if object_ids is not None:
        rows = rows.filter(object_id__in=list(object_ids))
    # Their own line comes after that of everybody else, and counts.
    return list(rows.order_by(F("user_id").asc(nulls_first=True)).values_list("object_id", "level"))


def object_grants(workspace_id: UUID, object_ids: Iterable[UUID]) -> QuerySet[ObjectGrant]:
    """Who may do what with these objects, with the people. An object without rows is everybody's."""
    rows = ObjectGrant.objects.filter(workspace_id=workspace_id, object_id__in=list(object_ids))
    return rows.select_related("user").order_by("id")


def api_keys(workspace_id: UUID) -> QuerySet[ApiKey]:
    """The keys of a workspace, newest first, revoked ones too."""
    return ApiKey.objects.filter(workspace_id=workspace_id).select_related("created_by").order_by("-id")


def audit_events(workspace_id: UUID) -> QuerySet[AuditEvent]:
    """What was done in a workspace, newest first."""
    return AuditEvent.objects.filter(workspace_id=workspace_id).order_by("-id")


def audited_workspaces() -> list[Workspace]:
    """Every workspace, closed ones too, for a command typed on the machine. Works outside a tenant block."""
    return [Workspace(id=row[0], slug=row[1], name=row[2]) for row in _rows("SELECT * FROM accounts_audited()", [])]


# ── Notices ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def notices(workspace_id: UUID, user_id: UUID, *, is_unread: bool = False, kind: str = "") -> QuerySet[Notice]:
    """What somebody was told in a workspace, what grew last on top."""
    rows = Notice.objects.filter(workspace_id=workspace_id, user_id=user_id)
    if is_unread:
        rows = rows.filter(read_at=None)
    if kind:
        rows = rows.filter(kind=kind)
    return rows.order_by("-last_at", "-id")


def notice(workspace_id: UUID, user_id: UUID, notice_id: UUID) -> Notice | None:
    """One notice of this person."""
    return notices(workspace_id, user_id).filter(id=notice_id).first()


def unread_notices(workspace_id: UUID, user_id: UUID) -> tuple[int, datetime | None]:
    """How many notices somebody has not read, and when the last of them grew. One look into an index."""
    found = notices(workspace_id, user_id, is_unread=True).order_by().aggregate(n=Count("id"), last=Max("last_at"))
    return found["n"], found["last"]


def audit_actions(workspace_id: UUID) -> list[str]:
    """What kinds of things happened in a workspace, by name. Hops through the index, however long the log is."""
    sql = """
        WITH RECURSIVE known AS (
            (SELECT action FROM accounts_audit_event WHERE workspace_id = %(w)s ORDER BY action LIMIT 1)
            UNION ALL
            SELECT (SELECT e.action FROM accounts_audit_event e
                    WHERE e.workspace_id = %(w)s AND e.action > known.action ORDER BY e.action LIMIT 1)
            FROM known WHERE known.action IS NOT NULL
        )
        SELECT action FROM known WHERE action IS NOT NULL
    """
    with replica.cursor() as cursor:
        cursor.execute(sql, {"w": workspace_id})
        return [str(action) for (action,) in cursor.fetchall()]
