"""What may run next: the rules, and that the order in which nodes settle never matters."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.executions.engine import plan
from apps.executions.engine.noderun import NodeRun
from apps.executions.engine.states import NodeEvent, State, Status
from apps.workflows import graph
from apps.workflows.graph import Edge, Graph


def always(edge: Edge) -> bool:
    return True


def make(edges: list[tuple[str, str]], branches: tuple[str, ...] = ()) -> Graph:
    """A graph from `("a", "b")` pairs or `("a.true", "b")`; names in `branches` are IF nodes; `t` is the trigger."""
    names = dict.fromkeys(["t", *(part.split(".")[0] for pair in edges for part in pair)])
    nodes: list[dict[str, Any]] = []
    for name in names:
        kind: tuple[str, str, dict[str, Any]] = ("ACTION", "TRANSFORM", {"fields": []})
        if name == "t":
            kind = ("TRIGGER", "MANUAL", {})
        elif name in branches:
            kind = ("FLOW", "IF", {"condition": "{{ true }}"})
        nodes.append({"id": name, "name": name, "type": kind[0], "subtype": kind[1], "params": kind[2]})
    connections = [
        {"from": source.split(".")[0], "port": [*source.split("."), "main"][1], "to": target}
        for source, target in edges
    ]
    return graph.compile({"nodes": nodes, "connections": connections, "settings": {}})


def complete(runs: plan.Runs, node_id: str, port: str = "main", output: Any = None) -> None:
    run = runs[node_id]
    run.become(NodeEvent.START)
    run.become(NodeEvent.COMPLETE)
    run.port, run.output = port, output


def test_a_node_waits_for_every_branch_before_it_runs() -> None:
    g = make([("t", "a"), ("t", "b"), ("a", "join"), ("b", "join")])
    runs = plan.begin(g, "t")
    complete(runs, "t")
    assert sorted(plan.follow(g, runs, ["t"], always).ready) == ["a", "b"]
    complete(runs, "a")
    assert plan.follow(g, runs, ["a"], always).ready == []
    complete(runs, "b")
    assert plan.follow(g, runs, ["b"], always).ready == ["join"]


def test_a_branch_not_taken_skips_what_depends_on_it_alone() -> None:
    g = make(
        [("t", "if"), ("if.true", "yes"), ("if.false", "no"), ("no", "after_no"), ("yes", "end"), ("after_no", "end")],
        ("if",),
    )
    runs = plan.begin(g, "t")
    complete(runs, "t")
    complete(runs, "if", "true")
    found = plan.follow(g, runs, ["if"], always)
    assert found.ready == ["yes"]
    assert found.skipped == ["no", "after_no"]
    complete(runs, "yes")
    assert plan.follow(g, runs, ["yes"], always).ready == ["end"]


def test_what_hangs_on_another_trigger_alone_does_not_hold_up_a_join() -> None:
    g = graph.compile(
        {
            "nodes": [
                {"id": name, "name": name, "type": kind, "subtype": subtype, "params": params}
                for name, kind, subtype, params in [
                    ("t", "TRIGGER", "MANUAL", {}),
                    ("other", "TRIGGER", "MANUAL", {}),
                    ("a", "ACTION", "TRANSFORM", {"fields": []}),
                    ("b", "ACTION", "TRANSFORM", {"fields": []}),
                    ("join", "FLOW", "MERGE", {"mode": "all"}),
                ]
            ],
            "connections": [
                {"from": source, "port": "main", "to": target}
                for source, target in [("t", "a"), ("other", "b"), ("a", "join"), ("b", "join")]
            ],
            "settings": {},
        }
    )
    runs = plan.begin(g, "t")
    assert {node_id for node_id, run in runs.items() if run.state is State.SKIPPED} == {"other", "b"}
    complete(runs, "t")
    plan.follow(g, runs, ["t"], always)
    complete(runs, "a")
    assert plan.follow(g, runs, ["a"], always).ready == ["join"]


def test_a_false_condition_counts_as_skipped() -> None:
    g = make([("t", "a")])
    runs = plan.begin(g, "t")
    complete(runs, "t")
    assert plan.follow(g, runs, ["t"], lambda edge: False).skipped == ["a"]


def test_one_delivery_is_the_input_and_several_are_keyed_by_source() -> None:
    g = make([("t", "a"), ("t", "b"), ("a", "join"), ("b", "join")])
    runs = plan.begin(g, "t")
    complete(runs, "t", output={"n": 1})
    assert plan.inputs(runs, plan.delivered(g, runs, "a", always)) == {"main": {"n": 1}}
    complete(runs, "a", output=1)
    complete(runs, "b", output=2)
    assert plan.inputs(runs, plan.delivered(g, runs, "join", always)) == {"main": {"a": 1, "b": 2}}


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([State.COMPLETED, State.SKIPPED], Status.SUCCESS),
        ([State.COMPLETED, State.RUNNING, State.NEEDS_REVIEW], Status.RUNNING),
        ([State.WAITING_INPUT, State.NEEDS_REVIEW], Status.WAITING_FOR_HUMAN),
        ([State.RETRYING], Status.WAITING),
    ],
)
def test_where_an_execution_stands(states: list[State], expected: Status) -> None:
    assert plan.standing([NodeRun(str(at), state=state) for at, state in enumerate(states)]) is expected


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Graph, dict[str, str], int]:
    count = draw(st.integers(1, 9))
    names = [f"n{at}" for at in range(count)]
    branches = tuple(name for name in names if draw(st.booleans()))
    edges: list[tuple[str, str]] = []
    for at, name in enumerate(names):
        for source in draw(st.sets(st.sampled_from(["t", *names[:at]]), min_size=1, max_size=3)):
            port = f".{draw(st.sampled_from(['true', 'false']))}" if source in branches else ""
            edges.append((source + port, name))
    ports = {name: draw(st.sampled_from(["true", "false"])) for name in branches}
    return make(edges, branches), ports, draw(st.integers(0, 2**16))


def play(g: Graph, ports: dict[str, str], seed: int) -> dict[str, State]:
    rng = random.Random(seed)
    runs = plan.begin(g, "t")
    ready = ["t"]
    while ready:
        node_id = ready.pop(rng.randrange(len(ready)))
        complete(runs, node_id, ports.get(node_id, "main"))
        ready += plan.follow(g, runs, [node_id], always).ready
    return {node_id: run.state for node_id, run in runs.items()}


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_any_order_of_completions_gives_the_same_end(case: tuple[Graph, dict[str, str], int]) -> None:
    g, ports, seed = case
    ends = [play(g, ports, seed + at) for at in range(4)]
    assert all(end == ends[0] for end in ends)
    assert set(ends[0].values()) <= {State.COMPLETED, State.SKIPPED}


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_loading_half_way_finds_the_same_ready_nodes(case: tuple[Graph, dict[str, str], int]) -> None:
    g, ports, seed = case
    rng = random.Random(seed)
    runs = plan.begin(g, "t")
    ready = ["t"]
    while ready:
        node_id = ready.pop(rng.randrange(len(ready)))
        complete(runs, node_id, ports.get(node_id, "main"))
        ready += plan.follow(g, runs, [node_id], always).ready
        stored = {key: NodeRun(key, state=run.state, port=run.port) for key, run in runs.items() if run.is_settled}
        loaded = plan.begin(g, "t") | stored
        assert sorted(plan.resumable(g, loaded, always).ready) == sorted(ready)


def merging(mode: str, count: int = 2) -> Graph:
    names: list[tuple[str, str, str, dict[str, Any]]] = [("t", "TRIGGER", "MANUAL", {})]
    names += [(name, "ACTION", "TRANSFORM", {"fields": []}) for name in ("a", "b", "c")]
    names += [("join", "FLOW", "MERGE", {"mode": mode, "count": count})]
    nodes = [
        {"id": name, "name": name, "type": kind, "subtype": subtype, "params": params}
        for name, kind, subtype, params in names
    ]
    connections = [{"from": "t", "port": "main", "to": name} for name in ("a", "b", "c")]
    connections += [{"from": name, "port": "main", "to": "join"} for name in ("a", "b", "c")]
    return graph.compile({"nodes": nodes, "connections": connections, "settings": {}})


def settle_in_turn(g: Graph, ports: dict[str, str]) -> list[list[str]]:
    """What became ready after each of the branches, in their order."""
    runs = plan.begin(g, "t")
    complete(runs, "t")
    plan.follow(g, runs, ["t"], always)
    found = []
    for node_id, port in ports.items():
        complete(runs, node_id, port)
        ready = plan.follow(g, runs, [node_id], always).ready
        found.append(ready)
        for each in ready:
            complete(runs, each)
    return found


def test_the_first_to_arrive_is_enough_for_any_and_later_ones_start_nothing() -> None:
    assert settle_in_turn(merging("any"), {"b": "main", "a": "main", "c": "main"}) == [["join"], [], []]


def test_so_many_are_enough_for_n() -> None:
    assert settle_in_turn(merging("n"), {"b": "main", "a": "main", "c": "main"}) == [[], ["join"], []]


def test_n_runs_to_its_failure_as_soon_as_too_few_can_come() -> None:
    assert settle_in_turn(merging("n", 3), {"a": "main", "b": "nowhere", "c": "main"}) == [[], ["join"], []]


def test_a_merge_none_of_whose_branches_delivers_is_skipped() -> None:
    g = merging("any")
    runs = plan.begin(g, "t")
    complete(runs, "t")
    plan.follow(g, runs, ["t"], always)
    skipped = []
    for name in ("a", "b", "c"):
        complete(runs, name, "nowhere")
        skipped += plan.follow(g, runs, [name], always).skipped
    assert skipped == ["join"]
