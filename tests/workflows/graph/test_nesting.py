"""Containers: who may stand where."""

from __future__ import annotations

from typing import Any

import pytest

from apps.workflows import graph
from apps.workflows.lint import lint
from tests.executions.conftest import definition, fields, node

Json = dict[str, Any]
PASS = {"fields": fields(a="1")}


def nested(**changes: Any) -> Json:
    """A loop with a child, and what is to be different about it."""
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("loop", "FLOW.LOOP", items="{{ $json }}"),
            {**node("in", "ACTION.TRANSFORM", **PASS), "parent": "loop"},
            node("out", "ACTION.TRANSFORM", **PASS),
        ],
        ["t > loop", "loop > out"],
    )
    return document | changes


def codes(document: Json) -> list[str]:
    return [finding.code for finding in lint(document) if finding.severity == "error"]


def test_a_loop_with_a_child_compiles_and_knows_its_levels() -> None:
    found = graph.compile(nested())
    assert found.levels[None] == ("t", "loop", "out")
    assert found.levels["loop"] == ("in",)
    assert found.ancestors("in") == {"t"}
    assert found.descendants("t") == {"loop", "in", "out"}
    assert lint(nested()) == ()


@pytest.mark.parametrize(
    ("edge", "names"), [("t > in", "loop"), ("in > out", "loop"), ("loop > in", "loop")], ids=["in", "out", "own"]
)
def test_no_connection_crosses_the_border(edge: str, names: str) -> None:
    document = nested()
    document["connections"] = definition([], [edge])["connections"]
    assert "connection.crosses_border" in codes(document)


@pytest.mark.parametrize(
    ("parent", "code"),
    [("gone", "node.unknown_parent"), ("out", "node.no_container"), ("in", "node.no_container")],
)
def test_a_parent_is_a_container(parent: str, code: str) -> None:
    document = nested()
    document["nodes"][2]["parent"] = parent
    assert code in codes(document)


def test_containers_that_stand_in_each_other_are_refused() -> None:
    document = nested()
    document["nodes"][1]["parent"] = "other"
    document["nodes"].append({**node("other", "FLOW.LOOP", items="{{ $json }}"), "parent": "loop"})
    assert "node.too_deep" in codes(document)


def test_a_trigger_stands_in_none_and_break_only_in_one() -> None:
    document = nested()
    document["nodes"][0]["parent"] = "loop"
    document["nodes"].append(node("b", "FLOW.BREAK"))
    assert {"node.trigger_inside", "node.outside"} <= set(codes(document))


def test_results_see_the_children_and_what_comes_after_does_not() -> None:
    document = nested()
    document["nodes"][1]["params"]["result"] = '{{ $node["in"].a }}'
    assert codes(document) == []
    document["nodes"][3]["params"] = {"fields": fields(b='{{ $node["in"].a }}')}
    assert codes(document) == ["reference.not_before"]


def test_an_empty_container_is_told_of() -> None:
    document = nested()
    del document["nodes"][2]
    assert [finding.code for finding in lint(document)] == ["container.empty"]
