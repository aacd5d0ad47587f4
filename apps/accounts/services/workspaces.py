"""Workspaces: made and renamed."""

from __future__ import annotations

import re
import secrets

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from apps.accounts import selectors
from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import Role
from apps.accounts.errors import SlugTaken
from apps.accounts.models import Membership, User, Workspace
from apps.accounts.services.audit import audit_record
from apps.accounts.services.given import text_of
from apps.core.errors import FieldError, Invalid
from apps.core.ids import uuid7
from apps.core.tenancy import tenant

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")
_RESERVED_SLUGS = {"new", "api", "static", "settings", "accounts"}


def workspace_create(*, name: str, owner: User, slug: str | None = None, actor: Actor | None = None) -> Workspace:
    """A new workspace with its first owner. Without a slug one is made from the name and kept free of clashes.

    Raises `SlugTaken` when the given slug is in use, `Invalid` when it is not one.
    """
    name = text_of(name, "name", 100)
    if slug is None:
        slug = _free_slug(name)
    elif not _SLUG.fullmatch(slug) or slug in _RESERVED_SLUGS:
        message = "A slug has 1 to 50 small letters, digits and dashes, with no dash at either end."
        raise Invalid(message, errors=[FieldError(path="slug", message=message)])
    workspace = Workspace(id=uuid7(), slug=slug, name=name)
    actor = actor or Actor(kind="user", id=owner.id, label=owner.email, user=owner, role=Role.OWNER)
    with tenant(workspace.id):
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
        workspace.save(update_fields=["name"])
        audit_record(
            workspace_id=workspace.id,
            actor=actor,
            action="workspace.renamed",
            target=workspace.name,
            data={"from": old},
        )
    return workspace


def _free_slug(name: str) -> str:
    stem = slugify(name)[:40].strip("-_").replace("_", "-") or "workspace"
    candidate = stem if stem not in _RESERVED_SLUGS else f"{stem}-1"
    while selectors.workspace_by_slug(candidate) is not None:
        candidate = f"{stem}-{secrets.token_hex(3)}"
    return candidate
