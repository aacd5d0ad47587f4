"""What node types say about their forms leads somewhere, whoever declares it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apps.nodes.registry import catalogue

Json = Any
KNOWN = {"x-expression", "x-condition", "x-inner", "x-credential", "x-unit", "x-group", "x-when", "x-one-of"}
KNOWN |= {"x-widget", "x-words"}


def _objects(schema: Json) -> Iterator[dict[str, Json]]:
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield schema
        for inner in schema.values():
            yield from _objects(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _objects(inner)


ENTRIES = [pytest.param(entry["params_schema"], id=entry["subtype"]) for entry in catalogue()]


@pytest.mark.parametrize("schema", ENTRIES)
def test_labels_are_words_and_differ(schema: Json) -> None:
    for thing in _objects(schema):
        labels = [member["title"] for member in thing["properties"].values() if "title" in member]
        assert len(labels) == len(set(labels)), labels
        assert all(label[0].isupper() and "_" not in label for label in labels), labels


@pytest.mark.parametrize("schema", ENTRIES)
def test_hints_name_what_there_is(schema: Json) -> None:
    for thing in _objects(schema):
        for name, member in thing["properties"].items():
            assert {key for key in member if key.startswith("x-")} <= KNOWN, name
            for other, values in member.get("x-when", {}).items():
                allowed = thing["properties"][other]
                assert set(values) <= set(allowed.get("enum", (True, False))), f"{name} depends on {other}"
            words = member.get("x-words", {})
            values = [*member.get("enum", ()), *([member["const"]] if "const" in member else ())]
            assert set(words) <= set(values), f"words of {name}"


def test_names_without_a_label_become_one_with_their_unit_behind() -> None:
    call = next(entry for entry in catalogue() if entry["subtype"] == "HTTP_REQUEST")
    limit = call["params_schema"]["properties"]["timeout_seconds"]
    assert (limit["title"], limit["x-unit"], limit["x-group"]) == ("Time limit", "seconds", "More of the request")
    lists = next(entry for entry in catalogue() if entry["subtype"] == "LIST")
    assert lists["params_schema"]["properties"]["items"]["title"] == "Items"
