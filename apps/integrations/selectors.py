"""Named reads. The workspace comes first; what is private to somebody else is not there."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.accounts.access.actor import Actor
from apps.integrations import registry
from apps.integrations.access import person_of
from apps.integrations.declare import secret_names
from apps.integrations.errors import CredentialUnknown
from apps.integrations.models import Credential, CredentialUse


def credentials(workspace_id: UUID, actor: Actor, *, use: str = "", search: str = "") -> QuerySet[Credential]:
    """The credentials an actor may know of, newest first; `use` leaves those that are good for it (`http`)."""
    found = Credential.objects.filter(workspace_id=workspace_id).select_related("created_by", "owner")
    found = found.filter(Q(scope=Credential.Scope.WORKSPACE) | Q(owner_id=person_of(actor)))
    if use:
        found = found.filter(type__in=registry.fitting(use))
    if search:
        found = found.filter(name__icontains=search)
    return found.order_by("-id")


def credential(workspace_id: UUID, actor: Actor, credential_id: UUID) -> Credential:
    """One of them. Raises `CredentialUnknown`."""
    found = credentials(workspace_id, actor).filter(id=credential_id).first()
    if found is None:
        raise CredentialUnknown
    return found


def credentials_by_id(workspace_id: UUID, ids: set[UUID]) -> dict[UUID, Credential]:
    """Those of these ids that are there, whoever asks: whether they may be used is asked of `services.may_use`."""
    return {row.id: row for row in Credential.objects.filter(workspace_id=workspace_id, id__in=ids)}


def secrets_shown(row: Credential) -> dict[str, dict[str, Any]]:
    """What may be said of each secret field: whether it is set, and how a long one ends."""
    kind = registry.credential_type(row.type)
    names = secret_names(kind.Fields) if kind else tuple(row.endings)
    return {name: {"is_set": name in row.endings, "ends_with": row.endings.get(name, "")} for name in names}


def fitting(use: str) -> list[str]:
    """The types that are good for this use: `http`, `webhook`, or the name of a type itself."""
    return registry.fitting(use)


def uses_by_day(workspace_id: UUID, credential_id: UUID, *, since: date) -> list[dict[str, Any]]:
    """How often each workflow used it on each day, newest first."""
    rows = CredentialUse.objects.filter(workspace_id=workspace_id, credential_id=credential_id, day__gte=since)
    shown = ("day", "workflow_id", "count", "first_at", "last_at", "last_execution_id")
    return [dict(row) for row in rows.order_by("-day", "-count").values(*shown)[:1_000]]
