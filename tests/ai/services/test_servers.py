"""Ollama servers: asked, pulled to by a worker that may be killed or stopped, and models taken away again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from apps.ai import selectors, services
from apps.ai.errors import NothingToStop, PullInvalid, ServerNotFound
from apps.ai.jobs import job_take
from apps.ai.models import Pull
from apps.ai.services import servers
from apps.core.tenancy import tenant
from apps.integrations.errors import MayNotManage
from apps.integrations.models import Credential
from apps.integrations.vendors.ollama.client import OllamaFailed
from tests.ai.connecting import connect, member
from tests.cast import Cast
from tests.fakes.ollama import VERSION, Ollama, ollama_server

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def fake(settings: Any) -> Iterator[Ollama]:
    with ollama_server() as found:
        settings.EGRESS_ALLOW = [found.url.removeprefix("http://")]
        yield found


@pytest.fixture
def server(cast: Cast, fake: Ollama) -> Credential:
    return connect(cast, "ollama", url=fake.url)


def pull(cast: Cast, server: Credential, model: str = "qwen3:8b") -> Pull:
    return services.pull_start(workspace_id=cast.workspace.id, actor=cast.owner, credential_id=server.id, model=model)


def now(cast: Cast, made: Pull) -> Pull:
    with tenant(cast.workspace.id):
        return selectors.pull(cast.workspace.id, made.credential_id, made.id)


def paused(fake: Ollama) -> tuple[threading.Event, threading.Event]:
    """Let a pull wait with its first part: what lets it go on, and what says that it waits."""
    held, seen = threading.Event(), threading.Event()

    def pause() -> None:
        seen.set()
        held.wait(20)

    fake.pull_pauses.append(pause)
    return held, seen


def test_a_server_says_what_it_is_and_holds_or_why_not(cast: Cast, fake: Ollama, server: Credential) -> None:
    look = services.server_look(workspace_id=cast.workspace.id, actor=cast.owner, credential_id=server.id)
    assert (look.is_reachable, look.version, look.size) == (True, VERSION, 2 * 2_019_393_189)
    away = connect(cast, "ollama", "Away")
    look = services.server_look(workspace_id=cast.workspace.id, actor=cast.owner, credential_id=away.id)
    assert not look.is_reachable
    assert look.error
    assert look.hint
    key = connect(cast, "openai")
    with pytest.raises(ServerNotFound):
        services.server_look(workspace_id=cast.workspace.id, actor=cast.owner, credential_id=key.id)


def test_a_worker_pulls_and_says_how_far_it_is(cast: Cast, fake: Ollama, server: Credential) -> None:
    held, seen = paused(fake)
    made = pull(cast, server)
    assert pull(cast, server).id == made.id
    worker = threading.Thread(target=services.pulls_work)
    worker.start()
    assert seen.wait(10)
    for _tick in range(100):
        if now(cast, made).message == "pulling manifest":
            break
        worker.join(0.05)
    assert now(cast, made).status == "running"
    assert now(cast, made).message == "pulling manifest"
    held.set()
    worker.join(20)
    ended = now(cast, made)
    assert (ended.status, ended.done_bytes, ended.total_bytes, ended.percent) == ("done", 2 * 10**9, 2 * 10**9, 100)
    assert ended.finished_at is not None
    assert fake.known is not None
    assert "qwen3:8b" in fake.known
    services.model_delete(workspace_id=cast.workspace.id, actor=cast.owner, credential_id=server.id, model="qwen3:8b")
    assert "qwen3:8b" not in fake.known
    with pytest.raises(OllamaFailed):
        services.model_delete(
            workspace_id=cast.workspace.id, actor=cast.owner, credential_id=server.id, model="qwen3:8b"
        )


def test_a_killed_worker_is_followed_by_another_but_not_for_ever(cast: Cast, fake: Ollama, server: Credential) -> None:
    made = pull(cast, server)
    assert job_take(Pull, "ai_pulls_take") is not None  # and is never heard of again
    assert not services.pulls_work()
    for attempts in (1, servers.MOST_ATTEMPTS):
        with tenant(cast.workspace.id):
            Pull.objects.filter(id=made.id).update(
                due_at=Now() - timedelta(seconds=1), status="running", attempts=attempts
            )
        assert services.pulls_work()
        if attempts == 1:
            assert (now(cast, made).status, now(cast, made).attempts) == ("done", 2)
    ended = now(cast, made)
    assert ended.status == "failed"
    assert ended.error is not None
    assert ended.error["code"] == "ai.pull_interrupted"
    assert not services.pulls_work()


def test_a_stop_reaches_the_server(cast: Cast, fake: Ollama, server: Credential) -> None:
    held, seen = paused(fake)
    made = pull(cast, server)
    worker = threading.Thread(target=services.pulls_work)
    worker.start()
    assert seen.wait(10)
    given: dict[str, Any] = {"workspace_id": cast.workspace.id, "credential_id": server.id, "pull_id": made.id}
    assert services.pull_cancel(**given, actor=cast.owner).status == "canceled"
    worker.join(10)
    assert not worker.is_alive()
    held.set()
    assert now(cast, made).status == "canceled"
    with pytest.raises(NothingToStop):
        services.pull_cancel(**given, actor=cast.owner)


def test_a_refusal_is_kept_in_the_servers_words(cast: Cast, fake: Ollama, server: Credential) -> None:
    made = pull(cast, server, "never-was")
    services.pulls_work()
    ended = now(cast, made)
    assert ended.status == "failed"
    assert ended.error is not None
    assert "file does not exist" in ended.error["message"]
    assert "ollama.com/library" in ended.error["hint"]
    with pytest.raises(PullInvalid):
        pull(cast, server, "rm -rf /")


def test_members_look_but_do_not_touch(cast: Cast, fake: Ollama, server: Credential) -> None:
    bob = member(cast)
    given: dict[str, Any] = {"workspace_id": cast.workspace.id, "actor": bob, "credential_id": server.id}
    assert services.server_look(**given).is_reachable
    with pytest.raises(MayNotManage):
        services.pull_start(**given, model="qwen3:8b")
    with pytest.raises(MayNotManage):
        services.model_delete(**given, model="llama3.2:3b")
