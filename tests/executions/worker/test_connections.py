"""Connections with a condition or a mapping, on the real engine: the same end whatever happens on the way."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.access.actor import system
from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import rerun, trial
from apps.executions.models import NodeRun
from apps.executions.rerun import Again
from apps.executions.trial import Trial
from apps.workflows.models import Workflow
from tests.executions.conftest import Engine, definition, fields, node, seconds_from_now
from tests.executions.worker.test_engine import answer, outputs, states

pytestmark = pytest.mark.integration
Json = dict[str, Any]


def wired(nodes: list[Json], edges: list[str], more: dict[str, Json]) -> Json:
    """A definition whose edges carry what `more` says for them."""
    document = definition(nodes, edges)
    for edge, given in more.items():
        document["connections"][edges.index(edge)] |= given
    return document


def only(condition: str) -> Json:
    return {"condition": condition}


def expression(text: str) -> Json:
    return {"mapping": {"mode": "expression", "expression": text}}


def mapping(*given: Json, **more: Any) -> Json:
    return {"mapping": {"mode": "fields", "fields": list(given), **more}}


def echo(node_id: str, **own: Any) -> Json:
    return node(node_id, "ACTION.TRANSFORM", fields=fields(got="{{ $json }}"), **own)


def inputs(snapshot: Json) -> Json:
    return {run["node_id"]: run["input"] for run in snapshot["node_runs"]}


def test_a_false_condition_is_a_way_not_taken(engine: Engine) -> None:
    edges = ["t > big", "t > small", "big > join", "small > join", "small > only"]
    nodes = [node("t", "TRIGGER.MANUAL"), echo("big"), echo("small"), node("join", "FLOW.MERGE"), echo("only")]
    more = {"t > big": only("{{ $json.n > 10 }}"), "t > small": only("{{ $json.n <= 10 }}")}
    found = engine.run(wired(nodes, edges, more), {"n": 11})
    assert states(found) == {
        "t": "COMPLETED", "big": "COMPLETED", "small": "SKIPPED", "join": "COMPLETED", "only": "SKIPPED",
    }  # fmt: skip
    assert outputs(found)["join"] == {"big": {"got": {"n": 11}}}
    assert {run["node_id"]: run["unmet"] for run in found["node_runs"] if "unmet" in run} == {
        "t": ["{{ $json.n <= 10 }}"]
    }
    assert inputs(found)["small"] is None


def test_each_way_of_mapping_gives_the_next_node_its_input(engine: Engine) -> None:
    edges = ["t > a", "t > b", "t > c", "t > d"]
    nodes = [node("t", "TRIGGER.MANUAL"), *(echo(name) for name in "abcd")]
    more = {
        "t > a": {"mapping": {"mode": "direct"}},
        "t > b": mapping({"from": "order.id", "to": "id", "required": True}, {"from": "no", "to": "n", "default": 7}),
        "t > c": {"mapping": {"mode": "template", "template": {"text": "#{{ $json.order.id }}"}}},
        "t > d": expression("{{ $json.order }}"),
    }
    found = engine.run(wired(nodes, edges, more), {"order": {"id": "A-1"}})
    wanted = {
        "a": {"order": {"id": "A-1"}},
        "b": {"id": "A-1", "n": 7},
        "c": {"text": "#A-1"},
        "d": {"id": "A-1"},
    }
    assert {name: outputs(found)[name] for name in wanted} == {name: {"got": value} for name, value in wanted.items()}
    assert {name: inputs(found)[name] for name in wanted} == wanted


def test_a_merge_gets_what_was_mapped_in_every_form(engine: Engine) -> None:
    edges = ["t > a", "t > b", "a > list", "b > list", "a > objects", "b > objects"]
    nodes = [
        node("t", "TRIGGER.MANUAL"),
        node("a", "ACTION.TRANSFORM", fields=fields(x=1)),
        node("b", "ACTION.TRANSFORM", fields=fields(y=2)),
        node("list", "FLOW.MERGE", combine="list"),
        node("objects", "FLOW.MERGE", combine="merge_objects"),
    ]
    more = {"a > list": expression("{{ $json.x }}"), "b > objects": mapping({"from": "y", "to": "z"})}
    found = engine.run(wired(nodes, edges, more))
    assert outputs(found)["list"] == [1, {"y": 2}]
    assert outputs(found)["objects"] == {"x": 1, "z": 2}
    assert inputs(found)["objects"] == {"a": {"x": 1}, "b": {"z": 2}}


@pytest.mark.parametrize(
    ("on_error", "status", "after"),
    [("stop", "ERROR", None), ("continue", "SUCCESS", "main"), ("route", "SUCCESS", "error")],
)
def test_a_failed_mapping_fails_its_target_as_that_says(
    engine: Engine, on_error: str, status: str, after: str | None
) -> None:
    port = "" if after in (None, "main") else f".{after}"
    edges = ["t > a", f"a{port} > b"]
    nodes = [node("t", "TRIGGER.MANUAL"), echo("a", _on_error=on_error), echo("b")]
    found = engine.run(wired(nodes, edges, {"t > a": mapping({"from": "id", "to": "id", "required": True})}), {})
    assert found["status"] == status
    run = next(run for run in found["node_runs"] if run["node_id"] == "a")
    assert (run["state"], run["error"]["code"]) == ("FAILED", "mapping.required_missing")
    assert run["error"]["details"]["path"] == "connections[0].mapping.fields[0].from"
    assert "“t” to “a”" in run["error"]["message"]
    if after:
        assert outputs(found)["b"]["got"]["error"]["code"] == "mapping.required_missing"  # type: ignore[index]


def test_a_condition_that_cannot_be_evaluated_fails_its_target(engine: Engine) -> None:
    nodes = [node("t", "TRIGGER.MANUAL"), echo("a")]
    found = engine.run(wired(nodes, ["t > a"], {"t > a": only("{{ $json.n > 3 }}")}), {"m": 1})
    assert (found["status"], found["error"]["code"], found["error"]["node_id"]) == ("ERROR", "expressions.failed", "a")
    assert found["error"]["details"]["path"] == "connections[0].condition"


def test_what_was_decided_stays_so_while_the_execution_waits(engine: Engine) -> None:
    """`$now` and branches that end later would decide otherwise after the wait."""
    soon = seconds_from_now(0.4)
    edges = ["t > a", "t > nap", "a > first", "a > second", "nap > first", "nap > second"]
    nodes = [
        node("t", "TRIGGER.MANUAL"), echo("a"), node("nap", "FLOW.WAIT", until=seconds_from_now(0.8)),
        node("first", "FLOW.MERGE"), node("second", "FLOW.MERGE"),
    ]  # fmt: skip
    more = {
        "a > first": only(f"{{{{ $now < '{soon}' }}}}"),
        "a > second": only(f"{{{{ $now > '{soon}' }}}}"),
    }
    found = engine.run(wired(nodes, edges, more), {"n": 1})
    assert found["resume_count"] == 1
    first, second = outputs(found)["first"], outputs(found)["second"]
    assert set(first) == {"a", "nap"}  # type: ignore[call-overload]
    assert set(second) == {"nap"}  # type: ignore[call-overload]


def test_the_input_stays_the_same_when_the_node_is_answered(engine: Engine) -> None:
    nodes = [
        node("t", "TRIGGER.MANUAL"),
        node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="Ship {{ $json.what }}?", timeout_seconds=3600),
        echo("after"),
    ]
    more = {"t > ask": mapping({"from": "order", "to": "what"}, {"to": "at", "transform": "{{ $now }}"})}
    execution_id = engine.start(
        engine.publish(wired(nodes, ["t > ask", "ask.approved > after"], more)), {"order": "A-1"}
    )
    parked = engine.until(execution_id, "WAITING_FOR_HUMAN")
    assert parked["waits"][0]["title"] == "Ship A-1?"
    answer(engine, parked["waits"][0])
    found = engine.until(execution_id)
    assert found["status"] == "SUCCESS"
    assert inputs(found)["ask"] == inputs(parked)["ask"]
    assert inputs(found)["ask"]["what"] == "A-1"


def test_conditions_and_mappings_inside_of_loops_are_those_of_their_round(engine: Engine) -> None:
    nodes = [
        node("t", "TRIGGER.MANUAL"),
        node("loop", "FLOW.LOOP", items="{{ $json.items }}", parallelism=3),
        echo("in", _parent="loop"),
        echo("even", _parent="loop"),
        echo("odd", _parent="loop"),
    ]
    more = {
        "t > loop": mapping({"from": "list", "to": "items"}),
        "in > even": only("{{ $item % 2 == 0 }}") | expression("{{ {n: $json.got, at: $index} }}"),
        "in > odd": only("{{ $json.got % 2 == 1 }}") | expression("{{ $json.got * 10 }}"),
    }
    found = engine.run(wired(nodes, ["t > loop", "in > even", "in > odd"], more), {"list": [1, 2, 3]})
    assert found["output"] == [{"got": 10}, {"got": {"n": 2, "at": 1}}, {"got": 30}]


def test_the_first_of_two_is_taken_among_live_connections(engine: Engine) -> None:
    nodes = [node("t", "TRIGGER.MANUAL"), echo("a"), echo("b"), node("any", "FLOW.MERGE", mode="n", count=1)]
    edges = ["t > a", "t > b", "a > any", "b > any"]
    more = {"a > any": only("{{ false }}"), "b > any": expression("{{ $json.got.n }}")}
    found = engine.run(wired(nodes, edges, more), {"n": 5})
    assert outputs(found)["any"] == {"b": 5}


def test_running_again_from_a_node_keeps_verdicts_and_takes_an_edited_input_as_it_is(
    engine: Engine, alice: Any
) -> None:
    nodes = [node("t", "TRIGGER.MANUAL"), echo("a"), echo("b"), echo("no")]
    edges = ["t > a", "a > b", "a > no"]
    more = {
        "a > b": only("{{ $json.got.n == 1 }}") | mapping({"from": "got.n", "to": "n"}),
        "a > no": only("{{ $json.got.n != 1 }}"),
    }
    origin = engine.publish(wired(nodes, edges, more))
    first = engine.until(engine.start(origin, {"n": 1}))
    assert outputs(first)["b"] == {"got": {"n": 1}}

    def again(**given: Any) -> Json:
        started = rerun.execution_rerun(
            workspace_id=engine.workspace.id,
            execution_id=first["id"],
            actor=system("test"),
            again=Again(begins="node", node="b", **given),
            now=clock.now(),
        )
        engine.poke()
        return engine.until(started.id)

    same = again()
    assert outputs(same)["b"] == {"got": {"n": 1}}
    assert states(same)["no"] == "SKIPPED"
    edited = again(input={"n": "edited"}, has_input=True)
    assert outputs(edited)["b"] == {"got": {"n": "edited"}}
    assert inputs(edited)["b"] == {"n": "edited"}


def test_a_trial_up_to_a_node_and_of_one_node_map_as_usual(engine: Engine) -> None:
    nodes = [node("t", "TRIGGER.MANUAL"), echo("a"), echo("b"), echo("c")]
    more = {"a > b": mapping({"from": "got.n", "to": "n"}), "b > c": only("{{ true }}")}
    origin = engine.publish(wired(nodes, ["t > a", "a > b", "b > c"], more))

    def test(**given: Any) -> Json:
        asked = Trial(workflow_id=origin.workflow_id, **given)
        actor = system("test")
        started = trial.execution_test(workspace_id=engine.workspace.id, actor=actor, trial=asked, now=clock.now())
        engine.poke()
        return engine.until(started.id)

    until = test(scope="until", node="b", given={"n": 3}, has_input=True)
    assert (outputs(until)["b"], states(until)["c"]) == ({"got": {"n": 3}}, "SKIPPED")
    recorded = test(scope="node", node="b")
    assert outputs(recorded)["b"] == {"got": {"n": 3}}
    given = test(scope="node", node="b", given={"n": 9}, has_input=True)
    assert outputs(given)["b"] == {"got": {"n": 9}}
    pinned = test(scope="node", node="b", pinned={"a": {"got": {"n": 4}}})
    assert outputs(pinned)["b"] == {"got": {"n": 4}}
    with tenant(engine.workspace.id):
        workflow = Workflow.objects.get(id=origin.workflow_id)
    assert trial.last_input_of(workspace_id=engine.workspace.id, workflow=workflow, node_id="b") == {"n": 4}


def test_without_either_nothing_is_written_for_them(engine: Engine) -> None:
    found = engine.run(definition([node("t", "TRIGGER.MANUAL"), echo("a")], ["t > a"]), {"n": 1})
    with tenant(engine.workspace.id):
        rows = NodeRun.objects.filter(execution_id=found["id"]).values_list("input", "verdicts")
        assert set(rows) == {(None, None)}
