"""What a JSON value is, in words. Pure."""

from __future__ import annotations

from typing import Any, Final

_WORDS: Final[dict[type, str]] = {
    type(None): "null",
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
}


def kind_of(value: Any) -> str:
    """What a value is, in words that fit behind “is”."""
    return _WORDS.get(type(value), "no JSON value")
