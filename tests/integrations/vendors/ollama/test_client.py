"""The models of an Ollama server: listed, fetched with its progress heard, deleted; and what can go wrong there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.core import egress
from apps.core.egress import EgressError, HttpDoor, Line, Policy
from apps.integrations.vendors.ollama.client import Fetching, Ollama, OllamaFailed
from tests.fakes.echo import echo
from tests.fakes.ollama import VERSION, ollama_server
from tests.fakes.ollama import Ollama as Server


@pytest.fixture
def server() -> Iterator[Server]:
    with ollama_server() as found:
        yield found


@pytest.fixture
def door(server: Server) -> HttpDoor:
    return HttpDoor(Policy.of([server.url.removeprefix("http://")]))


def test_what_it_is_and_what_it_holds(server: Server, door: HttpDoor) -> None:
    client = Ollama(door, f"{server.url}/")
    assert client.version() == VERSION
    first, second = client.models()
    assert (first.name, second.name) == ("llama3.2:3b", "nomic-embed-text:latest")
    assert (first.size, first.parameters, first.quantization) == (2_019_393_189, "3.2B", "Q4_K_M")
    assert first.changed_at is not None
    client.delete("llama3.2:3b")
    assert [model.name for model in client.models()] == ["nomic-embed-text:latest"]


def test_a_pull_tells_how_far_it_is_while_it_goes_on(server: Server, door: HttpDoor) -> None:
    told: list[Fetching] = []
    Ollama(door, server.url).pull("qwen3:8b", told.append)
    assert told[0] == Fetching("pulling manifest")
    assert [each.done for each in told if each.message.startswith("pulling ab")][:3] == [0, 400_000_000, 800_000_000]
    assert told[-1] == Fetching("success", 2_000_000_000, 2_000_000_000)


def test_what_it_refuses_is_said_in_its_words(server: Server, door: HttpDoor) -> None:
    client = Ollama(door, server.url)
    with pytest.raises(OllamaFailed, match="file does not exist") as unknown:
        client.pull("never-was", print)
    assert "ollama.com/library" in unknown.value.hint
    with pytest.raises(OllamaFailed, match="never-was"):
        client.delete("never-was")


def test_a_pull_that_breaks_off_is_no_success(server: Server, door: HttpDoor) -> None:
    line = Line()
    server.pull_pauses.append(line.cut)
    with egress.line(line), pytest.raises(EgressError):
        Ollama(door, server.url).pull("qwen3:8b", lambda told: None)
    assert server.known is not None
    assert "qwen3:8b" not in server.known


def test_something_else_at_the_address_is_named() -> None:
    with echo() as other:
        client = Ollama(HttpDoor(Policy.of([other.host])), f"http://{other.host}")
        with pytest.raises(OllamaFailed, match="no Ollama server"):
            client.version()
