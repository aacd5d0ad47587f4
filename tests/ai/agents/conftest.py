"""A real engine whose models say what a test wants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.nodes.running import FakeModels

if TYPE_CHECKING:
    from uuid import UUID

    from apps.accounts.models import User, Workspace
    from tests.executions.conftest import Engine
    from tests.fakes.openai import OpenAI
    from tests.fakes.receiver import Receiver


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


@dataclass
class Connected:
    """A real engine, a workspace with a real credential, and behind it a fake OpenAI and another system."""

    engine: Engine
    openai: OpenAI
    there: Receiver
    credential: UUID

    def agent(self, *attached: str, **params: Any) -> dict[str, Any]:
        """An agent called Desk that asks the fake with the credential."""
        own = {"kind": "credential", "credential": str(self.credential), "name": "OpenAI"}
        return agent(*attached, credential=own, **params)

    def calls(self, node_id: str, method: str = "GET", **params: Any) -> dict[str, Any]:
        """A tool that calls the other system, with what the model gives as `n`."""
        from tests.executions.conftest import node

        fills = [{"name": "n", "parameter": "query.n"}]
        own = {"method": method, "url": f"{self.there.url}/{node_id}", "returns": "body"}
        given = {"title": node_id, "description": "It calls.", "fills": fills, "params": own}
        return node(node_id, "TOOL.NODE", node="ACTION.HTTP_REQUEST", **given | params)


@pytest.fixture
def connected(engine: Engine, alice: User, settings: Any) -> Iterator[Connected]:
    """OpenAI is connected, by a credential of its own address."""
    from apps.accounts.access.resolve import member_actor
    from apps.integrations import services
    from tests.fakes.openai import openai_server
    from tests.fakes.receiver import receiver
    from tests.fakes.scripted import KEY

    with openai_server() as openai, receiver() as there:
        settings.EGRESS_ALLOW = [openai.host, there.host]
        row = services.credential_create(
            workspace_id=engine.workspace.id,
            actor=member_actor(alice, "owner"),
            name="OpenAI",
            type="openai",
            fields={"base_url": openai.base, "api_key": KEY},
            allow_unverified=True,
        )
        yield Connected(engine, openai, there, row.id)
