"""Questions without an engine: the rows a parked execution leaves behind, written the way the engine writes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from apps.accounts.access.actor import Actor
from apps.accounts.access.resolve import member_actor
from apps.accounts.models import User, Workspace
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import services as executions
from apps.executions.models import Execution, Wait
from apps.executions.wait_kinds import OpenWait, Review, handler_of
from apps.hil import services
from apps.hil.models import Interaction, Via
from apps.nodes.contract import AskHuman, Outcome
from apps.workflows.models import Version, Workflow

WAYS = (Outcome("approved", "Approve", "primary"), Outcome("rejected", "Reject", "danger"))


def document(**settings: Any) -> dict[str, Any]:
    """A person decides between Ship and Refuse; silence refuses, too."""
    transform = {"type": "ACTION", "subtype": "TRANSFORM", "params": {"fields": [{"name": "done", "value": True}]}}
    return {
        "nodes": [
            {"id": "t", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}},
            {
                "id": "ask",
                "name": "Manager",
                "type": "HUMAN_IN_THE_LOOP",
                "subtype": "CONFIRMATION",
                "params": {"title": "Ship order {{ $json.order }}?", "data": "{{ $json }}", "timeout_seconds": 3600},
            },
            {"id": "ship", "name": "Ship", **transform},
            {"id": "refuse", "name": "Refuse", **transform},
        ],
        "connections": [
            {"from": "t", "port": "main", "to": "ask"},
            {"from": "ask", "port": "approved", "to": "ship"},
            {"from": "ask", "port": "rejected", "to": "refuse"},
            {"from": "ask", "port": "timeout", "to": "refuse"},
        ],
        "settings": {"while_paused": "allow"} | settings,
    }


def publish(workspace: Workspace, definition: dict[str, Any] | None = None) -> Version:
    """A version of a new workflow called Order approval."""
    now, definition = clock.now(), definition or document()
    with tenant(workspace.id):
        workflow = Workflow.objects.create(
            workspace=workspace, name="Order approval", draft=definition, created_at=now, updated_at=now
        )
        return Version.objects.create(
            workspace=workspace,
            workflow=workflow,
            number=1,
            definition=definition,
            digest="",
            published_by_label="test",
            published_at=now,
        )


def park(workspace: Workspace, version: Version | None = None) -> UUID:
    """An execution that waits for a person, held by nobody."""
    version = version or publish(workspace)
    origin = executions.Origin(workspace.id, version.workflow_id, version.id, while_paused="allow")
    started = executions.execution_start(origin=origin, trigger_node="t", input={}, now=clock.now())
    with tenant(workspace.id):
        Execution.objects.filter(id=started.id).update(status="WAITING_FOR_HUMAN", runnable_at=None)
    return started.id


def ask(
    workspace: Workspace,
    *,
    execution_id: UUID | None = None,
    title: str = "Ship order A-1?",
    message: str = "Orders over 1000 need a manager.",
    data: Any = None,
    outcomes: tuple[Outcome, ...] = WAYS,
    lasts: timedelta | None = timedelta(hours=1),
    priority: str = "normal",
    question: str = "CONFIRMATION",
    people: dict[str, Any] | None = None,
    **more: Any,
) -> Interaction:
    """A question of the node Manager. `people`: who is asked, as the node says it; `more`: as in `AskHuman`."""
    deadline = clock.now() + lasts if lasts is not None else None
    if people is not None:
        named = {"is_named": "assignees" in people or "groups" in people, "negative": "rejected"}
        people = named | people
    asked = AskHuman(question, title, outcomes, message, data, deadline, priority, people=people, **more)
    return _open(workspace, execution_id, "human", "ask", "Manager", deadline, asked)


def doubt(workspace: Workspace, *, execution_id: UUID | None = None) -> Interaction:
    """The engine's question whether Ship happened."""
    data = {
        "node": "Ship",
        "type": "HTTP_REQUEST",
        "parameters": {"method": "POST", "url": "https://api.example.com/shipments", "json": {"order": "A-1"}},
        "error": {"code": "executions.outcome_unknown", "message": "The process was lost.", "hint": "Look there."},
        "idempotency_key": "9f86d081884c7d659a2feaa0c55ad015",
        "sent_at": "2026-03-02T12:00:00+00:00",
        "attempt": 2,
    }
    review = Review("Did “Ship” happen?", "The process was lost.", data)
    return _open(workspace, execution_id, "review", "ship", "Ship", None, review)


def _open(
    workspace: Workspace, execution_id: UUID | None, kind: str, node_id: str, name: str, wake_at: Any, request: Any
) -> Interaction:
    execution_id = execution_id or park(workspace)
    handler = handler_of(kind)
    assert handler is not None, f"nobody is registered for waits of kind {kind}"
    with tenant(workspace.id):
        execution = Execution.objects.get(id=execution_id)
        wait_id = uuid7()
        Wait.objects.create(
            id=wait_id,
            workspace=workspace,
            execution=execution,
            node_id=node_id,
            path=f"[{wait_id}]",
            kind=kind,
            title=request.title,
            opened_at=clock.now(),
            wake_at=wake_at,
        )
        handler.opened(
            OpenWait(
                id=wait_id,
                workspace_id=workspace.id,
                execution_id=execution_id,
                workflow_id=execution.workflow_id,
                node_id=node_id,
                node_name=name,
                path=f"[{wait_id}]",
                kind=kind,
                wake_at=wake_at,
                request=request,
            )
        )
        return Interaction.objects.get(wait_id=wait_id)


def link_token(workspace: Workspace, actor: Actor) -> str:
    """The token of a link to a new question."""
    row = ask(workspace)
    return services.interaction_link_create(
        workspace_id=workspace.id, interaction_id=row.id, recipient="Jonas Weber", actor=actor, now=clock.now()
    ).token


def answer(workspace: Workspace, row: Interaction, user: User, outcome: str = "approved", **more: Any) -> Interaction:
    """A member answers on the page. Raises what the service refuses with."""
    return services.interaction_answer(
        workspace_id=workspace.id,
        interaction_id=row.id,
        answerer=services.Answerer.of(member_actor(user, "owner"), Via.APP),
        outcome=outcome,
        now=clock.now(),
        **more,
    )


def again(workspace: Workspace, interaction: Interaction) -> Interaction:
    """The question as it stands now."""
    with tenant(workspace.id):
        return Interaction.objects.get(id=interaction.id)
