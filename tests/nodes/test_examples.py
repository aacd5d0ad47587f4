"""Every example of every node type does what it says."""

from __future__ import annotations

import json

import pytest

from apps.nodes.checks import objections
from apps.nodes.contract import Example, Node
from apps.nodes.params import stored_faults, texts, upgraded
from apps.nodes.registry import catalogue, node_types
from tests.nodes.running import run_example

EXAMPLES = [
    pytest.param(cls, example, id=f"{cls.subtype}-{example.title}")
    for cls in node_types().values()
    for example in cls.examples
]


@pytest.mark.parametrize(("cls", "example"), EXAMPLES)
def test_it_does_what_it_says(cls: type[Node], example: Example) -> None:
    assert run_example(cls, example) == (example.returns, example.port)


@pytest.mark.parametrize(("cls", "example"), EXAMPLES)
def test_it_passes_the_lint(cls: type[Node], example: Example) -> None:
    assert stored_faults(cls, example.params) == []
    assert all(text.is_expression for text in texts(cls, example.params))


@pytest.mark.parametrize(("cls", "example"), EXAMPLES)
def test_migrating_it_again_changes_nothing(cls: type[Node], example: Example) -> None:
    once = upgraded(cls, example.params)
    assert upgraded(cls, once) == once


@pytest.mark.parametrize("cls", node_types().values(), ids=lambda cls: cls.subtype)
def test_it_describes_itself(cls: type[Node]) -> None:
    assert objections(cls) == []


def test_the_catalogue_is_json() -> None:
    assert json.loads(json.dumps(catalogue())) == list(catalogue())
    assert len(catalogue()) == len(node_types())
