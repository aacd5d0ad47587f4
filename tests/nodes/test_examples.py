"""Every example of every node type does what it says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.nodes.checks import objections
from apps.nodes.contract import Example, Memory, Node
from apps.nodes.params import stored_faults, texts, upgraded
from apps.nodes.registry import catalogue, node_types
from tests.cast import Cast
from tests.nodes.running import run_example


def examples(*, of_memories: bool | None = None) -> list[Any]:
    """Those of memories, of all others, or all."""
    return [
        pytest.param(cls, example, id=f"{cls.subtype}-{example.title}")
        for cls in node_types().values()
        for example in cls.examples
        if of_memories is None or issubclass(cls, Memory) == of_memories
    ]


EXAMPLES = examples()


@pytest.mark.parametrize(("cls", "example"), examples(of_memories=False))
def test_it_does_what_it_says(cls: type[Node], example: Example) -> None:
    assert run_example(cls, example) == (example.returns, example.port)


@pytest.mark.parametrize(("cls", "example"), examples(of_memories=True))
def test_it_remembers_what_it_says(cls: type[Node], example: Example, cast: Cast) -> None:
    assert run_example(cls, example, cast.workspace.id) == (example.returns, example.port)


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
