"""From a definition to a graph."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from apps.nodes.contract import OnUnknown, Retry
from apps.workflows import graph
from apps.workflows.graph import Edge, GraphInvalid
from tests.workflows.definitions import definition, hook, link, node, order_approval, transform


def refused(given: Any) -> dict[str, str]:
    """The code of each error by its path."""
    with pytest.raises(GraphInvalid) as found:
        graph.compile(given)
    return {finding.path: finding.code for finding in found.value.findings}


def test_the_order_approval_compiles() -> None:
    found = graph.compile(order_approval())
    assert found.order[0] == "hook"
    assert all(
        found.order.index(edge.source) < found.order.index(edge.target)
        for edges in found.outgoing.values()
        for edge in edges
    )
    assert found.triggers == ("hook",)
    assert found.names["Over 1000?"] == "big"
    assert found.nodes["ask"].ports == ("approved", "rejected", "timeout")
    assert found.incoming["join"] == (Edge("total", "main", "join"), Edge("stock", "main", "join"))
    assert found.ancestors("big") == {"hook", "total", "stock", "join"}
    assert found.descendants("ask") == {"ship", "no", "yes"}
    assert found.ancestors("hook") == frozenset()
    assert (found.settings.timezone, found.settings.timeout_seconds) == ("Europe/Berlin", 86400)
    assert found.queue == "default"


def test_compiling_changes_nothing_it_was_given() -> None:
    given = order_approval()
    before = copy.deepcopy(given)
    graph.compile(given)
    assert given == before


def test_a_node_takes_from_its_type_what_the_document_leaves_out() -> None:
    plain = node("call", "ACTION", "HTTP_REQUEST", params={"url": "https://a.example"})
    own = {
        **plain,
        "id": "own",
        "name": "Own",
        "retry": {"attempts": 7},
        "on_unknown": "retry",
        "timeout_seconds": 5,
        "on_error": "route",
        "pinned_output": None,
    }
    found = graph.compile(definition(plain, own)).nodes
    assert found["call"].retry == Retry(attempts=3, delay_seconds=1.0)
    assert (found["call"].on_unknown, found["call"].timeout_seconds) == (OnUnknown.ASK, 300.0)
    assert found["call"].ports == ("main",)
    assert not found["call"].is_pinned
    assert found["own"].retry == Retry(attempts=7, delay_seconds=1.0)
    assert (found["own"].on_unknown, found["own"].timeout_seconds) == (OnUnknown.RETRY, 5)
    assert found["own"].ports == ("main", "error")
    assert (found["own"].is_pinned, found["own"].pinned_output) == (True, None)


def test_disabled_triggers_do_not_start() -> None:
    off = {**hook(), "disabled": True}
    manual = node("button", "TRIGGER", "MANUAL")
    assert graph.compile(definition(off, manual, links=[])).triggers == ("button",)


def test_the_ports_of_a_switch_are_its_cases() -> None:
    cases = [{"name": "a", "condition": True}, {"name": "b", "condition": True}]
    switch = node("s", "FLOW", "SWITCH", params={"cases": cases})
    assert graph.compile(definition(switch)).nodes["s"].ports == ("a", "b", "default")


@pytest.mark.parametrize("cases", [None, 3, "x", [], [3], [{"name": 3}], [{}], {"a": 1}])
def test_the_ports_of_a_nonsensical_switch_are_still_ports(cases: Any) -> None:
    switch = node("s", "FLOW", "SWITCH", params={"cases": cases})
    assert graph.compile(definition(switch)).nodes["s"].ports == ("default",)


@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        (None, "", "definition.not_object"),
        ([], "", "definition.not_object"),
        ("{}", "", "definition.not_object"),
        ({}, "nodes", "definition.missing"),
        ({"nodes": None}, "nodes", "definition.wrong_type"),
        ({"nodes": [], "connections": {}}, "connections", "definition.wrong_type"),
        ({"nodes": [], "settings": []}, "settings", "definition.invalid"),
        ({"nodes": [], "edges": []}, "edges", "definition.unknown_key"),
        ({"nodes": ["a"]}, "nodes[0]", "definition.invalid"),
        ({"nodes": [{"id": "a", "name": "A", "type": "FLOW"}]}, "nodes[0].subtype", "definition.missing"),
        (definition(transform("a", x=1)), "nodes[0].x", "definition.unknown_key"),
        (definition(transform("a b")), "nodes[0].id", "definition.invalid"),
        (definition(transform("", name="A")), "nodes[0].id", "definition.invalid"),
        (definition(transform("a", name=" ")), "nodes[0].name", "definition.invalid"),
        (definition(transform("a", on_error="ignore")), "nodes[0].on_error", "definition.invalid"),
        (definition(transform("a", retry={"attempts": 0})), "nodes[0].retry.attempts", "definition.invalid"),
        (definition(transform("a", retry={"tries": 1})), "nodes[0].retry.tries", "definition.unknown_key"),
        (definition(transform("a", timeout_seconds=0)), "nodes[0].timeout_seconds", "definition.invalid"),
        (definition(transform("a", position={"x": "left"})), "nodes[0].position.x", "definition.invalid"),
        (definition(node("a", "ACTION", "TRANSFORM", params=[])), "nodes[0].params", "definition.invalid"),
        (definition(node("a", "ACTION", "TRANSFROM")), "nodes[0].subtype", "node.unknown_type"),
        (definition(node("a", "ACT", "TRANSFORM")), "nodes[0].type", "node.unknown_type"),
        (definition(node("a", "FLOW", "TRANSFORM")), "nodes[0].subtype", "node.unknown_type"),
        (definition(transform("a"), transform("a", name="B"), links=[]), "nodes[1].id", "node.duplicate_id"),
        (definition(transform("a"), transform("b", name="A"), links=[]), "nodes[1].name", "node.duplicate_name"),
        (definition(transform("a"), links=[link("a", "b")]), "connections[0].to", "connection.unknown_node"),
        (definition(transform("a"), links=[link("b", "a")]), "connections[0].from", "connection.unknown_node"),
        (definition(transform("a"), links=[link("a", "a")]), "connections[0]", "connection.self_loop"),
        (definition(transform("a"), links=[{"from": "a"}]), "connections[0].to", "definition.missing"),
        (definition(hook(), transform("a"), links=[link("a", "hook")]), "connections[0].to", "connection.into_trigger"),
        (
            definition(transform("a"), transform("b"), links=[link("a", "b", "true")]),
            "connections[0].port",
            "connection.unknown_port",
        ),
        (
            definition(transform("a"), transform("b"), links=[link("a", "b", "error")]),
            "connections[0].port",
            "connection.unknown_port",
        ),
        (
            definition(transform("a"), transform("b"), links=[link("a", "b"), link("a", "b", condition="{{ true }}")]),
            "connections[1]",
            "connection.duplicate",
        ),
        (definition(transform("a"), timezone="Mars/Olympus"), "settings.timezone", "definition.invalid"),
        (definition(transform("a"), timezone="../../etc/passwd"), "settings.timezone", "definition.invalid"),
        (definition(transform("a"), while_paused="wait"), "settings.while_paused", "definition.invalid"),
        (definition(transform("a"), max_concurrent=0), "settings.max_concurrent", "definition.invalid"),
        (definition(transform("a"), timeout=5), "settings.timeout", "definition.unknown_key"),
    ],
)
def test_what_is_wrong_is_said_with_its_path(given: Any, path: str, code: str) -> None:
    assert refused(given) == {path: code}


def test_every_error_is_told_at_once() -> None:
    given = definition(
        transform("a", nots="x"), node("b", "FLOW", "FI"), links=[link("a", "c"), link("b", "a")], retry=1
    )
    assert refused(given) == {
        "nodes[0].nots": "definition.unknown_key",
        "nodes[1].subtype": "node.unknown_type",
        "connections[0].to": "connection.unknown_node",
        "settings.retry": "definition.unknown_key",
    }


def test_mistyped_words_are_answered_with_the_nearest() -> None:
    given = definition(transform("total", nots="x"), node("b", "FLOW", "SWICH"), links=[link("totl", "b")])
    with pytest.raises(GraphInvalid) as found:
        graph.compile(given)
    fixes = [finding.fix for finding in found.value.findings]
    assert fixes == ["Did you mean “notes”?", "Did you mean “SWITCH”?", "Did you mean “total”?"]


def test_a_cycle_is_named() -> None:
    nodes = [transform(letter) for letter in "abcd"]
    links = [link("a", "b"), link("b", "c"), link("c", "d"), link("d", "b")]
    with pytest.raises(GraphInvalid, match="“B” → “C” → “D” → “B”"):
        graph.compile(definition(*nodes, links=links))


def test_limits() -> None:
    many = [transform(f"n{number}") for number in range(501)]
    assert refused(definition(*many, links=[])) == {"nodes": "definition.too_many"}
    links = [link("a", "b", input=f"i{number}") for number in range(2001)]
    assert refused(definition(transform("a"), transform("b"), links=links)) == {"connections": "definition.too_many"}
    assert refused(definition(transform("a", "x" * 1_000_001))) == {"": "definition.too_large"}
    deep: Any = 1
    for _ in range(70):
        deep = [deep]
    assert refused(definition(transform("a", deep))) == {"": "definition.too_deep"}
    assert refused(definition(transform("a", "\0"))) == {"": "definition.not_json"}
    assert refused(definition(transform("a", float("nan")))) == {"": "definition.not_json"}


def test_five_hundred_nodes_are_a_graph() -> None:
    found = graph.compile(definition(*[transform(f"n{number}") for number in range(500)]))
    assert len(found.ancestors("n499")) == 499
