"""An answer that keeps to a JSON Schema: read out of what a model wrote, or what is wrong with it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from apps.core import jsonclean, jsonshape
from apps.nodes.contract import Json

_FENCE: Final = re.compile(r"```[a-zA-Z0-9]*[ \t]*\r?\n(.*?)```", re.DOTALL)
_STARTS: Final = re.compile(r"[\[{]")
_MOST_PLACES: Final = 50
"""In so many places of a text a value is looked for."""
_MOST_FAULTS: Final = 5
LONGEST: Final = 200_000


@dataclass(frozen=True, slots=True)
class Read:
    """What an answer comes to: a value, or the faults that keep it from being one."""

    value: Json = None
    faults: tuple[str, ...] = ()


def instruction(schema: Json) -> str:
    """What a model is told so that its answer keeps to the schema."""
    return (
        "Give your answer as one JSON value that keeps to the JSON Schema below, and write nothing else: "
        f"no introduction, no explanation, no code fence.\n{json.dumps(schema, ensure_ascii=False)}"
    )


def correction(faults: tuple[str, ...]) -> str:
    """What a model is told whose answer does not keep to it."""
    listed = "\n".join(f"- {fault}" for fault in faults)
    return f"This answer cannot be used:\n{listed}\nSend the whole answer again, corrected, as JSON and nothing else."


def read(text: str, schema: Json) -> Read:
    """The value in a text. What stands around it (a fence, a sentence before or after) is overlooked; a value that is
    broken is not guessed at.
    """
    if not text.strip():
        return Read(faults=("The answer is empty.",))
    if len(text) > LONGEST:
        return Read(faults=(f"The answer has {len(text):,} characters; {LONGEST:,} are the most.",))
    candidates = list(_values(text))
    if not candidates:
        return Read(faults=(_broken(text),))
    first: tuple[str, ...] = ()
    for value in candidates:
        try:
            wrong = faults(value, schema)
        except jsonshape.ShapeInvalid as refused:
            wrong = (f"It cannot be held against the schema: {refused}",)
        if not wrong:
            return Read(value)
        first = first or wrong
    return Read(faults=first)


def faults(value: Json, schema: Json) -> tuple[str, ...]:
    """What about a value does not keep to the schema, in words with its place."""
    found = jsonshape.faults(value, schema)[:_MOST_FAULTS]
    return tuple(f"{fault.path}: {fault.message}" if fault.path else fault.message for fault in found)


def misfits(arguments: Mapping[str, Json], schema: Mapping[str, Json]) -> tuple[str, ...]:
    """What about a call's arguments does not keep to the function's schema. One we cannot use is left to its tool."""
    try:
        return faults(dict(arguments), dict(schema))
    except jsonshape.ShapeInvalid:
        return ()


def _values(text: str) -> list[Json]:
    """The values that stand in a text, the likeliest first: the text itself, what is fenced, what begins in it."""
    whole = [text, *(found[1] for found in _FENCE.finditer(text))]
    found = [value for each in whole if (value := _parsed(each)) is not _NOTHING]
    if found:
        return found
    decoder, at = json.JSONDecoder(parse_constant=_refused), 0
    for _ in range(_MOST_PLACES):
        start = _STARTS.search(text, at)
        if start is None or not _is_closed(text[: start.start()]):
            break  # what follows stands inside of something broken
        try:
            value, at = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            at = start.end()
        else:
            found.append(jsonclean.cleaned(value))
    return sorted(found, key=lambda value: -len(json.dumps(value)))


def _is_closed(text: str) -> bool:
    return all(text.count(opening) == text.count(closing) for opening, closing in ("{}", "[]"))


_NOTHING: Final = object()


def _parsed(text: str) -> Json:
    try:
        return jsonclean.cleaned(json.loads(text.strip(), parse_constant=_refused))
    except (ValueError, RecursionError):
        return _NOTHING


def _refused(word: str) -> Json:
    raise ValueError(f"{word} is no JSON.")


def _broken(text: str) -> str:
    """Why a text is no JSON, with the place where it stops being some."""
    fenced = _FENCE.search(text)
    inside = (fenced[1] if fenced else text).strip()
    start = _STARTS.search(inside)
    if start is None:
        return "There is no JSON in the answer."
    try:
        json.loads(inside[start.start() :], parse_constant=_refused)
    except json.JSONDecodeError as wrong:
        near = inside[start.start() :][max(0, wrong.pos - 30) : wrong.pos + 10]
        return f"The JSON is broken: {wrong.msg} at line {wrong.lineno}, column {wrong.colno}, near {near!r}."
    except (ValueError, RecursionError) as wrong:
        return f"The JSON is broken: {wrong}"
    return "There is no JSON in the answer."
