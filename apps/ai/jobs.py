"""Jobs that a worker does for a page: taken, kept current while the network is slow, ended, or left to somebody else.

A worker writes what it knows on the job's row twice a second, which keeps the row its own and shows it the moment
somebody has stopped it. One that was killed writes no more: after `HOLD_SECONDS` the next worker finds the job.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, connection
from django.db.models.functions import Now

from apps.ai.models import Job
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.core.tenancy import tenant
from apps.nodes.contract import NodeError

logger = logging.getLogger(__name__)
J = TypeVar("J", bound=Job)

HOLD_SECONDS = 20.0
BEAT_SECONDS = 0.5
_FAULT = {"code": "core.fault", "message": "Something went wrong on our side.", "hint": "Try it once more."}


def job_take(kind: type[J], function: str) -> J | None:
    """One job that nobody works at, in any workspace, held for a while. None: there is none."""
    return next(iter(kind._default_manager.raw(f"SELECT * FROM {function}(%s)", [HOLD_SECONDS])), None)


def job_do(
    job: Job, work: Callable[[], Mapping[str, Any]], *, news: Callable[[], Mapping[str, Any]], stop: Callable[[], None]
) -> None:
    """Let a thread of its own do the work, and write down how far it is until it is over.

    `work` gives what is written at the end; what it raises becomes the job's error. `news` gives what is to be written
    meanwhile. When somebody has stopped the job, or taken it, `stop` is called and nothing is written any more.
    """
    ended: dict[str, Any] = {}

    def run() -> None:
        try:
            ended.update({"status": Job.Status.DONE, **work()})
        except Exception as failed:
            ended.update(status=Job.Status.FAILED, error=error_of(failed))
        finally:
            connection.close()

    thread = threading.Thread(target=run, name=f"job-{job.id}", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(BEAT_SECONDS)
        if thread.is_alive() and not _kept(job, news()):
            stop()
            return
    job_end(job, **{**news(), **ended})


def job_end(job: Job, *, status: str, **written: Any) -> None:
    """Write how it ended, unless somebody stopped it or took it over."""
    with tenant(job.workspace_id):
        _own(job).update(status=status, due_at=None, finished_at=now(), **written)


def job_cancel(job: Job) -> bool:
    """Stop it. Whether there was something to stop. Call it inside `tenant()`."""
    waiting = type(job)._default_manager.filter(workspace_id=job.workspace_id, id=job.id, due_at__isnull=False)
    return bool(waiting.update(status=Job.Status.CANCELED, due_at=None, finished_at=now()))


def error_of(failed: Exception) -> dict[str, str]:
    """What a job says of its failure: an error made for people as it is, anything else as a fault of ours."""
    if isinstance(failed, NodeError):
        link = failed.details.get("link", "") if isinstance(failed.details, dict) else ""
        return {"code": failed.code, "message": failed.message, "hint": failed.hint, "link": str(link or "")}
    if isinstance(failed, DomainError):
        return {"code": failed.code, "message": failed.message, "hint": failed.hint or ""}
    logger.error("a job stumbled", exc_info=failed)
    return dict(_FAULT)


def _own(job: Job) -> Any:
    """The row, as long as it is ours."""
    rows = type(job)._default_manager.filter(workspace_id=job.workspace_id, id=job.id)
    return rows.filter(status=Job.Status.RUNNING, attempts=job.attempts)


def _kept(job: Job, news: Mapping[str, Any]) -> bool:
    """Whether the job is still ours; says so for a while longer. While the database is away it is."""
    try:
        with tenant(job.workspace_id):
            return bool(_own(job).update(due_at=Now() + timedelta(seconds=HOLD_SECONDS), **news))
    except (OperationalError, InterfaceError) as away:
        logger.warning("job %s waits for the database: %s", job.id, str(away).strip().partition("\n")[0])
        return True
    finally:
        if not connection.in_atomic_block:
            with suppress(OperationalError, InterfaceError):
                connection.close()  # a thread that waits for the network holds no connection
