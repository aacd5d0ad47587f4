"""JSON at the border: what Python's parser accepts and PostgreSQL's jsonb refuses never gets past here."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from apps.core.errors import Invalid, TooLarge

MAX_DEPTH = 100
MAX_INTEGER_BITS = 3400  # about 1,000 digits
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class NotJson(Invalid):
    """This is not JSON."""

    code = "core.not_json"


class JsonTooDeep(Invalid):
    """The JSON is nested more than 100 levels deep."""

    code = "core.json_too_deep"


def _constant(name: str) -> None:
    raise NotJson(f"{name} is not JSON. Send null or a string instead.")


def parse(raw: bytes | str, *, limit: int | None = None) -> Any:
    """The value of a JSON text (RFC 8259), ready to be stored.

    `limit` is the size in bytes above which it is refused. Raises `TooLarge`, `NotJson` (with line and column) or
    `JsonTooDeep`; NaN, infinities, NUL and lone surrogates are refused because no database or peer could hold them.
    """
    if limit is not None and len(raw) > limit:
        raise TooLarge(f"The body has {len(raw):,} bytes; at most {limit:,} are accepted.")
    try:
        text = raw.decode("utf-8-sig") if isinstance(raw, bytes) else raw
        value = json.loads(text, parse_constant=_constant)
    except NotJson:
        raise
    except UnicodeDecodeError as error:
        raise NotJson(f"This is not UTF-8 (byte {error.start}).") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"This is not JSON: {error.msg} at line {error.lineno} column {error.colno}.") from None
    except RecursionError:
        raise JsonTooDeep from None
    except ValueError:  # Python refuses integers of more than 4,300 digits
        raise NotJson("A number has more than 1,000 digits, which cannot be stored.") from None
    check(value)
    return value


def check(value: Any, *, path: str = "") -> None:
    """Refuse, with the path, what jsonb cannot store: NUL, lone surrogates, NaN, giant integers, great depth."""
    _walk(value, path, 0)


def _walk(value: Any, path: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise JsonTooDeep
    kind = type(value)
    if kind is str:
        _refuse_text(value, path)
    elif kind is dict:
        for key, inner in value.items():
            if type(key) is not str:
                raise NotJson(f"A key at {path or 'the top'} is not a string.")
            _refuse_text(key, path)
            _walk(inner, f"{path}.{key}" if path else key, depth + 1)
    elif kind is list:
        for index, inner in enumerate(value):
            _walk(inner, f"{path}[{index}]", depth + 1)
    elif kind is float:
        if not math.isfinite(value):
            raise NotJson(f"The number at {path or 'the top'} is not finite.")
    elif kind is int:
        if value.bit_length() > MAX_INTEGER_BITS:
            raise NotJson(f"The number at {path or 'the top'} has more than 1,000 digits.")
    elif value is not None and kind is not bool:
        raise NotJson(f"{path or 'The value'} is a {kind.__name__}, which JSON does not know.")


def _refuse_text(text: str, path: str) -> None:
    found = _UNSTORABLE.search(text)
    if found:
        what = "a NUL character" if found[0] == "\x00" else "half of a surrogate pair"
        raise NotJson(f"The text at {path or 'the top'} holds {what}, which cannot be stored.")


def cleaned(value: Any) -> Any:
    """The same value made storable: used for what other systems answer, where refusing would lose the answer.

    NUL and lone surrogates become U+FFFD, NaN and infinities null, giant integers strings, what lies deeper than 100
    levels the text "…". Values JSON does not know become their `str`.
    """
    return _cleaned(value, 0)


def _cleaned(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is str:
        return _UNSTORABLE.sub("�", value) if _UNSTORABLE.search(value) else value
    if kind is dict or kind is list:
        if depth >= MAX_DEPTH:
            return "…"
        if kind is list:
            return [_cleaned(inner, depth + 1) for inner in value]
        return {_cleaned(str(key), depth): _cleaned(inner, depth + 1) for key, inner in value.items()}
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is int:
        return value if value.bit_length() <= MAX_INTEGER_BITS else f"{value:#x}"
    if value is None or kind is bool:
        return value
    return _cleaned(str(value), depth)
