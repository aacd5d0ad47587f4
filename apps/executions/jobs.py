"""Jobs that start many executions: worked off a few at a time by whichever worker looks around.

A job is a row with a row per item. An item is done in one transaction with the execution it starts, so a job survives
every restart and goes on where it stopped.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction

from apps.accounts.access.actor import Actor
from apps.core.errors import DomainError
from apps.executions.models import Execution

logger = logging.getLogger(__name__)

QUEUE = "bulk"
BATCH = 20
BUDGET_SECONDS = 0.25
MOST_QUEUED = 200
"""How many started executions may wait for a worker before a job holds back."""
_LATER = frozenset({429, 503})


def jobs_work(running: str, work: Callable[[UUID, UUID], int]) -> None:
    """Go on with every job under way, a few items of each in turn, for a quarter of a second.

    `running` is the SQL function that names them, as (job, workspace). `work` takes both and says how many items it
    dealt with; a job of which it dealt with none is left for the next time. Harmless in any number of processes.
    """
    until = time.monotonic() + BUDGET_SECONDS
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {running}()")
        jobs = cursor.fetchall()
    while jobs and time.monotonic() < until:
        jobs = [
            (job_id, workspace_id)
            for job_id, workspace_id in jobs
            if time.monotonic() < until and work(job_id, workspace_id)
        ]


def holds_back(workspace_id: UUID) -> bool:
    """Whether so much of what jobs started still waits for a worker that they should start nothing more."""
    waiting = Execution.objects.filter(workspace_id=workspace_id, owner=None, runnable_at__isnull=False, queue=QUEUE)
    return waiting.count() >= MOST_QUEUED


def outcome_of(start: Callable[[], UUID], what: str) -> dict[str, Any] | None:
    """What became of an item, as its row says it: started, or refused with the reason. All or nothing of `start` is
    kept. None: the workspace takes no more starts now. Raises what a database that is away raises.
    """
    try:
        with transaction.atomic():
            return {"state": "started", "execution_id": start()}
    except (OperationalError, InterfaceError):
        raise
    except DomainError as refused:
        if refused.status in _LATER:
            return None
        return {"state": "refused", "code": refused.code, "message": refused.message}
    except Exception:
        logger.exception("%s could not be started", what)
        return {"state": "refused", "code": "core.fault", "message": "Something went wrong on our side."}


def asked_by(started_by: Mapping[str, Any] | None) -> Actor:
    """Whoever asked for a job, for the record only: it is allowed nothing."""
    known = started_by or {}
    id_ = known.get("id")
    return Actor(kind=known.get("kind", "system"), id=UUID(id_) if id_ else None, label=known.get("label", ""))
