"""A tool made of code: what the model is offered, and what becomes of its call."""

from __future__ import annotations

from typing import Any

import pytest

from apps.ai.nodes.tools.code import CodeTool
from apps.nodes.contract import Done, Effect, NodeError
from apps.nodes.params import ParamsInvalid
from tests.nodes.running import FakeContext, params_of

STORED: dict[str, Any] = {
    "title": "price",
    "description": "The price of a number of pieces.",
    "arguments": [
        {"name": "pieces", "kind": "integer", "description": "How many"},
        {"name": "code", "is_required": False},
    ],
    "values": {"each": "{{ $json.each }}"},
    "language": "javascript",
    "code": "console.log(`asked for ${pieces}`);\nreturn { price: pieces * each, code };",
}


def test_the_model_is_offered_what_it_may_fill_in_and_no_more() -> None:
    (offer,) = CodeTool().offers(params_of(CodeTool, STORED, {"each": 3}), FakeContext())
    assert (offer.function.name, offer.effect, offer.needs_approval) == ("price", Effect.READ, False)
    assert offer.function.parameters == {
        "type": "object",
        "properties": {"pieces": {"type": "integer", "description": "How many"}, "code": {"type": "string"}},
        "required": ["pieces"],
        "additionalProperties": False,
    }
    (asked,) = CodeTool().offers(params_of(CodeTool, STORED | {"approval": "always"}, {"each": 3}), FakeContext())
    assert asked.needs_approval


def test_what_the_model_says_is_a_value_and_never_code() -> None:
    params, context = params_of(CodeTool, STORED, {"each": 3}), FakeContext()
    said = {"pieces": 2, "code": "`); Deno.exit(1); (`{{ 1 + 1 }}", "each": 0}
    answer = CodeTool().call(params, context, "price", said)
    assert answer == Done({"price": 6, "code": "`); Deno.exit(1); (`{{ 1 + 1 }}"})
    assert context.logs == ["asked for 2"]
    assert CodeTool().call(params, context, "price", {"pieces": 1}).output == {"price": 3, "code": None}


def test_the_model_is_told_how_it_failed() -> None:
    params = params_of(CodeTool, STORED | {"code": "return pieces.none.at"}, {"each": 3})
    with pytest.raises(NodeError) as failed:
        CodeTool().call(params, FakeContext(), "price", {"pieces": 1})
    assert failed.value.code == "code.raised"
    assert failed.value.message.startswith("Line 1: TypeError")


@pytest.mark.parametrize("name", ["each", "class", "typeof", "2nd", "größe", ""])
def test_a_name_that_cannot_be_a_variable_is_refused(name: str) -> None:
    with pytest.raises(ParamsInvalid):
        params_of(CodeTool, STORED | {"arguments": [{"name": name}]}, {"each": 3})
