"""JSON at the border: what is refused with its place, and what is mended when refusing would lose an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import jsonclean
from apps.core.errors import DomainError, TooLarge
from apps.core.jsonclean import JsonTooDeep, NotJson


@pytest.mark.parametrize(
    ("raw", "error", "said"),
    [
        (b'{"a": ', NotJson, "line 1 column 7"),
        (b'{"a": NaN}', NotJson, "NaN is not JSON"),
        (b'{"a": {"b": "\\u0000"}}', NotJson, "a.b holds a NUL character"),
        (b'["x", "\\ud800"]', NotJson, r"\[1\] holds half of a surrogate pair"),
        (b"\xff\xfe", NotJson, "not UTF-8"),
        (b"9" * 5_000, NotJson, "more than 1,000 digits"),
        (b"9" * 1_200, NotJson, "more than 1,000 digits"),
        (b"[" * 102 + b"]" * 102, JsonTooDeep, "100 levels"),
        (b"[" * 100_000, JsonTooDeep, "100 levels"),
        (b"1e999", NotJson, "not finite"),
        (b'"' + b"a" * 100 + b'"', TooLarge, "102 bytes; at most 50"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_its_place(raw: bytes, error: type[DomainError], said: str) -> None:
    with pytest.raises(error, match=said):
        jsonclean.parse(raw, limit=50 if error is TooLarge else None)


def test_what_can_be_stored_passes_unchanged() -> None:
    value = {"a": [1, 2.5, None, True, "é", "\u2028"], "__proto__": {}}
    assert jsonclean.parse(json.dumps(value).encode()) == value
    assert jsonclean.parse(b'\xef\xbb\xbf{"bom": 1}') == {"bom": 1}


def test_an_answer_is_mended_instead_of_lost() -> None:
    deep: Any = "end"
    for _ in range(150):
        deep = [deep]
    mended = jsonclean.cleaned(
        {"nul": "a\x00b", "half": "\ud800", "nan": float("nan"), "big": 10**2000, "bytes": b"x", "d": deep}
    )
    jsonclean.check(mended)
    assert (mended["nul"], mended["half"], mended["nan"]) == ("a\ufffdb", "\ufffd", None)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec=None)), inner, max_size=4),
    max_leaves=20,
)


@given(anything)
def test_whatever_was_mended_can_be_stored(value: Any) -> None:
    mended = jsonclean.cleaned(value)
    jsonclean.check(mended)
    assert jsonclean.parse(json.dumps(mended)) == mended
