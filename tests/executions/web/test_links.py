"""What hangs together with an execution, on its page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from apps.core import clock, outbox
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from tests.cast import Cast
from tests.hil import asking

pytestmark = pytest.mark.django_db


@pytest.fixture
def family(cast: Cast) -> tuple[UUID, UUID]:
    """An execution and one that it called."""
    parent, child = asking.park(cast.workspace), asking.park(cast.workspace)
    starter: dict[str, Any] = {"kind": "execution", "id": str(parent), "label": "Orders", "by": "SUB_WORKFLOW"}
    with tenant(cast.workspace.id):
        Execution.objects.filter(id=child).update(
            parent_id=parent, child_index=0, depth=1, started_by=starter | {"node_id": "call", "path": ""}
        )
    return parent, child


def page(client: Client, cast: Cast, execution_id: UUID, part: str = "") -> str:
    client.force_login(cast.bob)
    return client.get(f"/w/acme/executions/{execution_id}/{part}").content.decode()


def test_parent_and_child_lead_to_each_other(client: Client, cast: Cast, family: tuple[UUID, UUID]) -> None:
    parent, child = family
    above, below = page(client, cast, parent), page(client, cast, child)
    assert "Called one run" in above
    assert f"/w/acme/executions/{child}/" in above
    assert "called by" in below
    assert f"/w/acme/executions/{parent}/" in below


def test_the_part_asks_for_itself_while_something_moves(client: Client, cast: Cast, family: tuple[UUID, UUID]) -> None:
    parent, child = family
    asks = f'hx-get="/w/acme/executions/{parent}/links/"'
    assert asks in page(client, cast, parent, "links/")
    with tenant(cast.workspace.id):
        Execution.objects.filter(id=parent).update(status="SUCCESS", finished_at=clock.now(), owner=None)
    assert asks in page(client, cast, parent, "links/"), "its child goes on"
    with tenant(cast.workspace.id):
        Execution.objects.filter(id=child).update(status="ERROR", finished_at=clock.now(), owner=None)
    part = page(client, cast, parent, "links/")
    assert asks not in part
    assert "1 failed or cancelled" in part


def test_who_was_told_and_the_button_that_tells_again(client: Client, cast: Cast, settings: Settings) -> None:
    settings.OUTBOX_DELAYS = [0]
    execution_id = asking.park(cast.workspace)
    with tenant(cast.workspace.id):
        message = outbox.message_put(
            workspace_id=cast.workspace.id,
            channel="pigeon",
            subject_id=execution_id,
            target="https://there.example/done",
            now=clock.now(),
        )
    outbox.messages_send()
    shown = page(client, cast, execution_id)
    assert "Could not tell" in shown
    assert "Nobody here sends by pigeon." in shown
    answer = client.post(f"/w/acme/executions/{execution_id}/deliveries/{message.id}/resend/")
    assert answer.status_code == 302
    assert "Telling" in page(client, cast, execution_id)
