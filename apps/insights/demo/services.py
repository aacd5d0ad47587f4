"""Filling the demo workspace, through the same services that people use."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from apps.accounts import selectors as accounts
from apps.accounts import services as accounts_services
from apps.accounts.access.permissions import Role
from apps.accounts.access.resolve import member_actor
from apps.accounts.models import User
from apps.executions import launch
from apps.executions.launch import Start
from apps.insights.demo.definitions import ORDER, SMALL_ORDER, demos
from apps.workflows import services as workflows

SLUG = "demo"
OWNER = "demo@example.com"


def demo_seed(*, now: datetime) -> bool:
    """Make the demo workspace with its three active workflows, one order that was shipped and one that waits.

    All of it or nothing, and only where there is no workspace `demo` yet. Whether it was made now.
    """
    if accounts.slug_is_taken(SLUG):
        return False
    with transaction.atomic():
        owner = User.objects.filter(email=OWNER).first() or User.objects.create_user(OWNER, name="Demo Owner")
        workspace = accounts_services.workspace_create(name="Demo", slug=SLUG, owner=owner)
        actor = member_actor(owner, Role.OWNER)
        made = []
        for demo in demos(settings.DEMO_URL):
            workflow = workflows.workflow_create(
                workspace_id=workspace.id,
                actor=actor,
                name=demo.name,
                description=demo.description,
                definition=demo.definition,
            )
            workflows.workflow_activate(workspace_id=workspace.id, workflow_id=workflow.id, actor=actor)
            made.append(workflow)
        orders, _, suppliers = made
        starts = [
            Start(workflow_id=orders.id, given=SMALL_ORDER, trigger="hook"),
            Start(workflow_id=suppliers.id, trigger="start"),
            Start(workflow_id=orders.id, given=ORDER, trigger="hook"),
        ]
        for start in starts:
            launch.execution_launch(workspace_id=workspace.id, actor=actor, start=start, now=now)
    return True
