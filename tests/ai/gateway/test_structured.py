"""Answers that keep to a schema: each provider gets what it takes, and nobody gets what it refuses."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from apps.ai.gateway import structured
from apps.nodes.contract import Function, Message, Provider
from tests.ai.gateway.conftest import Asking
from tests.fakes.scripted import Asked, Call, Say

PROVIDERS: tuple[Provider, ...] = get_args(Provider)
PLAIN = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "degrees": {"type": "integer"}},
    "required": ["city", "degrees"],
}
QUIRKY = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "city": {"type": ["string", "null"], "examples": ["Rome"]},
        "kind": {"const": "weather"},
        "days": {"type": "array", "items": {"$ref": "#/$defs/Day"}, "uniqueItems": True},
        "note": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        "more": {"type": "object", "patternProperties": {"^x-": {"type": "string"}}},
    },
    "required": ["city", "kind"],
    "$defs": {"Day": {"type": "object", "properties": {"name": {"type": "string"}, "next": {"$ref": "#/$defs/Day"}}}},
}
TOOL = Function(name="look_up", description="Look it up.", parameters=QUIRKY)


@pytest.mark.django_db
@pytest.mark.xdist_group("litellm")
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("schema", [PLAIN, QUIRKY])
@pytest.mark.parametrize("has_functions", [False, True])
def test_every_provider_takes_every_schema(
    asking: Asking, provider: Provider, schema: dict[str, Any], has_functions: bool
) -> None:
    answer = {"city": "Rome", "degrees": 21, "kind": "weather"}
    fake, ref = asking.connect(provider)
    functions = (TOOL,) if has_functions else ()
    messages = (Message.of("system", "Be brief."), Message.of("user", "Weather?"))
    for on_text in (None, lambda piece: None):
        fake.says(Say(json.dumps(answer)))
        reply = asking.chat(ref, messages=messages, result_schema=schema, functions=functions, on_text=on_text)
        assert json.loads(reply.message.text) == answer
        assert (reply.finish, reply.message.calls) == ("stop", ())
        asked: Asked = fake.asked[-1]
        assert asked.system.startswith("Be brief.")
        assert (asked.schema is not None) or "JSON Schema" in asked.system
        if has_functions:
            fake.says(Say(calls=(Call("look_up", {"city": "Rome", "kind": "weather"}),)))
            called = asking.chat(ref, messages=messages, result_schema=schema, functions=functions, on_text=on_text)
            assert [call.name for call in called.message.calls] == ["look_up"]
            assert fake.asked[-1].choice == "auto", "a forced tool would leave no room for the others"
    assert len(fake.asked) == (4 if has_functions else 2), "nobody refused it"


@pytest.mark.django_db
@pytest.mark.xdist_group("litellm")
def test_an_older_claude_is_made_to_by_a_forced_tool(asking: Asking) -> None:
    fake, ref = asking.connect("anthropic")
    ref = ref.model_copy(update={"model": "claude-3-7-sonnet-20250219"})
    fake.says(Say('{"city": "Rome", "degrees": 21}'))
    reply = asking.chat(ref, result_schema=PLAIN)
    assert reply.finish == "stop"
    assert json.loads(reply.message.text)["city"] == "Rome"


def test_strict_is_said_only_where_it_changes_nothing() -> None:
    closed = structured.strict_form(PLAIN)
    assert closed == PLAIN | {"additionalProperties": False}
    nested = PLAIN | {"properties": {"city": {"type": "string"}, "degrees": {"type": "array", "items": PLAIN}}}
    found = structured.strict_form(nested)
    assert found is not None
    assert found["properties"]["degrees"]["items"]["additionalProperties"] is False
    optional = PLAIN | {"required": ["city"]}
    opened = PLAIN | {"additionalProperties": {"type": "string"}}
    for other in (optional, opened, QUIRKY, {"type": "array", "items": PLAIN}, {"type": "object"}):
        assert structured.strict_form(other) is None


def test_gemini_reads_references_written_out() -> None:
    found = structured.for_gemini(QUIRKY)
    assert found["properties"]["city"] == {"type": "string", "nullable": True}
    assert found["properties"]["kind"] == {"enum": ["weather"], "type": "string"}
    assert found["properties"]["days"]["items"]["properties"]["name"] == {"type": "string"}
    assert "$ref" not in json.dumps(found)
    assert structured.for_gemini({"type": ["string", "integer"]}) == {
        "anyOf": [{"type": "string"}, {"type": "integer"}]
    }
