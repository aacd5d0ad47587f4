"""The audit log as it is looked for, and as a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_date, parse_datetime

from apps.accounts.models import AuditEvent
from apps.core import sheets
from apps.core.errors import FieldError, Invalid
from apps.core.tenancy import tenant

FILTERS = ("actor", "action", "target", "since", "until")
COLUMNS = (
    "seq",
    "at",
    "actor_kind",
    "actor_id",
    "actor_label",
    "action",
    "target",
    "data",
    "via",
    "address",
    "user_agent",
    "id",
    "workspace_id",
    "digest",
    "hash",
)
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. `actor` is a part of a name, or an id; `action` is one, or their noun (`member`)."""

    actor: str = ""
    action: str = ""
    target: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def within(self, events: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        """Those of the events that fit."""
        if self.actor:
            id_ = _uuid(self.actor)
            events = events.filter(actor_id=id_) if id_ else events.filter(actor_label__icontains=self.actor)
        if self.action:
            events = events.filter(Q(action=self.action) | Q(action__startswith=f"{self.action}."))
        if self.target:
            events = events.filter(target__icontains=self.target)
        if self.since is not None:
            events = events.filter(at__gte=self.since)
        if self.until is not None:
            events = events.filter(at__lt=self.until)
        return events


def wanted_of(given: Mapping[str, str], *, zone: Any) -> Wanted:
    """What a query asks for; days without a time are days in `zone`. Raises `Invalid` for what cannot be."""
    texts = {}
    for name in ("actor", "action", "target"):
        texts[name] = given.get(name, "").strip()
        if len(texts[name]) > _LONGEST or "\x00" in texts[name]:
            raise Invalid("Some values are wrong.", errors=[FieldError(name, f"At most {_LONGEST} characters.")])
    return Wanted(**texts, since=_moment(given, "since", zone), until=_moment(given, "until", zone))


def _moment(given: Mapping[str, str], name: str, zone: Any) -> datetime | None:
    text = given.get(name, "").strip()
    if not text:
        return None
    try:
        found = parse_datetime(text)
        if found is None:
            day = parse_date(text)
            found = datetime(day.year, day.month, day.day) if day else None  # noqa: DTZ001 - its zone comes below
        if found is not None:
            return found if found.tzinfo else found.replace(tzinfo=zone)
    except (ValueError, OverflowError):
        pass
    message = "Write it as 2026-01-31 or 2026-01-31T12:00:00Z."
    raise Invalid("Some values are wrong.", errors=[FieldError(name, message)])


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# ── As a file ────────────────────────────────────────────────────────────────────────────────────────────────────────


def batch(workspace_id: UUID, wanted: Wanted, before: UUID | None, size: int) -> list[AuditEvent]:
    """The next events of an export, newest first, below the id `before`. Opens its own transaction."""
    with tenant(workspace_id):
        found = wanted.within(AuditEvent.objects.filter(workspace_id=workspace_id)).select_related("link")
        if before is not None:
            found = found.filter(id__lt=before)
        return list(found.order_by("-id")[:size])


def as_dict(event: AuditEvent) -> dict[str, Any]:
    """All of an event: with it, its digest and its place in the chain can be computed anew."""
    link = getattr(event, "link", None)
    known = {name: getattr(event, name) for name in COLUMNS if name not in ("seq", "hash", "at")}
    known |= {"at": event.at.isoformat(timespec="microseconds")}
    return {"seq": link.seq if link else None, "hash": link.hash if link else None} | known


def as_json(events: Iterable[AuditEvent], *, is_first: bool) -> Iterator[str]:
    """A piece of a JSON array: without its brackets."""
    for number, event in enumerate(events):
        comma = "" if is_first and number == 0 else ",\n"
        yield comma + json.dumps(as_dict(event), ensure_ascii=False, default=str)


def as_csv(events: Iterable[AuditEvent]) -> str:
    """Rows for a spreadsheet, in the order of `COLUMNS`."""
    known = map(as_dict, events)
    return sheets.as_csv([each[name] for name in COLUMNS] for each in known)
