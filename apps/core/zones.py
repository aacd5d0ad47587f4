"""The zone somebody reads times in."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from django.http import HttpRequest

COOKIE = "agentflow_zone"
LONGEST_NAME = 64


def zone_of(request: HttpRequest) -> tzinfo:
    """The zone somebody chose, else the one the browser said it is in (`static/src/theme.ts` sets the cookie); UTC as
    long as neither said anything.
    """
    name = getattr(getattr(request, "user", None), "timezone", "") or request.COOKIES.get(COOKIE, "")
    if not name or len(name) > LONGEST_NAME:
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # an unknown key, a path outside the zone folder, a folder's name
        return UTC
