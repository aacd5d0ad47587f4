"""Functions of texts that write them in another way: addresses, base 64, digests."""

import base64
import binascii
import hashlib
import re
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from apps.nodes.expressions.budget import Budget
from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.functions.registry import Table
from apps.nodes.expressions.values import Value, near, to_text

ENCODINGS: Final = Table("text")
function = ENCODINGS.function

_MAX_ADDRESS: Final = 10_000
_SAFE: Final = "!'()*~-._"
_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NOT_BASE64: Final = re.compile(r"[^A-Za-z0-9+/]")
_DIGESTS: Final = ("sha256", "sha512", "sha384", "sha1", "md5")


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeError:
        raise ExprError("this text contains half a character and cannot be encoded") from None


def _text(raw: bytes, what: str) -> str:
    try:
        text = raw.decode()
    except UnicodeError:
        raise ExprError(f"{what} does not stand for a text") from None
    if "\0" in text:
        raise ExprError(f"{what} contains a character that is none")
    return text


@function(
    "urlEncode(text: text) -> text",
    "The text written so that it can be part of an address.",
    "'a b&c'.urlEncode()",
    "a%20b%26c",
    globals="encodeURIComponent",
)
def url_encode(budget: Budget, text: str) -> str:
    budget.make(len(text) * 3)
    try:
        return quote(text, safe="!'()*~-._")
    except UnicodeError:
        raise ExprError("this text contains half a character and cannot be encoded") from None


@function(
    "urlDecode(text: text) -> text",
    "The text a part of an address stands for.",
    "'a%20b%26c'.urlDecode()",
    "a b&c",
    globals="decodeURIComponent",
)
def url_decode(budget: Budget, text: str) -> str:
    budget.make(len(text))
    budget.spend(text.count("%"))
    if wrong := _PERCENT.search(text):
        raise ExprError(f"the % at character {wrong.start() + 1} is not followed by two digits of 0-9 and A-F")
    return _decoded(text)


def _decoded(text: str) -> str:
    try:
        plain = unquote(text, errors="strict")
    except UnicodeError:
        raise ExprError("this part of an address does not stand for a text") from None
    if "\0" in plain:
        raise ExprError("this part of an address contains a character that is none")
    return plain


@function(
    "toQuery(object: object) -> text",
    "The object as the part of an address after the question mark; lists repeat their key, null is left out.",
    "({q: 'a b', page: [1, 2]}).toQuery()",
    "q=a%20b&page=1&page=2",
)
def to_query(budget: Budget, value: dict[str, Value]) -> str:
    pairs: list[str] = []
    for key, item in value.items():
        name = url_encode(budget, key)
        for single in item if type(item) is list else [item]:
            budget.spend(2)
            if single is not None:
                pairs.append(f"{name}={url_encode(budget, to_text(single, budget))}")
                budget.make(len(pairs[-1]))
    budget.make(sum(map(len, pairs)) + len(pairs))
    return "&".join(pairs)


@function(
    "parseQuery(text: text) -> object",
    "What the part of an address after the question mark says; a key that is repeated gives a list.",
    "'?q=a+b&page=1&page=2'.parseQuery()",
    {"q": "a b", "page": ["1", "2"]},
)
def parse_query(budget: Budget, text: str) -> dict[str, Value]:
    budget.make(len(text))
    result: dict[str, Value] = {}
    parts = text.removeprefix("?").replace("+", " ").split("&")
    budget.spend(len(parts) * 4 + text.count("%"))
    for part in parts:
        if not part:
            continue
        key, _, value = (_decoded(side) for side in part.partition("="))
        if key not in result:
            result[key] = value
        elif type(result[key]) is list:
            result[key].append(value)
        else:
            result[key] = [result[key], value]
    return result


@function(
    "parseUrl(text: text) -> object",
    "The parts of an address: protocol, host, port, path, query (as an object) and hash.",
    "'https://example.com:8443/a?b=1#c'.parseUrl()",
    {"protocol": "https", "host": "example.com", "port": 8443, "path": "/a", "query": {"b": "1"}, "hash": "c"},
    cost=20,
)
def parse_url(budget: Budget, text: str) -> dict[str, Value]:
    try:
        if len(text) > _MAX_ADDRESS:
            raise ValueError
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ExprError(f"the text {text[:40]!r} is not an address") from None
    if not parts.scheme or not host:
        raise ExprError(f"the text {text[:40]!r} is not an address", hint="addresses look like https://example.com/a")
    query = parse_query(budget, parts.query)
    return {
        "protocol": parts.scheme,
        "host": host,
        "port": port,
        "path": parts.path,
        "query": query,
        "hash": parts.fragment,
    }


@function("base64Encode(text: text) -> text", "The text in base 64.", "'Ada & Co'.base64Encode()", "QWRhICYgQ28=")
def base64_encode(budget: Budget, text: str) -> str:
    raw = _bytes(text)
    budget.make(len(raw) * 4 // 3 + 4)
    return base64.b64encode(raw).decode()


@function(
    "base64Decode(text: text) -> text",
    "The text that base 64 stands for; also as it is written in addresses, without the = at its end.",
    "'QWRhICYgQ28='.base64Decode()",
    "Ada & Co",
)
def base64_decode(budget: Budget, text: str) -> str:
    budget.make(len(text))
    budget.read(len(text) * 2)
    plain = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    if _NOT_BASE64.search(plain) or len(plain) % 4 == 1:
        raise ExprError("this text is not base 64")
    try:
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4))
    except binascii.Error:  # pragma: no cover
        raise ExprError("this text is not base 64") from None
    return _text(raw, "this base 64")


@function(
    "hash(text: text, algorithm?: text) -> text",
    "The digest of the text in hexadecimal: sha256 (if nothing is said), sha512, sha384, sha1 or md5.",
    "'abc'.hash('md5')",
    "900150983cd24fb0d6963f7d28e17f72",
    cost=20,
)
def hash_(budget: Budget, text: str, algorithm: str = "sha256") -> str:
    name = algorithm.lower().replace("-", "") if len(algorithm) < 20 else algorithm[:20]
    if name not in _DIGESTS:
        raise ExprError(
            f"there is no digest {algorithm[:20]!r}", hint=near(name, _DIGESTS) or f"there are {', '.join(_DIGESTS)}"
        )
    raw = _bytes(text)
    budget.read(len(raw) * 2)
    return hashlib.new(name, raw, usedforsecurity=False).hexdigest()
