"""Workspaces: made, renamed, moved to another address, closed and opened again."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.utils.text import slugify

from apps.accounts import selectors
from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import Role
from apps.accounts.errors import SlugTaken, WorkspaceUnknown
from apps.accounts.models import FormerSlug, Membership, User, Workspace
from apps.accounts.services.audit import audit_record
from apps.accounts.services.given import text_of
from apps.core.clock import now as clock_now
from apps.core.errors import FieldError, Invalid
from apps.core.events import event_put
from apps.core.ids import uuid7
from apps.core.tenancy import tenant

KEPT_CLOSED = timedelta(days=30)
"""So long a closed workspace can be opened again."""
CLOSED = "workspace.closed"
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")
_RESERVED_SLUGS = {"new", "api", "static", "settings", "accounts"}


def workspace_create(*, name: str, owner: User, slug: str | None = None, actor: Actor | None = None) -> Workspace:
    """A new workspace with its first owner. Without a slug one is made from the name and kept free of clashes.

    Raises `SlugTaken` when the given slug is in use, or was the address of another one; `Invalid` when it is none.
    """
    name = text_of(name, "name", 100)
    slug = _free_slug(name) if slug is None else _slug_of(slug)
    workspace = Workspace(id=uuid7(), slug=slug, name=name)
    actor = actor or Actor(kind="user", id=owner.id, label=owner.email, user=owner, role=Role.OWNER)
    with tenant(workspace.id):
        _take_slug(slug)
        try:
            with transaction.atomic():
                workspace.save(force_insert=True)
        except IntegrityError:
            raise SlugTaken(f"Another workspace has the address {slug} already.") from None
        Membership.objects.create(workspace=workspace, user=owner, role=Role.OWNER.value)
        audit_record(workspace_id=workspace.id, actor=actor, action="workspace.created", target=slug)
    return workspace


def workspace_rename(*, workspace: Workspace, name: str, actor: Actor) -> Workspace:
    """Change the name people read; the address stays."""
    with tenant(workspace.id):
        old, workspace.name = workspace.name, text_of(name, "name", 100)
        if workspace.name == old:
            return workspace
        Workspace.objects.filter(id=workspace.id).update(name=workspace.name)
        audit_record(
            workspace_id=workspace.id,
            actor=actor,
            action="workspace.renamed",
            target=workspace.name,
            data={"from": old},
        )
    return workspace


def workspace_move(*, workspace: Workspace, slug: str, actor: Actor) -> Workspace:
    """Give the workspace another address. The old one goes on leading here: pages, webhooks and programs find it.

    Going back to an address it had before is possible; nobody else ever gets one. Raises `SlugTaken`, or `Invalid` for
    what is no address.
    """
    wanted = _slug_of(slug)
    with tenant(workspace.id):
        Workspace.objects.select_for_update().get(id=workspace.id)
        if wanted == workspace.slug:
            return workspace
        mine = FormerSlug.objects.filter(workspace=workspace, slug=wanted)
        if not mine.exists():
            _take_slug(wanted)
        mine.delete()
        FormerSlug.objects.create(workspace=workspace, slug=workspace.slug)
        Workspace.objects.filter(id=workspace.id).update(slug=wanted)
        old, workspace.slug = workspace.slug, wanted
        audit_record(
            workspace_id=workspace.id, actor=actor, action="workspace.moved", target=wanted, data={"from": old}
        )
    return workspace


def workspace_close(*, workspace: Workspace, confirmation: str, actor: Actor) -> Workspace:
    """Close a workspace: from this moment nobody enters it, its keys, links and webhooks lead nowhere.

    Its triggers are switched off and what runs is cancelled right after. For 30 days an owner can open it again.
    `confirmation` is its address, typed. Raises `Invalid` when that is another.
    """
    if confirmation.strip() != workspace.slug:
        message = f"Type {workspace.slug} to confirm."
        raise Invalid(message, errors=[FieldError(path="confirmation", message=message)])
    with tenant(workspace.id):
        at = clock_now()
        if Workspace.objects.filter(id=workspace.id, closed_at=None).update(closed_at=at):
            workspace.closed_at = at
            event_put(workspace_id=workspace.id, name=CLOSED, subject_id=workspace.id, now=at)
            audit_record(workspace_id=workspace.id, actor=actor, action="workspace.closed", target=workspace.name)
    return workspace


def workspace_open(*, slug: str, user: User) -> Workspace:
    """Open a closed workspace again. Its workflows stay paused until somebody activates them.

    Raises `WorkspaceUnknown` unless this person owns it and it was closed less than 30 days ago.
    """
    found = next((closed for closed in selectors.closed_of(user.id) if closed.slug == slug), None)
    at = clock_now()
    if found is None or found.closed_at is None or at - found.closed_at > KEPT_CLOSED:
        raise WorkspaceUnknown
    with tenant(found.id):
        if Workspace.objects.filter(id=found.id, closed_at__isnull=False).update(closed_at=None):
            actor = Actor(kind="user", id=user.id, label=user.email, user=user, role=Role.OWNER)
            audit_record(workspace_id=found.id, actor=actor, action="workspace.opened", target=found.name)
    found.closed_at = None
    return found


def _slug_of(slug: str) -> str:
    if not _SLUG.fullmatch(slug) or slug in _RESERVED_SLUGS:
        message = "A slug has 1 to 50 small letters, digits and dashes, with no dash at either end."
        raise Invalid(message, errors=[FieldError(path="slug", message=message)])
    return slug


def _take_slug(slug: str) -> None:
    # Addresses of today and of before stand in two tables: whoever wants the same one at this moment waits here.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('slug:' || %s, 0))", [slug])
    if selectors.slug_is_taken(slug):
        raise SlugTaken(f"Another workspace has the address {slug} already.")


def _free_slug(name: str) -> str:
    stem = slugify(name)[:40].strip("-_").replace("_", "-") or "workspace"
    candidate = stem if stem not in _RESERVED_SLUGS else f"{stem}-1"
    while selectors.slug_is_taken(candidate):
        candidate = f"{stem}-{secrets.token_hex(3)}"
    return candidate
