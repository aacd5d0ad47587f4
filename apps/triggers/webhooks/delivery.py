"""A request as the workflow sees it: body, headers, query."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from apps.core import jsonclean
from apps.core.charsets import CharsetUnknown, charset_of, decode
from apps.core.errors import DomainError, Invalid
from apps.triggers.deliveries import shown_headers
from apps.triggers.errors import DeliveryTooLarge, NotText

MAX_BYTES = 1_000_000
MAX_FIELDS = 1_000
_LONGEST_ID = 200

# Who sends a delivery again under the same id. The first one that is present counts.
_ID_HEADERS = (
    "idempotency-key",
    "webhook-id",
    "svix-id",
    "x-github-delivery",
    "x-gitlab-event-uuid",
    "x-shopify-webhook-id",
)

# What opens doors elsewhere, and what only says how the message travelled, is no business of the workflow.
_NOT_KEPT = frozenset({"authorization", "cookie", "proxy-authorization", "connection", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request to a webhook, as it arrived. Header names are in lower case."""

    workspace: str
    path: str
    method: str
    headers: Mapping[str, str]
    query: str
    body: bytes
    remote: str = ""
    is_self_test: bool = False

    @property
    def label(self) -> str:
        """What it is called in lists."""
        return f"{self.method} /{self.path}"

    @property
    def external_id(self) -> str | None:
        """What the sender calls this delivery, when it says so; the same for every repetition."""
        for name in _ID_HEADERS:
            found = self.headers.get(name, "").strip()
            if found:
                return short(found)
        return None

    def as_shown(self, *, without: str | None = None) -> dict[str, Any]:
        """The request as the inbox keeps it: what opens doors is hidden, a body that cannot be read is text."""
        kept = {name: value for name, value in self.headers.items() if name not in _NOT_KEPT and name != without}
        try:
            body = body_of(self.body, self.headers.get("content-type", ""))
        except DomainError:
            body = self.body.decode("utf-8", "replace")
        try:
            query = _fields(self.query, "query") if self.query else {}
        except DomainError:
            query = {}
        found = {"body": body, "headers": shown_headers(kept), "query": query}
        cleaned: dict[str, Any] = jsonclean.cleaned(found | {"method": self.method, "path": self.path})
        return cleaned

    def as_input(self, *, without: str | None = None) -> dict[str, Any]:
        """What the execution starts with. `without` names a header that holds a secret.

        Raises `NotJson`, `JsonTooDeep`, `NotText`, `DeliveryTooLarge` or `Invalid`.
        """
        kept = {name: value for name, value in self.headers.items() if name not in _NOT_KEPT and name != without}
        return {
            "body": body_of(self.body, self.headers.get("content-type", "")),
            "headers": jsonclean.cleaned(kept),
            "query": _fields(self.query, "query") if self.query else {},
            "method": self.method,
            "path": self.path,
        }


def short(name: str) -> str:
    """What a delivery is called, short enough to be kept in an index."""
    return name if len(name) <= _LONGEST_ID else hashlib.sha256(name.encode()).hexdigest()


def headers_of(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """ASGI's header list as a mapping; what is sent several times is joined as RFC 9110 says."""
    found: dict[str, str] = {}
    for name_bytes, value_bytes in raw:
        name, value = name_bytes.decode("latin-1").lower(), value_bytes.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def body_of(raw: bytes, content_type: str) -> Any:
    """The body as JSON: JSON as such, a form as an object, text as text, nothing as null.

    Raises `NotJson` or `JsonTooDeep` for what calls itself JSON and is not, `NotText` for files, `DeliveryTooLarge`.
    """
    if len(raw) > MAX_BYTES:
        raise DeliveryTooLarge(f"The body has {len(raw):,} bytes; at most {MAX_BYTES:,} are accepted.")
    if not raw:
        return None
    kind, _, parameters = content_type.partition(";")
    kind = kind.strip().lower()
    if kind == "application/json" or kind.endswith("+json") or (not kind and raw[:1] in b"{["):
        return jsonclean.parse(raw)
    if kind == "application/x-www-form-urlencoded":
        return _fields(raw.decode("latin-1"), "form")
    if kind.startswith(("multipart/", "image/", "audio/", "video/")):
        raise NotText(f"The body is {kind}.")
    text = _text(raw, charset_of(parameters) or "utf-8")
    jsonclean.check(text)
    return text


def _text(raw: bytes, charset: str) -> str:
    try:
        return decode(raw, charset)
    except CharsetUnknown:
        raise NotText(f"The charset “{charset[:40]}” is not known.") from None
    except UnicodeDecodeError:
        raise NotText(f"The body is no {charset[:40]} text.") from None


def _fields(encoded: str, what: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except UnicodeDecodeError:
        raise Invalid(f"The {what} is not UTF-8.") from None
    except ValueError:
        raise Invalid(f"The {what} has more than {MAX_FIELDS:,} fields.") from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    jsonclean.check(found)
    return found
