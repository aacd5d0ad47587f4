"""Bytes as text, by the charset somebody else named. Pure."""

from __future__ import annotations

from typing import Literal

# Python's own registry is not asked: it imports and remembers whatever name it is given, and some of its codecs
# (punycode, idna) take time that grows with the square of the text.
_UNICODE = ("utf-8", "utf8", "utf-8-sig", "utf-16", "utf-16le", "utf-16be", "utf-32", "utf-32le", "utf-32be")
_WESTERN = ("ascii", "us-ascii", "latin1", "latin-1", "l1", "macintosh", "koi8-r", "koi8-u")
_EASTERN = ("shift-jis", "sjis", "cp932", "euc-jp", "iso-2022-jp", "euc-kr", "cp949", "big5", "big5-hkscs", "gb2312")
_NUMBERED = (
    *(f"iso-8859-{part}" for part in range(1, 17) if part != 12),
    *(f"{family}{page}" for family in ("windows-", "cp") for page in range(1250, 1259)),
)
CHARSETS = frozenset({*_UNICODE, *_WESTERN, *_EASTERN, *_NUMBERED, "gbk", "gb18030"})
"""The charsets that are understood, in small letters with dashes."""


class CharsetUnknown(ValueError):
    """This is no charset that texts are sent in."""


def charset_of(content_type: str) -> str:
    """The charset a Content-Type names, in small letters with dashes; empty when it names none."""
    named = content_type.lower().partition("charset=")[2].partition(";")[0]
    return named.strip(" \t\"'").replace("_", "-")


def decode(raw: bytes, charset: str, *, errors: Literal["strict", "replace"] = "strict") -> str:
    """The text of these bytes, in time that grows with their number only.

    Raises `CharsetUnknown`, and with `errors="strict"` `UnicodeDecodeError` for bytes that are no such text.
    """
    if charset not in CHARSETS:
        raise CharsetUnknown(charset)
    return raw.decode(charset, errors)
