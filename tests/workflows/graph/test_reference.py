"""The page about definitions leaves nothing out and tells the true defaults."""

from __future__ import annotations

import json
import re
from pathlib import Path

from apps.workflows.graph.document import (
    Concurrency,
    ConnectionDocument,
    Debounce,
    NodeDocument,
    Rate,
    RetryDocument,
    Settings,
    read,
)
from apps.workflows.graph.mapping import FieldMapping
from apps.workflows.lint import lint

SECTIONS = (
    ("Nodes", NodeDocument),
    ("Connections", ConnectionDocument),
    ("Fields of a mapping", FieldMapping),
    ("Settings", Settings),
    ("Concurrency", Concurrency),
    ("Rate", Rate),
    ("Debounce", Debounce),
)
PAGE = (Path(__file__).resolve().parents[3] / "docs/reference/definition.md").read_text()


def section(title: str) -> str:
    return re.split(r"^## ", PAGE.partition(f"\n## {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def test_every_member_is_there_and_no_other() -> None:
    for title, model in SECTIONS:
        cells = re.findall(r"^\| (`[^|]*) \|", section(title), flags=re.MULTILINE)
        told = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
        assert told == {field.alias or name for name, field in model.model_fields.items()}, title
    assert all(f"`{name}`" in section("Nodes") for name in RetryDocument.model_fields)


def test_defaults_are_true() -> None:
    for title, model in SECTIONS:
        for name, default in re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", section(title), flags=re.MULTILINE):
            known = {field.alias or key: field for key, field in model.model_fields.items()}
            assert json.loads(default) == known[name].get_default(call_default_factory=True), name


def test_the_example_can_be_published() -> None:
    example = json.loads(PAGE.partition("```json\n")[2].partition("```")[0])
    assert read(example)[1] == ()
    assert [finding for finding in lint(example) if finding.severity == "error"] == []
