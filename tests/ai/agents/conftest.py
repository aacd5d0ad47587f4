"""A real engine whose models say what a test wants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.nodes.running import FakeModels

if TYPE_CHECKING:
    from apps.accounts.models import Workspace
    from tests.executions.conftest import Engine


@pytest.fixture
def engine(committed_db: None, workspace: Workspace) -> Iterator[Engine]:
    """An engine with one dispatcher, in alice's workspace."""
    from tests.executions.conftest import Engine

    found = Engine(workspace)
    found.add_dispatcher()
    yield found
    for each in found.dispatchers:
        each.stop()


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> FakeModels:
    """What every agent of the test asks."""
    from apps.ai import gateway

    found = FakeModels([])
    monkeypatch.setattr(gateway, "Gateway", lambda *given, **more: found)
    return found


def agent(*attached: str, **params: Any) -> dict[str, Any]:
    """An agent called Desk that uses these nodes."""
    given = {"model": "gpt-5-mini", "prompt": "Help."} | params
    own = {"id": "desk", "name": "Desk", "type": "AI_AGENT", "subtype": "OPENAI"}
    return own | {"params": given, "attached": list(attached)}
