"""The feed behind WebSocket and event stream: nothing lost, nothing twice, nothing out of order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from channels.layers import get_channel_layer

from apps.accounts.models import Workspace
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import feed, live, selectors, services
from apps.executions.engine.states import TERMINAL
from tests.executions.conftest import Engine, definition, fields, node
from tests.executions.reducer import apply, plain
from tests.fakes.receiver import Receiver, receiver

Json = dict[str, Any]

ASKING = definition(
    [
        node("t", "TRIGGER.MANUAL"),
        node("boss", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="Ship?", timeout_seconds=3600),
        node("yes", "ACTION.TRANSFORM", fields=fields(shipped=True)),
        node("no", "ACTION.TRANSFORM", fields=fields(shipped=False)),
    ],
    ["t > boss", "boss.approved > yes", "boss.rejected > no"],
    while_paused="allow",
)


def snapshot(workspace: Workspace, execution_id: UUID) -> Json:
    with tenant(workspace.id):
        execution = selectors.execution_get(workspace_id=workspace.id, execution_id=execution_id)
        return plain(selectors.execution_snapshot(execution=execution))


def messages(workspace: Workspace, execution_id: UUID) -> list[Json]:
    with tenant(workspace.id):
        rows = selectors.transition_list(workspace_id=workspace.id, execution_id=execution_id)
    return [feed.message_of(row) for row in rows]


def answer(workspace: Workspace, wait_id: str, outcome: str = "approved") -> None:
    services.wait_resolve(
        workspace_id=workspace.id, wait_id=UUID(wait_id), answer={"outcome": outcome}, by="Bob", now=clock.now()
    )


def agree(workspace: Workspace, execution_id: UUID, old: list[Json]) -> Json:
    """Every old snapshot, brought up to date by the changes after it, is the fresh one."""
    fresh, changes = snapshot(workspace, execution_id), messages(workspace, execution_id)
    for earlier in old:
        reached = earlier
        for message in changes:
            reached = apply(reached, message)
        assert reached == fresh
    return fresh


@pytest.fixture
def stock(settings: Any) -> Iterator[Receiver]:
    """A receiver that nodes may call."""
    with receiver() as found:
        settings.EGRESS_ALLOW = [found.host]
        yield found


# ── The law ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_old_snapshot_and_the_changes_after_it_are_a_fresh_snapshot(engine: Engine, stock: Receiver) -> None:
    """Retries, branches, a question, its answer, skipped nodes: through all of it, from wherever one looked first."""
    stock.says(503, delay=0.1)
    stock.says(200, {"left": 3}, delay=0.1)
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node(
                "stock", "ACTION.HTTP_REQUEST", url=f"{stock.url}/stock", _retry={"attempts": 3, "delay_seconds": 0.3}
            ),
            node("total", "ACTION.TRANSFORM", fields=fields(total=7)),
            node("join", "FLOW.MERGE", mode="all"),
            *ASKING["nodes"][1:],
            node("end", "ACTION.TRANSFORM", fields=fields(end=True)),
        ],
        [
            "t > stock",
            "t > total",
            "stock > join",
            "total > join",
            "join > boss",
            "boss.approved > yes",
            "boss.rejected > no",
            "yes > end",
            "no > end",
        ],
        while_paused="allow",
    )
    execution_id = engine.start(engine.publish(document))
    seen = [snapshot(engine.workspace, execution_id)]
    engine.until(execution_id, "RUNNING", "WAITING")
    seen.append(snapshot(engine.workspace, execution_id))
    engine.until(execution_id, "WAITING_FOR_HUMAN")
    parked = agree(engine.workspace, execution_id, seen)
    assert len(parked["node_runs"]["stock", ""]["attempts"]) == 2
    answer(engine.workspace, next(iter(parked["waits"])))
    engine.poke()
    engine.until(execution_id)
    ended = agree(engine.workspace, execution_id, [*seen, parked])
    assert ended["node_runs"]["no", ""]["state"] == "SKIPPED"
    assert ended["resume_count"] >= 1


def test_the_law_holds_for_failures(engine: Engine) -> None:
    document = definition(
        [node("t", "TRIGGER.MANUAL"), node("x", "ACTION.TRANSFORM", fields=fields(a="{{ $json.a.b.c + 1 }}"))],
        ["t > x"],
    )
    execution_id = engine.start(engine.publish(document), {"a": 1})
    first = snapshot(engine.workspace, execution_id)
    engine.until(execution_id)
    ended = agree(engine.workspace, execution_id, [first])
    assert (ended["status"], ended["error"]) == ("ERROR", "expressions.failed")


@pytest.mark.parametrize("end", ["cancel", "expire"])
def test_the_law_holds_for_ends_from_outside(engine: Engine, end: str) -> None:
    execution_id = engine.start(engine.publish(ASKING))
    first = snapshot(engine.workspace, execution_id)
    engine.until(execution_id, "WAITING_FOR_HUMAN")
    second = snapshot(engine.workspace, execution_id)
    common: Any = {"workspace_id": engine.workspace.id, "execution_id": execution_id, "now": clock.now()}
    if end == "cancel":
        services.execution_cancel(**common, by="bob")
    else:
        services.execution_expire(**common)
    ended = agree(engine.workspace, execution_id, [first, second])
    (wait,) = ended["waits"].values()
    assert wait["resolved_at"] is not None


# ── The feed ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def take(messages: Any, count: int, seconds: float = 5) -> list[Json]:
    found = []
    async with asyncio.timeout(seconds):
        async for message in messages:
            found.append(message)
            if len(found) == count:
                break
    return found


def follow(workspace: Workspace, execution_id: UUID, after: int = 0) -> Any:
    return contextlib.aclosing(feed.follow(workspace.id, execution_id, after))


def test_a_finished_execution_is_told_and_the_feed_ends(engine: Engine) -> None:
    execution_id = engine.start(engine.publish(ASKING))
    parked = engine.until(execution_id, "WAITING_FOR_HUMAN")
    answer(engine.workspace, parked["waits"][0]["id"])
    engine.poke()
    engine.until(execution_id)
    told = messages(engine.workspace, execution_id)

    async def watch() -> None:
        async with follow(engine.workspace, execution_id) as found:
            assert await take(found, 99) == [{"snapshot_seq": told[-1]["seq"]}, *told]
        async with follow(engine.workspace, execution_id, after=told[0]["seq"]) as found:
            assert await take(found, 99) == [{"snapshot_seq": told[-1]["seq"]}, *told[1:]]
        async with follow(engine.workspace, execution_id, after=10**9) as found:
            assert await take(found, 99) == [{"snapshot_seq": told[-1]["seq"]}]

    asyncio.run(watch())


def test_what_happens_is_told_as_it_happens(engine: Engine) -> None:
    execution_id = engine.start(engine.publish(ASKING))
    parked = engine.until(execution_id, "WAITING_FOR_HUMAN")

    async def watch() -> list[Json]:
        async with follow(engine.workspace, execution_id, after=parked["seq"]) as found:
            assert await take(found, 1) == [{"snapshot_seq": parked["seq"]}]
            await asyncio.to_thread(answer_and_close, engine.workspace, parked["waits"][0]["id"])
            engine.poke()
            return await take(found, 99)

    told = asyncio.run(watch())
    assert [message["seq"] for message in told] == list(range(parked["seq"] + 1, parked["seq"] + 1 + len(told)))
    assert told[-1]["changes"][-1]["status"] in TERMINAL


def answer_and_close(workspace: Workspace, wait_id: str) -> None:
    from django.db import connection

    answer(workspace, wait_id)
    connection.close()


def test_a_lost_message_is_read_from_the_history(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two changes of which the live layer brings only the second, and one that it never brings."""
    execution_id = engine.start(engine.publish(ASKING))
    parked = engine.until(execution_id, "WAITING_FOR_HUMAN")
    for each in engine.dispatchers:
        each.stop()
    engine.dispatchers.clear()
    monkeypatch.setattr(feed, "LOOK_SECONDS", 0.3)
    monkeypatch.setattr(feed, "KEEP_ALIVE_SECONDS", 0.6)
    seq = parked["seq"]

    def write(number: int) -> None:
        from django.db import connection

        with tenant(engine.workspace.id), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO executions_transition (execution_id, seq, workspace_id, at, fence, changes)"
                " VALUES (%s, %s, %s, now(), 1, '[]')",
                [execution_id, number, engine.workspace.id],
            )
        connection.close()

    async def watch() -> None:
        layer = get_channel_layer()
        async with follow(engine.workspace, execution_id, after=seq) as found:
            assert await take(found, 1) == [{"snapshot_seq": seq}]
            await asyncio.to_thread(write, seq + 1)
            await asyncio.to_thread(write, seq + 2)
            late = {"type": "execution.changed", "seq": seq + 2, "at": "2026-01-01T00:00:00+00:00", "changes": []}
            await layer.group_send(live.group_of(execution_id), late)
            await layer.group_send(live.group_of(execution_id), late | {"seq": seq + 1})
            assert [message["seq"] for message in await take(found, 2)] == [seq + 1, seq + 2]
            await asyncio.to_thread(write, seq + 3)
            assert [message["seq"] for message in await take(found, 1)] == [seq + 3]
            assert await take(found, 1) == [{"seq": seq + 3}], "silence is told, too"

    asyncio.run(watch())


def test_text_that_is_being_written_is_told_between_the_changes(engine: Engine) -> None:
    """Pieces in their order, with nothing lost of the changes around them; whoever comes later hears none of it."""
    execution_id = engine.start(engine.publish(ASKING))
    parked = engine.until(execution_id, "WAITING_FOR_HUMAN")
    words = ["Dear ", "Ms ", "", "Dear Mr "]

    async def watch() -> list[Json]:
        async with follow(engine.workspace, execution_id, after=parked["seq"]) as found:
            await take(found, 1)
            for text in words:
                live.streamed(execution_id, node_id="boss", path="", part="turn:1", text=text)
            pieces = await take(found, len(words))
            assert [piece["seq"] for piece in pieces] == [parked["seq"]] * len(words)
            assert [piece["stream"] for piece in pieces] == [
                {"node_id": "boss", "path": "", "part": "turn:1", "text": text} for text in words
            ]
            await asyncio.to_thread(answer_and_close, engine.workspace, parked["waits"][0]["id"])
            engine.poke()
            told = await take(found, 99)
        async with follow(engine.workspace, execution_id, after=parked["seq"]) as found:
            assert (await take(found, 99))[1:] == told
        return told

    told = asyncio.run(watch())
    assert [message["seq"] for message in told] == list(range(parked["seq"] + 1, parked["seq"] + 1 + len(told)))
    assert not any("stream" in message for message in told)


def test_an_unknown_execution_is_refused(committed_db: None, workspace: Workspace) -> None:
    async def watch() -> None:
        async with follow(workspace, uuid7()) as found:
            await take(found, 1)

    with pytest.raises(selectors.ExecutionNotFound):
        asyncio.run(watch())
