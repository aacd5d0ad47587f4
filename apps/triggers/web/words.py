"""States, verdicts and sources in the words and colours that pages show."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from apps.triggers import inbox
from apps.triggers.models import Delivery
from apps.triggers.overview import TriggerState

_STATE_BADGES = {
    "active": "ACTIVE",
    "paused": "PAUSED",
    "draft": "DRAFT",
    "deploying": "NEW",
    "failed": "ERROR",
    "ended": "SKIPPED",
}
_VERDICT_BADGES = {
    "accepted": "SUCCESS",
    "duplicate": "SKIPPED",
    "merged": "SKIPPED",
    "refused": "ERROR",
    "limited": "WAITING",
    "captured": "SUCCESS",
}
SOURCE_ICONS = {
    "webhook": "webhook",
    "schedule": "calendar-clock",
    "event": "radio",
    "execution": "workflow",
    "test": "flask-conical",
}


def state_badge(state: TriggerState) -> tuple[str, str]:
    """The badge of a trigger's state, and its word."""
    words = {
        "active": _("Live"),
        "paused": _("Paused"),
        "draft": _("Draft"),
        "deploying": _("Deploying"),
        "failed": _("Failed"),
        "ended": _("Ended"),
    }
    return _STATE_BADGES[state.state], words[state.state]


def verdict_words() -> dict[str, str]:
    """What came of a delivery, in a word."""
    return {
        "accepted": _("Accepted"),
        "duplicate": _("Duplicate"),
        "merged": _("Merged"),
        "refused": _("Refused"),
        "limited": _("Limited"),
        "captured": _("Captured"),
    }


def source_words() -> dict[str, str]:
    """Where a delivery came from, in a word."""
    return {
        "webhook": _("Webhook"),
        "schedule": _("Schedule"),
        "event": _("Event"),
        "execution": _("End of a run"),
        "test": _("Test address"),
    }


def delivery_row(found: Delivery, workflows: dict[UUID, str]) -> dict[str, Any]:
    """A delivery as lists show it."""
    verdict = verdict_words().get(found.verdict, found.verdict)
    return {
        "delivery": found,
        "badge": _VERDICT_BADGES.get(found.verdict, "SKIPPED"),
        "verdict": verdict,
        "icon": SOURCE_ICONS.get(found.source, "zap"),
        "workflow": workflows.get(found.workflow_id, "") if found.workflow_id else "",
        "can_replay": not inbox.why_not(found),
        "short_id": str(found.id)[-6:],
    }


def in_zone(moments: list[datetime], zone: str) -> list[dict[str, Any]]:
    """Moments with their text on the clock of a zone."""
    here = ZoneInfo(zone)
    return [{"at": at, "text": f"{at.astimezone(here):%a %d %b %Y, %H:%M:%S %Z}"} for at in moments]
