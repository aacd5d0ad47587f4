"""What workflows keep: that nothing is lost or counted twice, whoever else is at it and whatever crashes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection

from apps.accounts.models import Workspace
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import values
from apps.executions.models import Value, ValueWrite
from apps.executions.worker.values import NodeValues
from apps.nodes.contract import NodeError
from tests.executions.conftest import Engine, definition, node

pytestmark = pytest.mark.integration


@pytest.fixture
def ours(committed_db: None, workspace: Workspace) -> Callable[..., NodeValues]:
    """The values of one attempt of a node; a new one unless `key` names it."""

    def made(key: str = "", workflow: UUID | None = None, of: Workspace = workspace) -> NodeValues:
        return NodeValues(workspace_id=of.id, workflow_id=workflow or uuid7(), idempotency_key=key or str(uuid7()))

    return made


def test_what_is_set_is_there_until_it_is_deleted(ours: Callable[..., NodeValues]) -> None:
    assert ours().get("a") == {"found": False, "value": None, "revision": 0, "expires_at": None}
    things: list[Any] = [{"x": [1, None]}, "", 0, False, None, []]
    for at, value in enumerate(things, 1):
        told = ours().set("a", value)
        assert told == {"found": at > 1, "changed": True, "value": value, "revision": at, "expires_at": None}
        assert ours().get("a") == {"found": True, "value": value, "revision": at, "expires_at": None}
    for was_there in (True, False):
        gone = ours().delete("a")
        assert (gone["found"], gone["changed"], gone["value"]) == (was_there, was_there, None)
    assert ours().get("a")["found"] is False
    assert ours().set("a", 1)["revision"] == 1


def test_a_hundred_increments_at_once_are_a_hundred(ours: Callable[..., NodeValues]) -> None:
    sums: list[Any] = []

    def increment() -> None:
        try:
            for _ in range(10):
                sums.append(ours().increment("n")["value"])
        finally:
            connection.close()

    threads = [threading.Thread(target=increment) for _ in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert ours().get("n")["value"] == 100
    assert sorted(sums) == list(range(1, 101))


def test_of_many_who_compare_and_set_one_wins(ours: Callable[..., NodeValues]) -> None:
    won: list[bool] = []

    def take(at: int) -> None:
        try:
            won.append(ours().compare_and_set("lock", None, at)["changed"])
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(at,)) for at in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(won) == [False] * 9 + [True]


def test_compare_and_set_says_what_stands_there(ours: Callable[..., NodeValues]) -> None:
    missed = ours().compare_and_set("a", 1, 2)
    assert (missed["changed"], missed["value"]) == (False, None)
    ours().set("a", 1)
    assert ours().compare_and_set("a", True, 2)["changed"] is False
    assert ours().compare_and_set("a", 2, 3)["value"] == 1
    assert ours().compare_and_set("a", 1.0, {"b": 1})["changed"] is True
    assert ours().compare_and_set("a", {"b": 1}, None) | {"revision": 0} == {
        "found": True,
        "changed": True,
        "value": None,
        "revision": 0,
        "expires_at": None,
    }


def test_a_list_grows_and_keeps_the_newest(ours: Callable[..., NodeValues]) -> None:
    assert [ours().append("log", at, keep_last=3)["length"] for at in range(5)] == [1, 2, 3, 3, 3]
    assert ours().get("log")["value"] == [2, 3, 4]


def test_a_repeat_under_the_same_key_changes_nothing(ours: Callable[..., NodeValues]) -> None:
    """The process died after the commit and before the engine wrote it down."""

    def attempt() -> list[Any]:
        here = ours("node-run-1")
        return [here.increment("n"), here.increment("n", 5), here.append("log", "x"), here.delete("gone")]

    first = attempt()
    assert attempt() == first
    assert ours().get("n")["value"] == 6
    assert ours().get("log")["value"] == ["x"]
    assert ours("node-run-1:1").increment("n")["value"] == 7  # a new key after a failure that was received


def test_a_change_that_is_not_committed_leaves_no_trace(
    ours: Callable[..., NodeValues], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours().set("n", 1)
    with monkeypatch.context() as broken:
        broken.setattr(values, "_write", _die)
        with pytest.raises(NodeError) as caught:
            ours("once").increment("n")
    assert (caught.value.code, caught.value.retryable, caught.value.is_unknown) == ("values.unavailable", True, True)
    assert ours("once").increment("n")["value"] == 2


def _die(*given: Any) -> Any:
    raise OperationalError("terminating connection")


def test_two_owners_of_one_node_run_count_once(ours: Callable[..., NodeValues]) -> None:
    def increment() -> None:
        try:
            ours("the-same").increment("n")
        finally:
            connection.close()

    threads = [threading.Thread(target=increment) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert ours().get("n")["value"] == 1


def test_what_is_over_is_not_there(ours: Callable[..., NodeValues], workspace: Workspace) -> None:
    assert ours().set("a", 1, ttl_seconds=60)["expires_at"] is not None
    ours().increment("n", ttl_seconds=60)
    first = ours().get("n")["expires_at"]
    assert ours().increment("n", ttl_seconds=600)["expires_at"] == first
    with tenant(workspace.id):
        for row in Value.objects.all():
            Value.objects.filter(id=row.id).update(expires_at=row.created_at - timedelta(seconds=1))
    assert ours().get("a")["found"] is False
    assert ours().increment("n")["value"] == 1
    assert ours().get("n")["expires_at"] is None
    assert values.values_sweep() == 1
    with tenant(workspace.id):
        assert list(Value.objects.values_list("key", flat=True)) == ["n"]
        ValueWrite.objects.update(written_at=row.created_at - timedelta(days=41))
    assert values.values_sweep() == 4


def test_workflows_and_workspaces_have_their_own(
    ours: Callable[..., NodeValues], other_workspace: Workspace, engine: Engine
) -> None:
    one, two = (engine.publish(definition([node("t", "TRIGGER.MANUAL")], [])).workflow_id for _ in range(2))
    ours(workflow=one).set("a", 1, scope="workflow")
    ours(workflow=two).set("a", 2, scope="workflow")
    ours(workflow=one).set("a", 3)
    assert ours(workflow=one).get("a", scope="workflow")["value"] == 1
    assert ours(workflow=two).get("a", scope="workflow")["value"] == 2
    assert ours(workflow=two).get("a")["value"] == 3
    assert ours(of=other_workspace).get("a")["found"] is False


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda v: v.set("a", "x" * 64_000), "values.value_too_large"),
        (lambda v: v.set("", 1), "core.invalid"),
        (lambda v: v.set("x" * 201, 1), "core.invalid"),
        (lambda v: v.set("nul\x00", 1), "core.invalid"),
        (lambda v: v.get("line\nbreak"), "core.invalid"),
        (lambda v: v.increment("text"), "values.value_mismatch"),
        (lambda v: v.increment("yes"), "values.value_mismatch"),
        (lambda v: v.increment("n", 1e300), "values.value_mismatch"),
        (lambda v: v.append("text", 1), "values.value_mismatch"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    ours: Callable[..., NodeValues], change: Callable[[NodeValues], Any], code: str
) -> None:
    ours().set("text", "a")
    ours().set("yes", True)
    with pytest.raises(NodeError) as caught:
        change(ours())
    assert (caught.value.code, caught.value.retryable) == (code, False)
    assert ours().get("text")["value"] == "a"
    assert ours().get("a")["found"] is False


def test_what_cannot_be_stored_is_made_storable(ours: Callable[..., NodeValues]) -> None:
    ours().set("a", {"nul": "\x00", "half": "\ud800", "nan": float("nan")})
    assert ours().get("a")["value"] == {"nul": "�", "half": "�", "nan": None}


def test_a_workspace_has_so_many_keys(ours: Callable[..., NodeValues], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "MAX_KEYS", 2)
    ours().set("a", 1)
    ours().set("b", 1)
    with pytest.raises(NodeError, match="keys"):
        ours().set("c", 1)
    ours().set("b", 2)
    ours().delete("a")
    ours().set("c", 1)


def test_workflows_count(engine: Engine) -> None:
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("count", "ACTION.KEY_VALUE", operation="increment", key="runs/{{ $json.of }}"),
            node("look", "ACTION.KEY_VALUE", key="runs/a", default=0),
        ],
        ["t > count", "count > look"],
    )
    origin = engine.publish(document)
    started = [engine.start(origin, {"of": "a"}) for _ in range(30)]
    assert {engine.until(each)["status"] for each in started} == {"SUCCESS"}
    with tenant(engine.workspace.id):
        assert Value.objects.get(key="runs/a").value == 30
