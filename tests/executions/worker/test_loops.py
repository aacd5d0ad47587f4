"""LOOP, WHILE, BREAK, CONTINUE in a real engine, and what becomes of them when their owner is lost."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import pytest

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import services, store
from apps.executions.models import Wait
from tests.executions.conftest import Engine, definition, fields, node
from tests.executions.worker.test_calls import there as there
from tests.fakes.receiver import Receiver

pytestmark = pytest.mark.integration

Json = dict[str, Any]


def loop(*children: Json, edges: tuple[str, ...] = (), items: Any = "{{ $json }}", **params: Any) -> Json:
    """A loop called `loop` between a trigger `t` and a node `end` that shows what it gave."""
    inside = [{**child, "parent": "loop"} for child in children if "parent" not in child]
    inside += [child for child in children if "parent" in child]
    return definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("loop", "FLOW.LOOP", items=items, **params),
            *inside,
            node("end", "ACTION.TRANSFORM", fields=fields(all="{{ $json }}")),
        ],
        ["t > loop", "loop > end", *edges],
    )


def runs_of(snapshot: Json, node_id: str) -> list[Json]:
    return [run for run in snapshot["node_runs"] if run["node_id"] == node_id]


def double(**more: Any) -> Json:
    return node("double", "ACTION.TRANSFORM", fields=fields(n="{{ $json * 2 }}", at="{{ $index }}"), **more)


def test_each_item_gives_its_result_in_order(engine: Engine) -> None:
    found = engine.run(loop(double(), result="{{ $json.n + $item }}", parallelism=3), [1, 2, 3, 4])
    assert found["status"] == "SUCCESS"
    assert found["output"]["all"] == [3, 6, 9, 12]
    assert sorted(run["path"] for run in runs_of(found, "double")) == [f"loop[{index}]" for index in range(4)]
    assert {run["state"] for run in found["node_runs"]} == {"COMPLETED"}


def test_without_a_result_it_is_the_last_nodes_output(engine: Engine) -> None:
    found = engine.run(loop(double()), [5])
    assert found["output"]["all"] == [{"n": 10, "at": 0}]


def test_no_items_give_an_empty_list_and_batches_are_lists(engine: Engine) -> None:
    assert engine.run(loop(double()), [])["output"]["all"] == []
    found = engine.run(loop(node("pass", "ACTION.TRANSFORM", fields=fields(b="{{ $json }}")), batch_size=2), [1, 2, 3])
    assert found["output"]["all"] == [{"b": [1, 2]}, {"b": [3]}]


def test_nodes_inside_see_what_is_around_them_and_not_what_is_in_other_loops(engine: Engine) -> None:
    document = loop(
        node("sum", "ACTION.TRANSFORM", fields=fields(s='{{ $json + $node["base"].n + $trigger.more }}')),
        items="{{ $trigger.list }}",
        result="{{ $json.s }}",
    )
    document["nodes"].append(node("base", "ACTION.TRANSFORM", fields=fields(n="{{ 100 }}")))
    document["connections"] = [
        {"from": "t", "to": "base", "port": "main"},
        {"from": "base", "to": "loop", "port": "main"},
        {"from": "loop", "to": "end", "port": "main"},
    ]
    assert engine.run(document, {"list": [1, 2], "more": 10})["output"]["all"] == [111, 112]


def test_loops_within_loops(engine: Engine) -> None:
    document = loop(
        node("inner", "FLOW.LOOP", items="{{ $json }}", parallelism=2),
        node("leaf", "ACTION.TRANSFORM", fields=fields(x="{{ $json }}"), _parent="inner"),
        parallelism=2,
    )
    found = engine.run(document, [[1, 2], [], [3]])
    assert found["output"]["all"] == [[{"x": 1}, {"x": 2}], [], [{"x": 3}]]
    assert {run["path"] for run in runs_of(found, "leaf")} == {
        "loop[0]/inner[0]",
        "loop[0]/inner[1]",
        "loop[2]/inner[0]",
    }


def test_branches_and_joins_inside(engine: Engine) -> None:
    document = loop(
        node("if", "FLOW.IF", condition="{{ $json > 2 }}"),
        node("big", "ACTION.TRANSFORM", fields=fields(v="big")),
        node("small", "ACTION.TRANSFORM", fields=fields(v="small")),
        edges=("if.true > big", "if.false > small"),
        result="{{ $json.v }}",
    )
    assert engine.run(document, [1, 3, 2])["output"]["all"] == ["small", "big", "small"]


def test_the_first_failure_fails_the_loop_and_names_the_round(engine: Engine) -> None:
    document = loop(node("boom", "FLOW.STOP", outcome="error"))
    document["nodes"][2] = {**node("bad", "ACTION.TRANSFORM", fields=fields(x="{{ $json.a.b < 1 }}")), "parent": "loop"}
    found = engine.run(document, [{"a": {"b": 0}}, {}, {"a": {"b": 0}}])
    assert found["status"] == "ERROR"
    assert found["error"]["code"] == "expressions.failed"
    assert found["error"]["details"] == {"node_id": "bad", "round": 1}
    assert [run["state"] for run in runs_of(found, "end")] == ["SKIPPED"] or not runs_of(found, "end")


def test_failed_items_are_collected_in_their_place(engine: Engine) -> None:
    document = loop(
        node("bad", "ACTION.TRANSFORM", fields=fields(x="{{ $json.n < 1 }}")), on_item_error="collect", parallelism=2
    )
    found = engine.run(document, [{"n": 0}, {}, {"n": 3}])
    first, second, third = found["output"]["all"]
    assert (first, third) == ({"x": True}, {"x": False})
    assert second["error"]["code"] == "expressions.failed"
    assert found["status"] == "SUCCESS"


def test_a_loops_own_failure_can_be_routed(engine: Engine) -> None:
    document = loop(node("bad", "ACTION.TRANSFORM", fields=fields(x="{{ $json.n < 1 }}")))
    document["nodes"][1]["on_error"] = "route"
    document["nodes"].append(node("help", "ACTION.TRANSFORM", fields=fields(why="{{ $json.error.code }}")))
    document["connections"].append({"from": "loop", "port": "error", "to": "help"})
    found = engine.run(document, [{}])
    assert found["status"] == "SUCCESS"
    assert found["output"] == {"why": "expressions.failed"}


def test_continue_leaves_an_item_out_and_break_ends_the_loop(engine: Engine) -> None:
    document = loop(
        node(
            "kind",
            "FLOW.SWITCH",
            cases=[{"name": each, "condition": f"{{{{ $json.do == '{each}' }}}}"} for each in ("skip", "stop")],
        ),
        node("next", "FLOW.CONTINUE"),
        node("out", "FLOW.BREAK", result="{{ $json.n }}"),
        node("keep", "ACTION.TRANSFORM", fields=fields(n="{{ $json.n }}")),
        edges=("kind.skip > next", "kind.stop > out", "kind.default > keep"),
    )
    given = [{"n": 1}, {"n": 2, "do": "skip"}, {"n": 3}, {"n": 4, "do": "stop"}, {"n": 5}]
    found = engine.run(document, given)
    assert found["output"]["all"] == [{"n": 1}, {"n": 3}, 4]
    assert len(runs_of(found, "kind")) == 4


def test_while_goes_on_with_what_the_last_round_gave(engine: Engine) -> None:
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("w", "FLOW.WHILE", condition="{{ $json.n < 20 }}"),
            {
                **node("add", "ACTION.TRANSFORM", fields=fields(n="{{ $json.n * 2 }}", round="{{ $index }}")),
                "parent": "w",
            },
            node("end", "ACTION.TRANSFORM", fields=fields(got="{{ $json }}")),
        ],
        ["t > w", "w > end"],
    )
    assert engine.run(document, {"n": 3})["output"]["got"] == {"n": 24, "round": 2}
    document["nodes"][1]["params"] |= {"max_iterations": 2}
    found = engine.run(document, {"n": 3})
    assert (found["status"], found["error"]["code"]) == ("ERROR", "while.too_many")


def test_waits_inside_a_loop_are_answered_in_any_order(engine: Engine) -> None:
    document = loop(
        node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="Ship {{ $json }}?"),
        node("yes", "ACTION.TRANSFORM", fields=fields(ok="{{ $item }}")),
        edges=("ask.approved > yes",),
        parallelism=5,
        result="{{ $json.ok }}",
    )
    execution_id = engine.start(engine.publish(document), ["a", "b", "c"])
    engine.until(execution_id, "WAITING_FOR_HUMAN")
    for path in ("loop[2]", "loop[0]", "loop[1]"):
        _answer(engine, execution_id, path, "rejected" if path == "loop[1]" else "approved")
    found = engine.until(execution_id)
    assert found["output"]["all"] == ["a", None, "c"]


def _answer(engine: Engine, execution_id: UUID, path: str, outcome: str) -> None:
    with tenant(engine.workspace.id):
        wait = Wait.objects.get(execution_id=execution_id, path=path, resolved_at=None)
        services.wait_resolve(
            workspace_id=engine.workspace.id, wait_id=wait.id, answer={"outcome": outcome}, by="alice", now=clock.now()
        )
    engine.poke()


def test_calls_of_a_loop_are_made_side_by_side(engine: Engine, there: Receiver) -> None:
    document = loop(
        node("get", "ACTION.HTTP_REQUEST", url=f"{there.url}/x"), parallelism=10, result="{{ $json.status }}"
    )
    for _ in range(10):
        there.says(delay=0.3)
    began = time.monotonic()
    found = engine.run(document, list(range(10)))
    assert found["output"]["all"] == [200] * 10
    assert time.monotonic() - began < 2.5


def test_a_lost_owner_costs_a_loop_nothing(engine: Engine, there: Receiver) -> None:
    document = loop(
        node("get", "ACTION.HTTP_REQUEST", url=f"{there.url}/x"),
        node("after", "ACTION.TRANSFORM", fields=fields(i="{{ $index }}")),
        edges=("get > after",),
        parallelism=3,
        result="{{ $json.i }}",
    )
    for _ in range(12):
        there.says(delay=0.1)
    lost = engine.dispatchers.pop()
    execution_id = engine.start(engine.publish(document), list(range(9)))
    lost.poke()
    while len(there.seen) < 5:
        time.sleep(0.01)
    store.release(worker_id=lost.worker_id)  # what the sweep does when the lease ran out
    engine.add_dispatcher()
    found = engine.until(execution_id)
    assert found["output"]["all"] == list(range(9))
    assert len(there.seen) <= 9 + 3  # only what was under way is asked again
    lost.stop()


def test_merge_cancels_those_who_come_too_late(engine: Engine) -> None:
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("fast", "ACTION.TRANSFORM", fields=fields(n="1")),
            node("long", "FLOW.WAIT", duration={"hours": 1}),
            node("after", "ACTION.TRANSFORM", fields=fields(n="2")),
            node("m", "FLOW.MERGE", mode="any", others="cancel", combine="list"),
        ],
        ["t > fast", "t > long", "long > after", "fast > m", "after > m"],
    )
    found = engine.run(document)
    states = {run["node_id"]: run["state"] for run in found["node_runs"]}
    assert (found["status"], found["output"]) == ("SUCCESS", [{"n": "1"}])
    assert (states["long"], states["after"]) == ("CANCELED", "CANCELED")


@pytest.mark.parametrize("count", [2_000])
def test_a_long_loop_writes_as_it_goes(engine: Engine, count: int) -> None:
    found = engine.until(
        engine.start(engine.publish(loop(double(), result="{{ $json.n }}")), list(range(count))), seconds=30
    )
    assert found["output"]["all"] == [2 * each for each in range(count)]
    assert found["seq"] > 2
