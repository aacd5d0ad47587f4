"""Reading what was sent about an execution, and sending it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from pytest_django.fixtures import Settings

from apps.accounts.models import AuditEvent
from apps.core import clock, outbox
from apps.core.ids import uuid7
from apps.core.models import Message
from apps.core.tenancy import tenant
from tests.cast import Cast
from tests.hil import asking

if TYPE_CHECKING:
    from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db
Api = Callable[..., "APIClient"]


@pytest.fixture
def sent(cast: Cast, settings: Settings) -> tuple[UUID, UUID]:
    """An execution and a message about it that was given up after one try."""
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
    return execution_id, message.id


def test_every_try_is_shown(api: Api, cast: Cast, sent: tuple[UUID, UUID]) -> None:
    (found,) = api(cast.bob).get(f"/api/v1/app/executions/{sent[0]}/deliveries/").json()
    assert (found["id"], found["state"], found["target"]) == (str(sent[1]), "dead", "https://there.example/done")
    assert (found["next_try_at"], found["delivered_at"]) == (None, None)
    (tried,) = found["tries"]
    assert (tried["number"], tried["status"], tried["error"]) == (1, None, "Nobody here sends by pigeon.")


def test_it_can_be_sent_again_on_record(api: Api, cast: Cast, sent: tuple[UUID, UUID]) -> None:
    answer = api(cast.bob).post(f"/api/v1/app/executions/{sent[0]}/deliveries/{sent[1]}/resend/")
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    with tenant(cast.workspace.id):
        assert AuditEvent.objects.filter(action="delivery.sent_again").exists()
    outbox.messages_send()
    with tenant(cast.workspace.id):
        assert len(Message.objects.get(id=sent[1]).tries) == 2


@pytest.mark.parametrize("who", ["alice", "charlie"])
def test_only_by_the_execution_it_belongs_to(api: Api, cast: Cast, sent: tuple[UUID, UUID], who: str) -> None:
    other = uuid7() if who == "alice" else sent[0]
    client: Any = api(getattr(cast, who))
    assert client.post(f"/api/v1/app/executions/{other}/deliveries/{sent[1]}/resend/").status_code == 404
