"""Pausing an execution by hand, letting it go on, and going on from a breakpoint."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import connection, transaction

from apps.accounts import services as accounts
from apps.accounts.access.actor import Actor
from apps.core.errors import Conflict
from apps.core.tenancy import tenant
from apps.executions import live, selectors
from apps.executions.engine.states import TERMINAL, Event, Status, execution_next
from apps.executions.launch import require_execute
from apps.executions.models import Execution
from apps.executions.poke import poke
from apps.executions.services import AlreadyEnded

MOST_PASSED = 10_000


class AlreadyHeld(Conflict):
    """This execution is paused already."""

    code = "executions.already_held"


class NotHeld(Conflict):
    """This execution is not paused."""

    code = "executions.not_held"


def execution_hold(*, workspace_id: UUID, execution_id: UUID, actor: Actor, now: datetime, reason: str = "") -> None:
    """Pause an execution: nothing new starts in it until it is released. Calls under way may end.

    Its deadline runs on. Raises `ExecutionNotFound`, `AlreadyEnded`, `AlreadyHeld`.
    """
    with tenant(workspace_id):
        execution = _locked(workspace_id, execution_id, actor)
        if execution.hold is not None:
            raise AlreadyHeld(f"Paused already by {execution.hold.get('by')}.")
        execution.hold = {"by": actor.label, "at": now.isoformat(), "reason": reason}
        execution.save(update_fields=["hold"])
        if execution.owner is None:  # whoever has it in hand pauses it as soon as its calls have ended
            execution.runnable_at = None
            _become(execution, execution_next(Status(execution.status), Event.HOLD), now)
        _record(actor, execution, "execution.held", {"reason": reason})


def execution_release(*, workspace_id: UUID, execution_id: UUID, actor: Actor, now: datetime) -> None:
    """Let a paused execution go on where it was. Raises `ExecutionNotFound`, `AlreadyEnded`, `NotHeld`."""
    with tenant(workspace_id):
        execution = _locked(workspace_id, execution_id, actor)
        _let_go(execution, now)
        _record(actor, execution, "execution.released", {})


def execution_continue(
    *, workspace_id: UUID, execution_id: UUID, actor: Actor, now: datetime, how: Literal["continue", "step"]
) -> None:
    """Go on from a breakpoint: to the next one, or with `step` by one node.

    Raises `ExecutionNotFound`, `AlreadyEnded`, `NotHeld` when it does not stand at a breakpoint.
    """
    with tenant(workspace_id):
        execution = _locked(workspace_id, execution_id, actor)
        if not execution.hold or execution.hold.get("by") != "breakpoint":
            raise NotHeld("It does not stand at a breakpoint.", hint="Release it, if somebody paused it.")
        debug: dict[str, Any] = dict(execution.debug or {})
        debug["passed"] = [*debug.get("passed", ()), *execution.hold["nodes"]][-MOST_PASSED:]
        debug["is_stepping"] = how == "step"
        execution.debug = debug
        execution.save(update_fields=["debug"])
        _let_go(execution, now)


def _locked(workspace_id: UUID, execution_id: UUID, actor: Actor) -> Execution:
    require_execute(selectors.execution_get(workspace_id=workspace_id, execution_id=execution_id).workflow, actor)
    execution = Execution.objects.select_for_update(of=("self",)).get(workspace_id=workspace_id, id=execution_id)
    if execution.status in TERMINAL:
        raise AlreadyEnded(f"This execution has already ended: {execution.status}.")
    return execution


def _let_go(execution: Execution, now: datetime) -> None:
    if execution.hold is None:
        raise NotHeld
    execution.hold = None
    execution.save(update_fields=["hold"])
    if execution.owner is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            execution.runnable_at = cursor.fetchone()[0]
        if execution.status == Status.PAUSED:
            _become(execution, execution_next(Status.PAUSED, Event.RELEASE), now)
        poke(execution.queue)


def _become(execution: Execution, status: Status, now: datetime) -> None:
    """Take another state, as a line of the execution's history. What never ran has none yet, and stays new."""
    is_fresh = execution.seq == 0
    execution.status = Status.NEW if is_fresh and status is Status.WAITING else status
    execution.seq += not is_fresh
    execution.save(update_fields=["status", "seq", "runnable_at"])
    changes = [{"status": str(execution.status)}]
    if not is_fresh:
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO executions_transition (execution_id, seq, workspace_id, at, fence, changes)
                   VALUES (%s, %s, %s, %s, %s, %s::jsonb)""",
                [execution.id, execution.seq, execution.workspace_id, now, execution.fence, json.dumps(changes)],
            )
    told = (execution.id, execution.seq, changes)
    transaction.on_commit(lambda: live.changed(told[0], seq=told[1], at=now, changes=told[2]))


def _record(actor: Actor, execution: Execution, action: str, data: dict[str, Any]) -> None:
    accounts.audit_record(
        workspace_id=execution.workspace_id,
        actor=actor,
        action=action,
        target=str(execution.id),
        data={"execution_id": str(execution.id), "workflow_id": str(execution.workflow_id)} | data,
    )
