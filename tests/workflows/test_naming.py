"""What the editor makes of references when a node is renamed, read by the server."""

from __future__ import annotations

import json

import pytest

from apps.nodes import expressions
from apps.workflows.lint import lint
from config.embedded.services import REPOSITORY
from tests.workflows.definitions import definition, hook, transform

CASES = json.loads((REPOSITORY / "static/src/editor/document/naming.cases.json").read_text())


def nodes_of(text: str) -> set[str]:
    return {str(reference.name) for reference in expressions.references(text) if reference.root == "node"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["before"])
def test_a_renamed_reference_means_the_node_by_its_new_name(case: dict[str, str]) -> None:
    assert not expressions.check(case["before"])
    assert not expressions.check(case["after"])
    assert "Old" in nodes_of(case["before"])
    assert nodes_of(case["after"]) == nodes_of(case["before"]) - {"Old"} | {"New name"}


def test_the_lint_knows_the_node_in_every_renamed_text() -> None:
    texts = [case["after"] for case in CASES if "Other" not in case["after"]]
    drawn = definition(
        hook(), transform("new", name="New name"), *(transform(f"n{at}", text) for at, text in enumerate(texts))
    )
    assert not [found for found in lint(drawn) if "New name" in found.message or "Old" in found.message]
    gone = definition(hook(), transform("new", name="Another"), transform("n", texts[0]))
    assert [found for found in lint(gone) if "New name" in found.message]
