"""WebSocket and event stream against a real web process."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import Any
from uuid import UUID

import pytest
from websockets.exceptions import ConnectionClosed

from apps.accounts import services as accounts
from apps.accounts.models import Membership
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import services
from tests.cast import Cast
from tests.executions.conftest import Engine
from tests.executions.live import Web, daphne
from tests.executions.test_feed import ASKING, answer, messages

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def web(django_db_setup: None) -> Iterator[Web]:
    """One web process for all tests here."""
    with daphne() as found:
        yield found


@pytest.fixture
def parked(engine: Engine) -> dict[str, Any]:
    """An execution that waits for a person."""
    execution_id = engine.start(engine.publish(ASKING))
    return engine.until(execution_id, "WAITING_FOR_HUMAN")


def finish(engine: Engine, parked: dict[str, Any]) -> list[dict[str, Any]]:
    answer(engine.workspace, parked["waits"][0]["id"])
    engine.poke()
    engine.until(UUID(parked["id"]))
    return messages(engine.workspace, UUID(parked["id"]))


def test_both_carry_the_same_changes_and_end_with_the_execution(
    engine: Engine, web: Web, cast: Cast, parked: dict[str, Any]
) -> None:
    path = f"/api/v1/app/executions/{parked['id']}/events"
    with (
        web.socket(cast.bob, f"/ws/executions/{parked['id']}/?after=0") as socket,
        web.stream(cast.alice, path) as stream,
    ):
        assert stream.status == 200
        assert stream.response.headers["Content-Type"] == "text/event-stream"
        events = stream.messages()
        opening = {"snapshot_seq": parked["seq"]}
        assert json.loads(socket.recv(timeout=5)) == opening == next(events)
        told = finish(engine, parked)
        assert list(events) == told
        assert stream.last_id == str(told[-1]["seq"])
        assert [json.loads(frame) for frame in socket] == told
        assert socket.close_code == 1000


def test_a_stream_resumes_after_the_last_event(engine: Engine, web: Web, cast: Cast, parked: dict[str, Any]) -> None:
    told = finish(engine, parked)
    path = f"/api/v1/app/executions/{parked['id']}/events/"
    with web.stream(cast.alice, path, **{"Last-Event-ID": str(told[0]["seq"])}) as stream:
        assert list(stream.messages()) == [{"snapshot_seq": told[-1]["seq"]}, *told[1:]]
    with web.stream(cast.alice, f"{path}?after={told[-1]['seq']}") as stream:
        assert list(stream.messages()) == [{"snapshot_seq": told[-1]["seq"]}]


def test_a_key_may_watch_within_its_scope(web: Web, cast: Cast, parked: dict[str, Any]) -> None:
    common: Any = {"workspace": cast.workspace, "actor": cast.owner}
    reader = accounts.api_key_create(**common, name="Reader", scopes=["execution:read"]).secret
    writer = accounts.api_key_create(**common, name="Writer", scopes=["workflow:update"]).secret
    path = f"/api/v1/app/executions/{parked['id']}/events"
    with web.stream(None, path, Authorization=f"Bearer {reader}") as stream:
        assert next(stream.messages()) == {"snapshot_seq": parked["seq"]}
    with web.stream(None, path, Authorization=f"Bearer {writer}") as stream:
        assert stream.status == 403
        assert json.loads(stream.response.read())["code"] == "accounts.not_allowed"
    with web.socket(None, f"/ws/executions/{parked['id']}/", Authorization=f"Bearer {reader}") as socket:
        assert json.loads(socket.recv(timeout=5)) == {"snapshot_seq": parked["seq"]}


@pytest.mark.parametrize("who", ["charlie", "nobody"])
def test_outsiders_are_sent_away(web: Web, cast: Cast, parked: dict[str, Any], who: str) -> None:
    person = cast.charlie if who == "charlie" else None
    for execution_id in (parked["id"], uuid7()):
        with web.socket(person, f"/ws/executions/{execution_id}/") as socket:
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=5)
            assert socket.close_code == 4404
        with web.stream(person, f"/api/v1/app/executions/{execution_id}/events") as stream:
            assert stream.status == (404 if person else 401)


def test_who_is_removed_meanwhile_sees_no_more(web: Web, cast: Cast, parked: dict[str, Any]) -> None:
    path = f"/api/v1/app/executions/{parked['id']}/events"
    with (
        web.socket(cast.bob, f"/ws/executions/{parked['id']}/?after={parked['seq']}") as socket,
        web.stream(cast.bob, path) as stream,
    ):
        assert json.loads(socket.recv(timeout=5)) == {"snapshot_seq": parked["seq"]}
        with tenant(cast.workspace.id):
            membership = Membership.objects.get(workspace=cast.workspace, user=cast.bob)
        accounts.member_remove(workspace=cast.workspace, membership=membership, actor=cast.owner)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=9)
        assert socket.close_code == 4404
        assert next(stream.messages()) == {"snapshot_seq": parked["seq"]}
        assert all("changes" in message for message in stream.messages())  # what there was, and then the end
    with web.stream(cast.bob, path) as again:
        assert again.status == 404


def test_an_address_that_is_none_is_closed_like_a_foreign_one(web: Web, cast: Cast) -> None:
    for path in ("/ws/executions/7/", "/ws/", "/elsewhere/"):
        with web.socket(cast.bob, path) as socket:
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=5)
            assert socket.close_code == 4404


def test_a_page_of_another_site_cannot_listen(web: Web, cast: Cast, parked: dict[str, Any]) -> None:
    from websockets.exceptions import InvalidStatus

    with (
        pytest.raises(InvalidStatus),
        web.socket(cast.bob, f"/ws/executions/{parked['id']}/", Origin="https://evil.example"),
    ):
        pass


def test_who_talks_too_much_is_cut_off(web: Web, cast: Cast, parked: dict[str, Any]) -> None:
    with web.socket(cast.bob, f"/ws/executions/{parked['id']}/?after={parked['seq']}") as socket:
        socket.recv(timeout=5)
        with contextlib.suppress(ConnectionClosed):
            for _ in range(200):
                socket.send("{not json")
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=5)
        assert socket.close_code == 4429


def test_waiting_for_an_end_works_over_a_real_server(engine: Engine, web: Web, cast: Cast) -> None:
    """Many callers wait at once in one web process, each for its own execution."""
    from concurrent.futures import ThreadPoolExecutor
    from urllib.request import Request, urlopen

    from tests.executions.conftest import definition, fields, node

    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("pause", "FLOW.WAIT", duration={"seconds": 1}),
            node("x", "ACTION.TRANSFORM", fields=fields(n="{{ $trigger.n }}")),
        ],
        ["t > pause", "pause > x"],
    )
    origin = engine.publish(document)
    key = accounts.api_key_create(workspace=cast.workspace, actor=cast.owner, name="Caller").secret

    def call(number: int) -> Any:
        request = Request(
            f"http://127.0.0.1:{web.port}/api/v1/app/workflows/{origin.workflow_id}/execute",
            data=json.dumps({"input": {"n": number}, "wait": 20}).encode(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        with urlopen(request, timeout=30) as response:
            return json.loads(response.read())

    with ThreadPoolExecutor(30) as pool:
        found = list(pool.map(call, range(30)))
    assert [each["output"] for each in found] == [{"n": number} for number in range(30)]


def test_who_only_waits_holds_no_thread_and_no_connection(
    engine: Engine, web: Web, cast: Cast, parked: dict[str, Any]
) -> None:
    from django.db import connection

    def connections() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            return int(cursor.fetchone()[0])

    path = f"/api/v1/app/executions/{parked['id']}/events?after={parked['seq']}"
    with ExitStack() as watchers:
        for _ in range(5):  # what the process keeps for itself is there from now on
            next(watchers.enter_context(web.stream(cast.bob, path)).messages())
        threads, open_ones = web.threads(), connections()
        for number in range(60):
            who = cast.alice if number % 2 else cast.bob
            if number % 3:
                next(watchers.enter_context(web.stream(who, path)).messages())
            else:
                watchers.enter_context(web.socket(who, f"/ws/executions/{parked['id']}/")).recv(timeout=5)
        time.sleep(0.5)
        assert web.threads() - threads < 10
        assert connections() - open_ones < 10


def test_a_stream_is_only_read(web: Web, cast: Cast, parked: dict[str, Any]) -> None:
    key = accounts.api_key_create(workspace=cast.workspace, actor=cast.owner, name="Caller").secret
    connection = HTTPConnection("127.0.0.1", web.port, timeout=10)
    for method in ("POST", "DELETE"):
        path = f"/api/v1/app/executions/{parked['id']}/events/"
        connection.request(method, path, headers={"Authorization": f"Bearer {key}"})
        answered = connection.getresponse()
        assert (answered.status, answered.headers["Content-Type"]) == (405, "application/problem+json")
        answered.read()
    connection.close()


def test_cancelling_is_told(engine: Engine, web: Web, cast: Cast, parked: dict[str, Any]) -> None:
    with web.socket(cast.bob, f"/ws/executions/{parked['id']}/?after={parked['seq']}") as socket:
        socket.recv(timeout=5)
        services.execution_cancel(
            workspace_id=cast.workspace.id, execution_id=UUID(parked["id"]), now=clock.now(), by="alice"
        )
        (message,) = [json.loads(frame) for frame in socket]
    assert message["changes"][-1]["status"] == "CANCELED"


def test_the_log_is_streamed_line_by_line_and_ends_with_the_execution(
    engine: Engine, web: Web, cast: Cast, parked: dict[str, Any]
) -> None:
    path = f"/api/v1/app/executions/{parked['id']}/logs/stream/"
    with web.stream(cast.alice, path) as stream:
        assert stream.status == 200
        lines = stream.messages()
        told = [next(lines)["message"], next(lines)["message"]]
        assert told[0].startswith("Started")
        assert "was asked" in told[1]
        resumed_at = stream.last_id
        finish(engine, parked)
        told += [line["message"] for line in lines]
        assert told[-1].startswith("Finished after ")
    with web.stream(cast.alice, path, **{"Last-Event-ID": resumed_at}) as again:
        assert [line["message"] for line in again.messages()] == told[2:]
    with web.stream(cast.alice, f"{path}?view=technical&level=error") as errors:
        assert list(errors.messages()) == []
    with web.stream(cast.charlie, path) as foreign:
        assert foreign.status == 404
    with web.stream(cast.alice, f"{path}?view=loud") as wrong:
        assert wrong.status == 400
