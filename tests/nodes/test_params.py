"""Parameters: conditions, faults in words, where expressions may stand."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from apps.nodes.contract import Expr, Node, NodeParams, NodeType
from apps.nodes.params import Condition, ParamsInvalid, stored_faults, texts, validated


class ByKey(NodeParams):
    """One branch."""

    kind: Literal["key"]
    value: Expr[str]


class ByName(NodeParams):
    """The other branch."""

    kind: Literal["name"]
    value: str


class Row(NodeParams):
    """A row."""

    count: Expr[int] = 1
    when: Condition = True


class Probe(Node):
    """A node with every kind of field."""

    type, subtype, icon = NodeType.ACTION, "PROBE", "x"

    class Params(NodeParams):
        number: Expr[int] = 0
        fixed: int = 0
        text: Expr[str] = ""
        rows: list[Row] = []
        named: dict[str, Expr[str]] = {}
        by: Annotated[ByKey | ByName, Field(discriminator="kind")] | None = None
        address: Expr[Annotated[str, Field(pattern="^https?://", max_length=20)]] = "http://x"
        """Absolute address, beginning with https:// or http://."""
        maybe: Expr[Annotated[int, Field(ge=1)]] | None = None
        other: Annotated[Expr[Any], Field(alias="json")] = None


def faults(params: Any) -> dict[str, str]:
    return {fault.path: fault.code for fault in stored_faults(Probe, params)}


def test_a_text_of_the_wrong_form_is_told_in_the_words_of_its_field() -> None:
    def said(address: str) -> str:
        return stored_faults(Probe, {"address": address})[0].message

    assert said("1") == "This does not fit. What belongs here: Absolute address, beginning with https:// or http://."
    assert said("http://" + "x" * 30) == "This should have at most 20 characters."


def test_resolved_values_are_converted() -> None:
    found = validated(Probe, {"number": "3", "text": 5, "json": [1], "rows": [{"count": "2", "when": None}]})
    assert (found.number, found.text, found.other) == (3, "5", [1])
    assert (found.rows[0].count, found.rows[0].when) == (2, False)


def test_faults_have_paths_and_words() -> None:
    with pytest.raises(ParamsInvalid) as refused:
        validated(Probe, {"number": "x", "rows": [{}, {"count": []}], "nmber": 1, "by": {"kind": "key"}})
    found = {fault.path: fault.message for fault in refused.value.faults}
    assert found == {
        "params.number": "This should be a whole number.",
        "params.rows[1].count": "This should be a whole number.",
        "params.nmber": "There is no “nmber” here.",
        "params.by.value": "“value” is required.",
    }
    assert "Did you mean “number”?" in [fault.hint for fault in refused.value.faults]


def test_expressions_are_given_the_benefit_of_the_doubt_where_they_may_stand() -> None:
    expression = "{{ $json.a }}"
    assert faults({"number": expression, "rows": [{"count": expression}], "maybe": expression}) == {}
    assert faults({"fixed": expression}) == {"params.fixed": "invalid"}
    assert faults({"number": expression, "fixed": "x"}) == {"params.fixed": "invalid"}


def test_where_expressions_may_stand() -> None:
    expression = "{{ 1 }}"
    found = texts(
        Probe,
        {
            "fixed": expression,
            "text": "plain",
            "named": {"a": expression},
            "rows": [{"when": expression}, {"count": expression}],
            "by": {"kind": "key", "value": expression},
            "json": {"deep": [expression]},
            "unknown": expression,
        },
    )
    assert [(text.path, text.is_expression, text.is_condition) for text in found] == [
        ("params.fixed", False, False),
        ("params.named.a", True, False),
        ("params.rows[0].when", True, True),
        ("params.rows[1].count", True, False),
        ("params.by.value", True, False),
        ("params.json.deep[0]", True, False),
        ("params.unknown", False, False),
    ]
    (fixed,) = texts(Probe, {"by": {"kind": "name", "value": expression}})
    assert not fixed.is_expression


@pytest.mark.parametrize(
    ("value", "truth"),
    [(True, True), (False, False), (None, False), (0, False), (2, True), ("", False), ("true", True), ("False", False)],
)
def test_truth(value: Any, truth: bool) -> None:
    assert validated(Probe, {"rows": [{"when": value}]}).rows[0].when is truth


def test_lists_and_objects_are_true_as_in_expressions() -> None:
    assert all(row.when for row in validated(Probe, {"rows": [{"when": []}, {"when": {}}, {"when": [0]}]}).rows)


@pytest.mark.parametrize("value", ["no", "0", "yes please"])
def test_a_text_is_no_truth(value: str) -> None:
    with pytest.raises(ParamsInvalid, match="this is a text"):
        validated(Probe, {"rows": [{"when": value}]})
