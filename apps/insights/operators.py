"""The first page of the operators' side: how the installation is, and how each workspace is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.http import HttpRequest

from apps.core import clock
from apps.core import selectors as core
from apps.executions.models import Worker

PAGE_SIZE = 50
BEAT_SECONDS = 20.0
COUNTED_TO = 1_000
"""Counts of executions stop there."""


@dataclass(frozen=True, slots=True)
class WorkspaceState:
    """How a workspace is: numbers of executions and of what could not be told or sent. `failed` is of 24 hours."""

    slug: str
    name: str
    created_at: datetime
    closed_at: datetime | None
    members: int
    queued: int
    running: int
    waiting: int
    failed: int
    events: int
    messages: int

    @property
    def given_up(self) -> int:
        """What could not be told or sent."""
        return self.events + self.messages


def overview(operator_id: UUID, *, q: str = "", beyond: str = "", now: datetime) -> list[WorkspaceState]:
    """Up to 51 workspaces by their address, from the one after `beyond` on. Nobody but an operator gets any."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM insights_operator_overview(%s, %s, %s, %s, %s)",
            [operator_id, q, beyond, _first_id(now - timedelta(days=1)), PAGE_SIZE + 1],
        )
        return [WorkspaceState(*row) for row in cursor.fetchall()]


def _first_id(at: datetime) -> UUID:
    """The smallest id that could have been given at a moment: ids begin with their time."""
    return UUID(int=(int(at.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62))


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What `operators/index.html` reads."""
    now = clock.now()
    q = request.GET.get("q", "").strip().replace("\0", "")[:100]
    beyond = request.GET.get("after", "").replace("\0", "")[:100]
    found = overview(UUID(str(request.user.pk)), q=q, beyond=beyond, now=now)
    workers = list(Worker.objects.filter(alive_until__gt=now).order_by("name")[: PAGE_SIZE + 1])
    beat = core.pulse("beat")
    return context | {
        "q": q,
        "beyond": beyond,
        "workspaces": found[:PAGE_SIZE],
        "following": found[PAGE_SIZE - 1].slug if len(found) > PAGE_SIZE else "",
        "counted_to": COUNTED_TO,
        "workers": workers,
        "beat": beat,
        "has_beat": beat is not None and beat.is_fresh(now=now, within_seconds=BEAT_SECONDS),
        "given_up": core.given_up(),
    }
