"""Redriving many failed executions: a job of rows, worked off a few at a time by whichever worker looks around.

An item is done in one transaction with the execution it starts, so a job survives every restart, goes on where it
stopped, and redrives each execution at most once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.accounts.access import objects
from apps.accounts.access.actor import Actor
from apps.accounts.access.objects import Kind
from apps.accounts.services import audit_record
from apps.core import clock
from apps.core.errors import Conflict, FieldError, Invalid, NotFound
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import rerun, selectors
from apps.executions.engine.states import TERMINAL, Status
from apps.executions.jobs import BATCH, QUEUE, asked_by, holds_back, jobs_work, outcome_of
from apps.executions.launch import who
from apps.executions.models import Execution, Redrive, RedriveItem
from apps.executions.rerun import FAILURES, Again

MOST = 100_000
Version = Literal["same", "newest"]


class RedriveNotFound(NotFound):
    """There is no such redrive in this workspace."""

    code = "executions.redrive_not_found"


class NothingToRedrive(Conflict):
    """No execution fits."""

    code = "executions.nothing_to_redrive"


class TooManyToRedrive(Conflict):
    """One redrive takes at most 100,000 executions."""

    code = "executions.redrive_too_large"
    default_hint = "Narrow the filter: one workflow, or a shorter time."


class AlreadyRedriven(Conflict):
    """Somebody has redriven this execution meanwhile."""

    code = "executions.already_redriven"


class RedriveEnded(Conflict):
    """This redrive has already ended."""

    code = "executions.redrive_ended"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which executions: those with these ids, or those that fit. Only what ended without success can be redriven.

    `code` is the error's code; `since` and `until` are moments of creation; `is_redriven` False leaves out what was
    done again already.
    """

    ids: tuple[UUID, ...] = ()
    workflow_id: UUID | None = None
    statuses: tuple[str, ...] = (str(Status.ERROR), str(Status.TIMED_OUT))
    code: str = ""
    since: datetime | None = None
    until: datetime | None = None
    is_redriven: bool | None = False
    search: str = ""

    def as_json(self) -> dict[str, Any]:
        """As it is kept with the job and shown; ids only by their number."""
        found = {
            "count": len(self.ids) or None,
            "workflow_id": self.workflow_id and str(self.workflow_id),
            "status": None if self.ids else list(self.statuses),
            "error_code": self.code,
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "search": self.search,
        }
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why executions of a redrive were refused: how many for this, and one of them."""

    code: str
    message: str
    count: int
    example: UUID


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a redrive is. What was `started` is `running`, or has ended in `success` or as `failed`."""

    total: int
    pending: int
    started: int
    refused: int
    canceled: int
    running: int
    success: int
    failed: int
    reasons: tuple[Reason, ...]

    @property
    def done(self) -> int:
        """How many have been dealt with."""
        return self.started + self.refused


# ── Asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def redrive_list(*, workspace_id: UUID) -> QuerySet[Redrive]:
    """The redrives of a workspace, the newest first."""
    return Redrive.objects.filter(workspace_id=workspace_id).order_by("-id")


def redrive_get(*, workspace_id: UUID, redrive_id: UUID) -> Redrive:
    """One redrive. Raises `RedriveNotFound`."""
    found = redrive_list(workspace_id=workspace_id).filter(id=redrive_id).first()
    if found is None:
        raise RedriveNotFound
    return found


def redrive_progress(redrive: Redrive) -> Progress:
    """How far it is. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT i.state, e.status, count(*) FROM executions_redriveitem i
               LEFT JOIN executions_execution e ON e.id = i.execution_id
               WHERE i.redrive_id = %s GROUP BY 1, 2""",
            [redrive.id],
        )
        counted = cursor.fetchall()
        cursor.execute(
            """SELECT code, min(message), count(*), (array_agg(source_id ORDER BY source_id))[1]
               FROM executions_redriveitem WHERE redrive_id = %s AND state = 'refused'
               GROUP BY code ORDER BY 3 DESC, 1""",
            [redrive.id],
        )
        reasons = tuple(Reason(*row) for row in cursor.fetchall())
    of_state = {state: sum(n for name, _, n in counted if name == state) for state in _STATES}
    ended = {status: sum(n for _, name, n in counted if name == status) for status in TERMINAL}
    return Progress(
        total=redrive.total,
        **of_state,
        running=of_state["started"] - sum(ended.values()),
        success=ended[Status.SUCCESS],
        failed=sum(ended.values()) - ended[Status.SUCCESS],
        reasons=reasons,
    )


_STATES = ("pending", "started", "refused", "canceled")


def item_list(
    *, workspace_id: UUID, redrive_id: UUID, state: str = "", after: UUID | None = None, limit: int = 100
) -> list[RedriveItem]:
    """The executions of a redrive in the order they are taken, from the one after `after` on."""
    found = RedriveItem.objects.filter(workspace_id=workspace_id, redrive_id=redrive_id).order_by("source_id")
    if state:
        found = found.filter(state=state)
    if after:
        found = found.filter(source_id__gt=after)
    return list(found[:limit])


# ── Starting and stopping ────────────────────────────────────────────────────────────────────────────────────────────


def redrive_start(
    *, workspace_id: UUID, actor: Actor, wanted: Wanted, now: datetime, version: Version = "same"
) -> Redrive:
    """Begin to redrive what failed, from where it failed. The executions are those that fit now, none that fail later.

    Raises `Invalid` for statuses that cannot be redriven, `NothingToRedrive`, `TooManyToRedrive`.
    """
    wrong = [status for status in wanted.statuses if status not in FAILURES]
    if wrong or not wanted.statuses:
        message = f"Only executions that ended as {', '.join(FAILURES)} can be redriven."
        raise Invalid(message, errors=[FieldError("status", message)])
    with tenant(workspace_id):
        looked_at = objects.beyond(workspace_id=workspace_id, actor=actor, kind=Kind.WORKFLOW, level="execute")
        chosen = _found(workspace_id, wanted).exclude(workflow_id__in=looked_at)
        found = chosen.order_by("id").values("id")[: MOST + 1]
        sql, params = found.query.sql_with_params()
        redrive = Redrive.objects.create(
            id=uuid7(),
            workspace_id=workspace_id,
            version=version,
            asked=wanted.as_json(),
            total=0,
            started_by=who(actor),
            created_at=now,
        )
        with connection.cursor() as cursor:
            cursor.execute(
                f"""INSERT INTO executions_redriveitem (redrive_id, source_id, workspace_id, state, code, message)
                    SELECT %s, found.id, %s, 'pending', '', '' FROM ({sql}) found""",
                [redrive.id, workspace_id, *params],
            )
            redrive.total = cursor.rowcount
        if not redrive.total:
            raise NothingToRedrive
        if redrive.total > MOST:
            raise TooManyToRedrive
        redrive.save(update_fields=["total"])
        _record(redrive, actor, "started")
    return redrive


def redrive_count(*, workspace_id: UUID, wanted: Wanted) -> int:
    """How many executions a redrive would take now. One query; it counts no further than one more than allowed."""
    with tenant(workspace_id):
        return _found(workspace_id, wanted).order_by("id")[: MOST + 1].count()


def _found(workspace_id: UUID, wanted: Wanted) -> QuerySet[Execution]:
    if wanted.ids:
        found = Execution.objects.filter(workspace_id=workspace_id, id__in=wanted.ids)
        return found.filter(status__in=[str(status) for status in FAILURES])
    return selectors.execution_list(
        workspace_id=workspace_id,
        workflow_id=wanted.workflow_id,
        statuses=wanted.statuses,
        since=wanted.since,
        until=wanted.until,
        code=wanted.code,
        is_redriven=wanted.is_redriven,
        search=wanted.search,
    )


def redrive_cancel(*, workspace_id: UUID, redrive_id: UUID, actor: Actor, now: datetime) -> Redrive:
    """Start nothing more of it. What it started goes on. Raises `RedriveNotFound`, `RedriveEnded`."""
    with tenant(workspace_id):
        redrive = redrive_list(workspace_id=workspace_id).select_for_update().filter(id=redrive_id).first()
        if redrive is None:
            raise RedriveNotFound
        if redrive.status != "running":
            raise RedriveEnded(f"This redrive has already ended: {redrive.status}.")
        RedriveItem.objects.filter(redrive=redrive, state="pending").update(state="canceled")
        redrive.status, redrive.finished_at = "canceled", now
        redrive.save(update_fields=["status", "finished_at"])
        _record(redrive, actor, "canceled")
    return redrive


def _record(redrive: Redrive, actor: Actor, verb: str) -> None:
    audit_record(
        workspace_id=redrive.workspace_id,
        actor=actor,
        action=f"redrive.{verb}",
        target=f"{redrive.total} executions",
        data={"redrive_id": str(redrive.id), "total": redrive.total, **redrive.asked},
    )


# ── Working it off ───────────────────────────────────────────────────────────────────────────────────────────────────


def redrives_work() -> None:
    """Go on with every redrive that is under way. See `jobs_work`."""
    jobs_work(
        "executions_redrives_running", lambda job, workspace: redrive_work(workspace_id=workspace, redrive_id=job)
    )


def redrive_work(*, workspace_id: UUID, redrive_id: UUID) -> int:
    """Take the next few executions of a redrive; the last one ends it. Returns how many were dealt with.

    Does nothing while another process is at it, or while too much of what was started still waits for a worker.
    """
    with tenant(workspace_id):
        found = redrive_list(workspace_id=workspace_id).select_for_update(skip_locked=True)
        redrive = found.filter(id=redrive_id, status="running").first()
        if redrive is None or holds_back(workspace_id):
            return 0
        pending = RedriveItem.objects.filter(redrive=redrive, state="pending").order_by("source_id")
        items = list(pending[:BATCH])
        done = 0
        for item in items:
            if not _redriven(redrive, item):
                return done
            done += 1
        if len(items) < BATCH:
            redrive.status, redrive.finished_at = "done", clock.now()
            redrive.save(update_fields=["status", "finished_at"])
    return done


def _redriven(redrive: Redrive, item: RedriveItem) -> bool:
    """Whether an item was dealt with. False: the workspace takes no more starts now."""
    given = outcome_of(lambda: _start(redrive, item.source_id), f"the redrive of {item.source_id}")
    if given is None:
        return False
    RedriveItem.objects.filter(redrive=redrive, source_id=item.source_id).update(**given)
    return True


def _start(redrive: Redrive, source_id: UUID) -> UUID:
    since = Execution.objects.filter(rerun_of=source_id, workspace_id=redrive.workspace_id)
    if since.filter(created_at__gte=redrive.created_at).exists():
        raise AlreadyRedriven
    return rerun.execution_rerun(
        workspace_id=redrive.workspace_id,
        execution_id=source_id,
        actor=asked_by(redrive.started_by),
        now=clock.now(),
        again=Again("failed", version="newest" if redrive.version == "newest" else "same"),
        queue=QUEUE,
        dedupe_key=f"redrive:{redrive.id}:{source_id}",
        is_unattended=True,
    ).id
