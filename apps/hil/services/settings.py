"""When a workspace works, and who is away."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from apps.accounts import selectors as accounts
from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import Permission, permissions_of_role
from apps.accounts.services import audit_record
from apps.core import jsonclean
from apps.core.errors import FieldError, Invalid
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.hil.errors import AbsenceUnknown
from apps.hil.models import Absence, Calendar

MOST_HOLIDAYS = 200
LONGEST_NOTE = 200


def hours_set(
    *,
    workspace_id: UUID,
    actor: Actor,
    zone: str,
    days: Iterable[int],
    opens: time,
    closes: time,
    holidays: Iterable[date] = (),
) -> Calendar:
    """Say when the workspace works. Counts for questions asked from now on.

    Raises `Invalid` with a finding per field.
    """
    wanted, free = sorted(set(days)), sorted(set(holidays))
    found = []
    if zone not in available_timezones():
        found.append(FieldError("zone", "There is no such time zone; write it as Europe/Berlin."))
    if not wanted or not set(wanted) <= set(range(1, 8)):
        found.append(FieldError("days", "Choose the days on which somebody works."))
    if opens == closes and opens != time(0):
        found.append(FieldError("closes", "The day must end at another time than it begins."))
    if len(free) > MOST_HOLIDAYS:
        found.append(FieldError("holidays", f"At most {MOST_HOLIDAYS} days."))
    if found:
        raise Invalid("Some values are wrong.", errors=found)
    ZoneInfo(zone)
    kept = {
        "zone": zone,
        "days": wanted,
        "opens": opens,
        "closes": closes,
        "holidays": [each.isoformat() for each in free],
    }
    with tenant(workspace_id):
        made, _ = Calendar.objects.update_or_create(workspace_id=workspace_id, defaults=kept)
        audit_record(
            workspace_id=workspace_id,
            actor=actor,
            action="inbox.hours_set",
            target="Working hours",
            data=kept | {"opens": f"{opens:%H:%M}", "closes": f"{closes:%H:%M}"},
        )
    return made


def absence_add(
    *,
    workspace_id: UUID,
    actor: Actor,
    from_at: datetime,
    until_at: datetime | None,
    deputy_email: str,
    now: datetime,
    note: str = "",
) -> Absence:
    """Say that one is away, and who is asked instead. Counts for questions asked from then on.

    Without `until_at` it lasts until it is ended; without a deputy one is asked all the same. Raises `Invalid` with a
    finding per field.
    """
    assert actor.user is not None
    note, deputy_email = note.strip()[:LONGEST_NOTE], deputy_email.strip().lower()
    jsonclean.check(note, path="note")
    with tenant(workspace_id):
        deputy = None
        if deputy_email:
            deputy = next((each for each in accounts.members(workspace_id) if each.user.email == deputy_email), None)
            if deputy is None:
                raise _wrong("deputy", "Nobody with this address is a member of the workspace.")
            if deputy.user_id == actor.user.id:
                raise _wrong("deputy", "Name somebody else: you cannot stand in for yourself.")
            if Permission.INTERACTION_ANSWER not in permissions_of_role(deputy.role):
                raise _wrong("deputy", f"{deputy.user.label} may not answer questions.")
        if until_at is not None and until_at <= from_at:
            raise _wrong("until", "This must be later than the beginning.")
        if until_at is not None and until_at <= now:
            raise _wrong("until", "This is over already.")
        made = Absence.objects.create(
            id=uuid7(),
            workspace_id=workspace_id,
            user=actor.user,
            deputy=deputy.user if deputy else None,
            from_at=from_at,
            until_at=until_at,
            note=note,
            created_at=now,
        )
        audit_record(
            workspace_id=workspace_id,
            actor=actor,
            action="absence.added",
            target=actor.user.label,
            data={
                "from": from_at.isoformat(),
                "until": until_at.isoformat() if until_at else None,
                "deputy": deputy_email or None,
            },
        )
    return made


def absence_end(*, workspace_id: UUID, actor: Actor, absence_id: UUID) -> None:
    """One is back, or was never away. Raises `AbsenceUnknown` for those of others."""
    assert actor.user is not None
    with tenant(workspace_id):
        gone, _ = Absence.objects.filter(workspace_id=workspace_id, id=absence_id, user=actor.user).delete()
        if not gone:
            raise AbsenceUnknown
        audit_record(workspace_id=workspace_id, actor=actor, action="absence.ended", target=actor.user.label)


def _wrong(field: str, message: str) -> Invalid:
    return Invalid("Some values are wrong.", errors=[FieldError(field, message)])
