"""Answers that keep to a JSON Schema: by which means a model is made to, and what its provider takes of a schema.

- `schema`: the provider keeps the model to it: by OpenAI's and Groq's `json_schema`, Gemini's response schema, Ollama's
  format, Anthropic's own means or a tool that must be called.
- `json`: the provider keeps the model to JSON; the schema stands in the system prompt.
- `words`: the schema stands in the system prompt, and nothing more.
"""

from __future__ import annotations

import json
from typing import Any, Final, Literal, TypeAlias

from apps.ai.gateway.catalogue import Model
from apps.ai.gateway.dialects import DIALECTS
from apps.nodes.contract import Json, Provider

Means: TypeAlias = Literal["schema", "json", "words"]
NAME: Final = "answer"
_NOT_STRICT: Final = frozenset(
    {"allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties"}
)
_NOT_GEMINI: Final = frozenset(
    {"$schema", "$id", "additionalProperties", "patternProperties", "const", "not", "if", "then", "else", "default",
     "examples", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "uniqueItems"}
)  # fmt: skip


def means_of(provider: Provider, known: Model | None, *, has_functions: bool) -> Means:
    """By which means this model is made to keep to a schema.

    With functions, some providers would take the schema for the only thing the model may say: Gemini refuses both
    together, Ollama's format and Anthropic's forced tool leave no room for a call.
    """
    if has_functions and (provider in ("gemini", "ollama") or not _is_native(provider, known)):
        return "words"
    if known is not None:
        if known.can("structured"):
            return "schema"
        if provider != "ollama":
            return "json" if provider in ("openai", "groq", "together") else "words"
    ability = DIALECTS[provider].ability
    return "schema" if ability == "schema" else "json" if ability == "json" else "words"


def response_format(means: Means, schema: dict[str, Json], provider: Provider) -> dict[str, Any] | None:
    """What the provider is told, in OpenAI's words."""
    if means == "words":
        return None
    if means == "json":
        return {"type": "json_object"}
    if provider == "gemini":
        return {"type": "json_schema", "json_schema": {"name": NAME, "schema": for_gemini(schema)}}
    strict = strict_form(schema)
    given: dict[str, Any] = {"name": NAME, "schema": schema if strict is None else strict, "strict": strict is not None}
    return {"type": "json_schema", "json_schema": given}


def instruction(schema: dict[str, Json]) -> str:
    """What stands in the system prompt where the provider's means do not carry the schema."""
    written = json.dumps(schema, ensure_ascii=False)
    return (
        "When you give your final answer, answer with one JSON value and nothing else: no words around it, no code"
        f" fence. It has to keep to this JSON Schema:\n{written}"
    )


def strict_form(schema: dict[str, Json]) -> dict[str, Json] | None:
    """The schema with every object closed, as OpenAI's strict mode wants it; None where that would change what it
    means: an optional property, an open object, words that mode does not know.
    """
    try:
        found = _strict(schema)
    except ValueError:
        return None
    return found if found.get("type") == "object" else None


def for_gemini(schema: Any) -> Any:
    """The schema in the words Gemini knows: references written out, a constant as a list of one, null as `nullable`.

    What has no such word is left out: the caller checks the answer against the whole schema.
    """
    return _gemini(schema, schema.get("$defs") or schema.get("definitions") or {}, 0)


def _is_native(provider: Provider, known: Model | None) -> bool:
    return provider != "anthropic" or (known is not None and known.can("native_structured"))


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if _NOT_STRICT & schema.keys():
        raise ValueError
    found: dict[str, Any] = {}
    for name, value in schema.items():
        if name in ("properties", "$defs", "definitions"):
            found[name] = {key: _strict(inner) for key, inner in value.items()}
        elif name in ("items", "anyOf", "prefixItems"):
            found[name] = _strict(value)
        else:
            found[name] = value
    if schema.get("type") == "object" or "properties" in schema:
        if set(schema.get("required", ())) != set(schema.get("properties", {})):
            raise ValueError
        if schema.get("additionalProperties") not in (None, False) or not schema.get("properties"):
            raise ValueError
        found["additionalProperties"] = False
    return found


def _gemini(schema: Any, known: dict[str, Any], depth: int) -> Any:
    if isinstance(schema, list):
        return [_gemini(each, known, depth) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        if name not in known or depth > 8:  # it refers to itself: as deep as this, anything is allowed
            return {"type": "object"}
        return _gemini(known[name], known, depth + 1)
    found: dict[str, Any] = {}
    for name, value in schema.items():
        if name == "const":
            found |= {"enum": [str(value)], "type": "string"} if isinstance(value, str) else {}
        elif name == "oneOf":
            found["anyOf"] = _gemini(value, known, depth)
        elif name == "type" and isinstance(value, list):
            rest = [each for each in value if each != "null"]
            found |= {"type": rest[0]} if len(rest) == 1 else {"anyOf": [{"type": each} for each in rest]}
            found |= {"nullable": True} if "null" in value else {}
        elif name == "properties":
            found[name] = {key: _gemini(inner, known, depth) for key, inner in value.items()}
        elif name in ("items", "anyOf", "allOf", "prefixItems"):
            found[name] = _gemini(value, known, depth)
        elif name not in _NOT_GEMINI and name not in ("$defs", "definitions"):
            found[name] = value
    return found
