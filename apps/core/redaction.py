"""Secrets that are in use, and texts without them.

Whoever uses a secret adds it to a `Redactor`; what comes back, fails or is logged meanwhile then holds a mark instead.
Found are the secret itself and what a program usually makes of it: Base64 (also in the middle of something longer),
percent-encoding, JSON and HTML escapes, hexadecimal. Pure: no Django, no I/O.
"""

from __future__ import annotations

import base64
import html
import json
import logging
import re
import threading
import traceback
import weakref
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

MARK = "[secret]"
SHORTEST = 6
"""Shorter secrets are not looked for: `test` stands in every second answer."""
_LONG_LINE = 16
_PERCENT = re.compile(r"%[0-9A-F]{2}")
T = TypeVar("T")


def forms_of(secret: str) -> frozenset[str]:
    """The secret as it may appear. Empty when it is too short to be told from ordinary words."""
    found: set[str] = set()
    for part in _parts(secret):
        raw = part.encode("utf-8", "surrogatepass")
        once = {part, html.escape(part), html.escape(part, quote=False), repr(part)[1:-1], *_json(part), *_base64(raw)}
        twice = {deeper for text in once if text != part for deeper in _json(text)}
        percent = {written for text in once for written in (quote(text, safe=""), quote(text), quote_plus(text))}
        small = {_PERCENT.sub(lambda hex_: hex_[0].lower(), text) for text in percent}
        found |= once | twice | percent | small | {raw.hex(), raw.hex().upper()}
    return frozenset(each for each in found if len(each) >= SHORTEST)


def _json(text: str) -> set[str]:
    plain, whole = (json.dumps(text, ensure_ascii=is_ascii)[1:-1] for is_ascii in (False, True))
    return {plain, whole, plain.replace("/", "\\/"), whole.replace("/", "\\/")}


def _parts(secret: str) -> Iterator[str]:
    """The secret, and the lines of one that has many: a key in PEM is quoted line by line."""
    secret = secret.strip()
    if len(secret) < SHORTEST:
        return
    yield secret
    lines = [line.strip() for line in secret.splitlines()]
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= _LONG_LINE and not line.startswith("-----"))


def _base64(raw: bytes) -> Iterator[str]:
    """What stays the same of the secret in Base64, whatever stands before and after it."""
    for before in range(3):
        padded = b"\0" * before + raw
        skip, end = (0, 2, 3)[before], len(padded) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(padded).decode()[skip:end]
            if len(text) >= SHORTEST:
                yield text
    whole = base64.b64encode(raw).decode()
    yield whole
    yield base64.urlsafe_b64encode(raw).decode()


class Redactor:
    """The secrets one piece of work uses. May be used by several threads at once.

    While it is referenced anywhere, lines logged in this process are cleaned of its secrets, too.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._forms: tuple[str, ...] = ()
        self._raw: tuple[bytes, ...] = ()
        self.add(*secrets)
        _in_use.add(self)

    def add(self, *secrets: str) -> None:
        """From now on, these are not to be seen either."""
        with self._lock:
            found = set(self._forms).union(*(forms_of(each) for each in secrets))
            # The longest first: what contains another goes as a whole.
            self._forms = tuple(sorted(found, key=lambda each: (-len(each), each)))
            self._raw = tuple(each.encode("utf-8", "surrogatepass") for each in self._forms)

    def __bool__(self) -> bool:
        return bool(self._forms)

    def text(self, value: str) -> str:
        """The text with a mark in place of each secret."""
        for form in self._forms:
            if form in value:
                value = value.replace(form, MARK)
        return value

    def parted(self, value: str) -> tuple[str, str]:
        """The text as it may be shown, and its end that may be the beginning of a secret: put what follows behind that.

        For texts that come in pieces, where no piece holds a whole secret.
        """
        value = self.text(value)
        longest = len(self._forms[0]) if self._forms else 0
        for start in range(max(0, len(value) - longest + 1), len(value)):
            end = value[start:]
            if any(form.startswith(end) for form in self._forms):
                return value[:start], end
        return value, ""

    def content(self, value: bytes) -> bytes:
        """The bytes with a mark in place of each secret."""
        for form in self._raw:
            if form in value:
                value = value.replace(form, MARK.encode())
        return value

    def clean(self, value: T) -> T:
        """A JSON value with a mark in place of each secret, in keys, too. Unchanged parts are the same objects."""
        return value if not self._forms else self._clean(value)

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return self.content(value)
        if isinstance(value, Mapping):
            return {self._clean(key): self._clean(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            made = [self._clean(inner) for inner in value]
            return made if isinstance(value, list) else tuple(made)
        return value


_in_use: weakref.WeakSet[Redactor] = weakref.WeakSet()


def without_secrets(text: str) -> str:
    """The text without any secret that is in use in this process."""
    for redactor in tuple(_in_use):
        text = redactor.text(text)
    return text


class NoSecrets(logging.Filter):
    """Cleans each line of a handler of the secrets in use: its message, its arguments, and the traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always lets the line through."""
        if not any(tuple(_in_use)):
            return True
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            return True  # the handler reports what is wrong with the call
        record.msg, record.args = without_secrets(message), None
        if record.exc_info and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        if record.exc_text:
            record.exc_text = without_secrets(record.exc_text)
        if record.stack_info:
            record.stack_info = without_secrets(record.stack_info)
        return True
