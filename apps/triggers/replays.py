"""Replaying what arrived: one delivery, or many as a job of rows that workers go through a few at a time.

A replay is a new execution whose delivery names the first one. Ids by which senders repeat themselves do not count for
it: that is what it is for. An item of a job is done in one transaction with the execution it starts, so a job survives
every restart and replays each delivery once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Literal
from uuid import UUID

from django.db import connection

from apps.accounts.access import objects
from apps.accounts.access.actor import Actor
from apps.accounts.access.objects import Kind
from apps.accounts.services import audit_record
from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import launch
from apps.executions.jobs import BATCH, QUEUE, asked_by, holds_back, jobs_work, outcome_of
from apps.executions.models import Execution
from apps.executions.services import Started, execution_start
from apps.nodes.contract import Trigger
from apps.triggers import deliveries, inbox
from apps.triggers.deliveries import Arrival
from apps.triggers.errors import CannotReplay, NothingToReplay, ReplayEnded, TooManyToReplay
from apps.triggers.inbox import Wanted
from apps.triggers.models import Delivery, Replay, ReplayItem
from apps.triggers.webhooks import gate
from apps.workflows import graph as graphs
from apps.workflows import selectors as workflows
from apps.workflows.models import Version, Workflow

MOST = 10_000
Which = Literal["newest", "original"]


# ── One ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def delivery_replay(
    *,
    workspace_id: UUID,
    delivery_id: UUID,
    actor: Actor,
    now: datetime,
    version: Which = "newest",
    queue: str | None = None,
    dedupe_key: str | None = None,
) -> Started:
    """Start what a delivery was for once more, with what was sent then. The first execution never changes.

    `version`: the `newest` published one, or the `original` one that the first execution ran. Raises `DeliveryUnknown`,
    `CannotReplay` with the reason, `TransformFailed`, `WorkflowUnknown`, `WorkflowArchived`, `ObjectRestricted`, and
    what `execution_start` raises.
    """
    with tenant(workspace_id):
        found = inbox.delivery_get(workspace_id, delivery_id)
        refused = inbox.why_not(found)
        if refused:
            raise CannotReplay(refused)
        assert found.workflow_id is not None
        workflow = launch.startable(workspace_id, found.workflow_id, actor)
        used = _version(workflow, found, version)
        compiled = graphs.compile(used.definition)
        node = compiled.nodes.get(found.node_id)
        if node is None or not issubclass(node.cls, Trigger):
            raise CannotReplay(f"Version {used.number} has no trigger “{found.node_id}”.")
        request = inbox.request_of(found)
        given = request
        if node.subtype == "WEBHOOK":
            given = gate.transformed(
                node.params,
                request,
                now=now,
                timezone=compiled.settings.timezone,
                variables=partial(workflows.variable_values, workspace_id),
            )
        origin = replace(launch.origin_of(used, compiled), debounce=None)
        if queue:  # where nobody watches it waits instead of being refused
            paused = "queue" if origin.while_paused == "block" else origin.while_paused
            origin = replace(origin, queue=queue, while_paused=paused)
        arrival = Arrival(
            found.source,
            found.label,
            found.external_id,
            found.size,
            found.remote,
            replay_of=found.id,
            request=None if given is request else request,
        )
        started = execution_start(
            origin=origin,
            trigger_node=node.id,
            input=given,
            now=now,
            dedupe_key=dedupe_key,
            started_by=launch.who(actor) | {"replay_of": str(found.id)},
            beside=deliveries.accepted(workspace_id, arrival),
        )
        if queue is None:
            audit_record(
                workspace_id=workspace_id,
                actor=actor,
                action="delivery.replayed",
                target=found.label,
                data={"delivery_id": str(found.id), "execution_id": str(started.id), "version": version},
            )
    return started


def _version(workflow: Workflow, found: Delivery, version: Which) -> Version:
    if version == "original" and found.execution_id is not None:
        earlier = Execution.objects.filter(workspace_id=workflow.workspace_id, id=found.execution_id)
        used = earlier.values_list("version_id", flat=True).first()
        if used is None:
            raise CannotReplay("Its execution is gone, and with it which version that ran.", hint="Take the newest.")
        return workflows.version_get(workflow.workspace_id, used)
    if workflow.active_version is None:
        raise CannotReplay(f"Nothing of “{workflow.name}” has been published.", hint="Publish it first.")
    return workflow.active_version


# ── Many ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is. What was `started` is `running`, or has ended in `success` or as `failed`."""

    total: int
    pending: int
    started: int
    refused: int
    canceled: int
    running: int
    success: int
    failed: int

    @property
    def done(self) -> int:
        """How many have been dealt with."""
        return self.started + self.refused


def replay_count(*, workspace_id: UUID, wanted: Wanted) -> int:
    """How many deliveries a replay would take now. It counts no further than one more than allowed."""
    with tenant(workspace_id):
        return inbox.replayable(workspace_id, wanted).order_by("id")[: MOST + 1].count()


def replay_start(
    *, workspace_id: UUID, actor: Actor, wanted: Wanted, now: datetime, version: Which = "newest"
) -> Replay:
    """Begin to replay every delivery that fits now and can be replayed, the oldest first.

    Those of workflows that the actor may only look at are left out. Raises `NothingToReplay`, `TooManyToReplay`.
    """
    with tenant(workspace_id):
        looked_at = objects.beyond(workspace_id=workspace_id, actor=actor, kind=Kind.WORKFLOW, level="execute")
        found = inbox.replayable(workspace_id, wanted).exclude(workflow_id__in=looked_at)
        chosen = found.order_by("id").values("id")[: MOST + 1]
        sql, params = chosen.query.sql_with_params()
        made = Replay.objects.create(
            workspace_id=workspace_id,
            version=version,
            asked=wanted.as_json(),
            total=0,
            started_by=launch.who(actor),
            created_at=now,
        )
        with connection.cursor() as cursor:
            cursor.execute(
                f"""INSERT INTO triggers_replay_item (replay_id, delivery_id, workspace_id, state, code, message)
                    SELECT %s, found.id, %s, 'pending', '', '' FROM ({sql}) found""",
                [made.id, workspace_id, *params],
            )
            made.total = cursor.rowcount
        if not made.total:
            raise NothingToReplay(hint="Those that nobody proved, and those whose content is gone, cannot be replayed.")
        if made.total > MOST:
            raise TooManyToReplay
        made.save(update_fields=["total"])
        _record(made, actor, "started")
    return made


def replay_cancel(*, workspace_id: UUID, replay_id: UUID, actor: Actor, now: datetime) -> Replay:
    """Start nothing more of it. What it started goes on. Raises `ReplayUnknown`, `ReplayEnded`."""
    with tenant(workspace_id):
        found = inbox.replay_get(workspace_id, replay_id, is_locked=True)
        if found.status != "running":
            raise ReplayEnded(f"This replay has already ended: {found.status}.")
        ReplayItem.objects.filter(replay=found, state="pending").update(state="canceled")
        found.status, found.finished_at = "canceled", now
        found.save(update_fields=["status", "finished_at"])
        _record(found, actor, "canceled")
    return found


def replay_progress(found: Replay) -> Progress:
    """How far it is. One query. Must run inside `tenant()`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT i.state, e.status, count(*) FROM triggers_replay_item i
               LEFT JOIN executions_execution e ON e.id = i.execution_id WHERE i.replay_id = %s GROUP BY 1, 2""",
            [found.id],
        )
        counted = cursor.fetchall()
    states = {name: sum(n for state, _, n in counted if state == name) for name in _STATES}
    success = sum(n for _, status, n in counted if status == "SUCCESS")
    failed = sum(n for _, status, n in counted if status in ("ERROR", "CANCELED", "TIMED_OUT"))
    return Progress(found.total, **states, running=states["started"] - success - failed, success=success, failed=failed)


_STATES = ("pending", "started", "refused", "canceled")


def _record(found: Replay, actor: Actor, verb: str) -> None:
    audit_record(
        workspace_id=found.workspace_id,
        actor=actor,
        action=f"replay.{verb}",
        target=f"{found.total} deliveries",
        data={"replay_id": str(found.id), "total": found.total, **found.asked},
    )


# ── Working it off ───────────────────────────────────────────────────────────────────────────────────────────────────


def replays_work() -> None:
    """Go on with every replay that is under way. See `jobs_work`."""
    jobs_work("triggers_replays_running", lambda job, workspace: replay_work(workspace_id=workspace, replay_id=job))


def replay_work(*, workspace_id: UUID, replay_id: UUID) -> int:
    """Take the next few deliveries of a replay; the last one ends it. Returns how many were dealt with.

    Does nothing while another process is at it, or while too much of what was started still waits for a worker.
    """
    with tenant(workspace_id):
        rows = Replay.objects.select_for_update(skip_locked=True).filter(workspace_id=workspace_id, id=replay_id)
        found = rows.filter(status="running").first()
        if found is None or holds_back(workspace_id):
            return 0
        items = list(ReplayItem.objects.filter(replay=found, state="pending").order_by("delivery_id")[:BATCH])
        done = 0
        for item in items:
            if not _replayed(found, item):
                return done
            done += 1
        if len(items) < BATCH:
            found.status, found.finished_at = "done", clock.now()
            found.save(update_fields=["status", "finished_at"])
    return done


def _replayed(found: Replay, item: ReplayItem) -> bool:
    """Whether an item was dealt with. False: the workspace takes no more starts now."""

    def start() -> UUID:
        return delivery_replay(
            workspace_id=found.workspace_id,
            delivery_id=item.delivery_id,
            actor=asked_by(found.started_by),
            now=clock.now(),
            version="original" if found.version == "original" else "newest",
            queue=QUEUE,
            dedupe_key=f"replay:{found.id}:{item.delivery_id}",
        ).id

    given = outcome_of(start, f"the replay of {item.delivery_id}")
    if given is None:
        return False
    ReplayItem.objects.filter(replay=found, delivery_id=item.delivery_id).update(**given)
    return True
