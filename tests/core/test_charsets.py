"""Texts in charsets that others name."""

from __future__ import annotations

import time

import pytest

from apps.core.charsets import CHARSETS, CharsetUnknown, charset_of, decode


def test_every_charset_of_the_list_exists_and_decodes_text() -> None:
    for charset in CHARSETS:
        assert decode("plain".encode(charset), charset) == "plain"


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("text/plain", ""),
        ("text/plain; charset=UTF-8", "utf-8"),
        ('text/plain;charset="Shift_JIS"; format=flowed', "shift-jis"),
        ("text/plain; charset=", ""),
    ],
)
def test_the_charset_of_a_content_type(content_type: str, charset: str) -> None:
    assert charset_of(content_type) == charset


@pytest.mark.parametrize(
    "charset",
    ["punycode", "idna", "zlib", "rot13", "unicode-escape", "utf-7", "klingon", "", "a\0b", "../os", "x" * 9999],
)
def test_what_is_no_charset_of_texts_is_refused_at_once(charset: str) -> None:
    began = time.monotonic()
    with pytest.raises(CharsetUnknown):
        decode(b"a" * 500_000 + b"-" + b"a" * 100_000, charset)
    assert time.monotonic() - began < 0.5


def test_bytes_that_do_not_fit_are_refused_or_replaced() -> None:
    with pytest.raises(UnicodeDecodeError):
        decode(b"\xff", "utf-8")
    assert decode(b"\xff", "utf-8", errors="replace") == "\ufffd"
