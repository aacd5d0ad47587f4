"""Resume on a real engine: the answer says where the execution stands afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from tests.hil.asking import document

if TYPE_CHECKING:
    from tests.executions.conftest import Engine

pytestmark = pytest.mark.integration


def test_resume_waits_for_the_end(engine: Engine, api: Callable[..., APIClient], alice: User) -> None:
    execution_id = engine.start(engine.publish(document()), {"order": "A-1"})
    engine.until(execution_id, "WAITING_FOR_HUMAN")

    said = api(alice).post(f"/api/v1/app/executions/{execution_id}/resume", {"approved": True})

    assert said.status_code == 200
    assert (said.json()["status"], said.json()["has_moved"], said.json()["output"]) == (
        "SUCCESS",
        True,
        {"done": True},
    )
