"""Taking in what a vendor sent: prove it, answer what cannot wait, store the rest once and tell it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core import jsonclean
from apps.core.errors import DomainError, NotFound
from apps.core.events import event_put
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.integrations.inbound.answering import quick_of
from apps.integrations.inbound.declare import DELIVERED, Given, Incoming, ProofRefused, Reply
from apps.integrations.inbound.registry import inbound_vendors
from apps.integrations.models import VendorDelivery
from apps.integrations.services.opening import credential_fields

KEPT = timedelta(days=7)
_FORGET_BATCH = 200


class VendorUnknown(NotFound):
    """Nothing is received here from a vendor of this name."""

    code = "integrations.vendor_unknown"


def vendor_receive(*, vendor: str, incoming: Incoming) -> Reply:
    """Take a delivery in; 200 once it is committed. The same one twice is told once.

    Several workspaces can be connected to one account: each whose secret proves the delivery gets it. Raises
    `VendorUnknown`, `Invalid`, and `ProofRefused` when no connected workspace's secret does, or none is connected.
    """
    door = inbound_vendors().get(vendor)
    if door is None:
        raise VendorUnknown
    greeted = door.greeting(incoming)
    if greeted is not None:
        return greeted
    given = door.read(incoming)
    proven: list[tuple[UUID, UUID]] = []
    refused: DomainError = ProofRefused("No workspace here is connected to this account.")
    for workspace_id, credential_id in _connected(door.credential_type, given.account):
        try:
            door.verify(incoming, credential_fields(workspace_id=workspace_id, credential_id=credential_id))
        except DomainError as wrong:
            refused = wrong
        else:
            proven.append((workspace_id, credential_id))
    if not proven:
        raise refused
    if not given.is_told:
        return Reply()
    quick = quick_of(vendor)
    for workspace_id, credential_id in proven:
        reply = quick(workspace_id, credential_id, given.body) if quick else None
        if reply is not None:
            return reply
    for workspace_id, credential_id in proven:
        _keep(vendor, given, workspace_id, credential_id, incoming)
    return Reply()


def _connected(type_: str, account: str) -> list[tuple[UUID, UUID]]:
    if not account:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, credential_id FROM integrations_grants_of(%s, %s)", [type_, account])
        return list(cursor.fetchall())


def _keep(vendor: str, given: Given, workspace_id: UUID, credential_id: UUID, incoming: Incoming) -> None:
    body: Any = jsonclean.cleaned(dict(given.body))
    with tenant(workspace_id):
        made = VendorDelivery(
            id=uuid7(),
            workspace_id=workspace_id,
            credential_id=credential_id,
            vendor=vendor,
            external_id=given.id[:200],
            kind=given.kind[:100],
            body=body,
            received_at=incoming.now,
        )
        VendorDelivery.objects.bulk_create([made], ignore_conflicts=True)
        if not VendorDelivery.objects.filter(workspace_id=workspace_id, id=made.id).exists():
            return  # it was here before
        event_put(
            workspace_id=workspace_id,
            name=DELIVERED,
            subject_id=made.id,
            now=incoming.now,
            data={"vendor": vendor, "kind": made.kind},
        )
        old = VendorDelivery.objects.filter(workspace_id=workspace_id, received_at__lt=incoming.now - KEPT)
        VendorDelivery.objects.filter(id__in=list(old.values_list("id", flat=True)[:_FORGET_BATCH])).delete()
