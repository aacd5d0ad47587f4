"""The chain of the audit log: each event's digest, each link's hash, and the proof that none was touched.

Whoever changes, removes, adds or swaps rows behind the product's back breaks the chain from there on. Somebody who may
rewrite the whole database could also rewrite the whole chain; against that, keep the hash of its head elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.accounts.models import AuditEvent, AuditHead, AuditLink
from apps.core.tenancy import tenant

FIELDS = ("actor_kind", "actor_label", "action", "target", "via", "address", "user_agent")
_BATCH = 1_000


def digest_of(event: AuditEvent) -> str:
    """The SHA-256 of what an event says: JSON with sorted keys and no spaces, numbers as the database gives them back.

    Anybody can compute it from an export.
    """
    said = {name: getattr(event, name) for name in FIELDS} | {
        "id": str(event.id),
        "workspace_id": str(event.workspace_id),
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": str(event.actor_id) if event.actor_id else None,
        "data": _plain(event.data),
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def link_hash(before: str, seq: int, digest: str) -> str:
    """The hash of link `seq`: SHA-256 of the hash before it (empty before the first), its number and the digest."""
    return hashlib.sha256(f"{before}{seq}{digest}".encode()).hexdigest()


def _plain(value: Any) -> Any:
    # jsonb keeps 1e22 and 1.0 as numbers of another spelling; what was stored must have the digest of what is read.
    if isinstance(value, float) and value.is_integer():
        return int(Decimal(repr(value)))
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found: how many links hold, and what is wrong with the first that does not (else empty)."""

    checked: int
    seq: int
    hash: str
    wrong: str = ""
    event_id: UUID | None = None


def verify(workspace_id: UUID) -> Verdict:
    """Follow the chain of a workspace from its oldest event to its head, and stop at the first that is broken."""
    with tenant(workspace_id):
        head = AuditHead.objects.filter(workspace_id=workspace_id).first()
        if head is None:
            stray = AuditEvent.objects.filter(workspace_id=workspace_id).order_by("id").first()
            return Verdict(0, 0, "", "is in no chain" if stray else "", stray.id if stray else None)
        seq, hash_, checked = head.first_seq, head.first_hash, 0
        for link, event in _links(workspace_id, head):
            wrong = _wrong(link, event, seq, hash_)
            if wrong:
                return Verdict(checked, seq + 1, hash_, wrong, link.event_id)
            seq, hash_, checked = link.seq, link.hash, checked + 1
        if (seq, hash_) != (head.seq, head.hash):
            return Verdict(checked, seq + 1, hash_, f"is missing: the chain goes on to {head.seq}")
        stray = AuditEvent.objects.filter(workspace_id=workspace_id, link__isnull=True).order_by("id").first()
        if stray is not None:
            return Verdict(checked, seq + 1, hash_, "is in no chain", stray.id)
    return Verdict(checked, seq, hash_)


def _links(workspace_id: UUID, head: AuditHead) -> Iterator[tuple[AuditLink, AuditEvent | None]]:
    after = head.first_seq
    while True:
        links = list(
            AuditLink.objects.filter(workspace_id=workspace_id, seq__gt=after, seq__lte=head.seq).order_by("seq")[
                :_BATCH
            ]
        )
        events = AuditEvent.objects.filter(workspace_id=workspace_id).in_bulk([link.event_id for link in links])
        for link in links:
            yield link, events.get(link.event_id)
        if len(links) < _BATCH:
            return
        after = links[-1].seq


def _wrong(link: AuditLink, event: AuditEvent | None, seq: int, before: str) -> str:
    if link.seq != seq + 1:
        return "is missing"
    if event is None:
        return "has been deleted"
    if digest_of(event) != event.digest:
        return "has been changed"
    if link_hash(before, link.seq, event.digest) != link.hash:
        return "does not follow from the one before it"
    return ""
