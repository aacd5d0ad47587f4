"""Texts of other products as expressions of ours: `{{name}}`, and conditions without braces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from apps.nodes import expressions

Json = Any
_STRING: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_BRACES: Final = re.compile(r"\{\{((?:(?!\{\{|\}\}).)*+)\}\}", re.DOTALL)
_PLACE: Final = re.compile(r"[A-Za-z_]\w*(?:\.\w+|\[\d+\])*")
_WORD: Final = re.compile(r"(?<![\w.$'\"\]])[A-Za-z_]\w*(?:\.\w+)*")
_KNOWN: Final = frozenset({"true", "false", "null", "undefined", "Math", "JSON", "Object", "Array", "Number", "String"})
_OPERATORS: Final = {"and": "&&", "or": "||", "not": "!", "True": "true", "False": "false", "None": "null"}
LONGEST: Final = 4_000
"""Longer expressions are none here, so nobody looks at what they say."""
_ITS_OWN: Final = ("input", "output", "result", "data", "item", "payload")
"""What others call that which comes in."""


def texts_in(value: Json) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)


def each_text(value: Json, change: Callable[[str], Json]) -> Json:
    """The value with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: each_text(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [each_text(inner, change) for inner in value]
    return value


def templated(text: str) -> str:
    """The text with `{{name.member}}` read from what comes in, as `{{ $json.name.member }}`."""
    return _BRACES.sub(lambda found: f"{{{{ {_read(found[1].strip())} }}}}", text)


def condition(text: str) -> str:
    """A condition as one expression, whether it was `{{a}} > 1`, `{{ a > 1 }}` or `output.a > 1 and b`."""
    text = text.strip()
    if "{{" not in text and not fault(f"{{{{ {text} }}}}"):
        return f"{{{{ {text} }}}}"
    whole = _BRACES.fullmatch(text)
    if whole and "{{" not in whole[1]:
        inner = _words(whole[1].strip())
    else:
        parts = [part if at % 2 else _words(part) for at, part in enumerate(_BRACES.split(text))]
        inner = "".join(_read(part.strip()) if at % 2 else part for at, part in enumerate(parts))
    return f"{{{{ {inner} }}}}"


def fault(text: Json) -> str:
    """Why a text cannot be read as an expression here; empty when it can."""
    refused = expressions.check(text)
    return str(refused[0]) if refused else ""


def _read(inner: str) -> str:
    """What stands between braces: a bare name is a member of what comes in; what we can read stays."""
    if not fault(f"{{{{ {inner} }}}}"):
        return inner
    if not _PLACE.fullmatch(inner) or inner in _KNOWN:
        return _words(inner)
    return _member(inner)


def _words(code: str) -> str:
    """Code with its bare names read from what comes in, and its operators as ours; texts in quotes stay."""
    if len(code) > LONGEST or not fault(f"{{{{ {code} }}}}"):
        return code
    pieces, at = [], 0
    for found in _STRING.finditer(code):
        pieces += [_code(code[at : found.start()]), found[0]]
        at = found.end()
    return "".join([*pieces, _code(code[at:])])


def _code(code: str) -> str:
    def change(found: re.Match[str]) -> str:
        word = found[0]
        if word in _OPERATORS:
            return _OPERATORS[word]
        after = code[found.end() :].lstrip()
        if word.partition(".")[0] in _KNOWN or (after.startswith("(") and "." not in word) or after.startswith(":"):
            return word
        return _member(word)

    return _WORD.sub(change, code)


def _member(place: str) -> str:
    first, dot, rest = place.partition(".")
    if first == "trigger":
        return f"$trigger{dot}{rest}"
    if first in ("vars", "variables", "env"):
        return f"$vars{dot}{rest}"
    if first in _ITS_OWN:
        return f"$json{dot}{rest}"
    return f"$json.{place}"
