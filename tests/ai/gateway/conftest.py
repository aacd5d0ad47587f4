"""Every provider as a test asks it: a fake with the vendor's wire protocol, and the real LiteLLM in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from apps.ai.gateway import Caller, Gateway
from apps.integrations import registry
from apps.integrations.opened import Opened
from apps.nodes.contract import ChatRequest, CredentialRef, Message, ModelRef, Provider
from tests.cast import Cast
from tests.fakes.anthropic import anthropic_server
from tests.fakes.gemini import gemini_server
from tests.fakes.ollama import ollama_server
from tests.fakes.openai import openai_server
from tests.fakes.scripted import KEY

Server = Callable[[], AbstractContextManager[Any]]
SERVERS: dict[Provider, tuple[Server, str, str]] = {
    "openai": (openai_server, "openai", "gpt-4.1-mini"),
    "anthropic": (anthropic_server, "anthropic", "claude-sonnet-4-5"),
    "gemini": (gemini_server, "gemini", "gemini-2.5-flash"),
    "ollama": (ollama_server, "ollama", "llama3.2:3b"),
    "groq": (openai_server, "groq", "openai/gpt-oss-120b"),
    "together": (openai_server, "together", "zai-org/GLM-4.6"),
    "custom": (openai_server, "openai_compatible", "house-model"),
}


class Circuits:
    """What was told of whom, as the engine's circuits would be."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def before(self, target: str, *, timeout: float) -> bool:
        """Nobody is left alone."""
        return True

    def failed(self, target: str, error: str, *, asked_seconds: float = 0.0) -> None:
        """Somebody failed."""
        self.told.append(f"failed {asked_seconds:g}")

    def succeeded(self, target: str) -> None:
        """Somebody answered."""
        self.told.append("succeeded")

    def left(self, target: str) -> None:
        """Somebody was not asked after all."""
        self.told.append("left")


@dataclass
class Asking:
    """A gateway, and the fakes it can reach."""

    workspace_id: UUID
    allow: Callable[[str], None]
    stack: ExitStack
    circuits: Circuits = field(default_factory=Circuits)
    credentials: dict[UUID, Opened] = field(default_factory=dict)

    def connect(self, provider: Provider, *, key: str = KEY, base: str = "") -> tuple[Any, ModelRef]:
        """A fake of the provider, and a model of it with a credential of its own."""
        server, type_, model = SERVERS[provider]
        fake = self.stack.enter_context(server())
        self.allow(fake.host)
        kind = registry.credential_types()[type_]
        fields = kind.Fields.model_validate({"base_url": base or fake.base, "api_key": SecretStr(key)})
        id_ = uuid4()
        self.credentials[id_] = Opened(id=id_, name=provider, kind=kind, fields=fields)
        return fake, ModelRef(provider=provider, model=model, credential=id_)

    def opened(self, ref: CredentialRef, use: str) -> Opened:
        """As the engine opens them."""
        found = self.credentials[ref.credential]
        assert use in found.kind.fits
        return found

    @property
    def gateway(self) -> Gateway:
        """Who asks."""
        return Gateway(Caller(self.workspace_id), self.opened, self.circuits)

    def chat(self, *refs: ModelRef, on_text: Any = None, text: str = "Hello", **more: Any) -> Any:
        """Ask in a few words."""
        messages = more.pop("messages", (Message.of("user", text),))
        request = ChatRequest(models=refs, messages=messages, **more)
        return self.gateway.chat(request, step="turn:1", on_text=on_text)


@pytest.fixture
def asking(cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asking]:
    """A gateway for the cast's workspace, which does not wait long."""
    monkeypatch.setattr("apps.ai.gateway.asking.FIRST_PAUSE_SECONDS", 0.01)
    settings.EGRESS_ALLOW = []

    def allow(host: str) -> None:
        settings.EGRESS_ALLOW = [*settings.EGRESS_ALLOW, host]

    with ExitStack() as stack:
        yield Asking(cast.workspace.id, allow, stack)
