"""AWS Signature Version 4, which AWS and what speaks its language want. Pure: the moment is passed in."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Keys:
    """Who signs. `session_token` belongs to keys that were lent for a while."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


def encoded(text: str, *, safe: str = "") -> str:
    """Percent-encoded as the signature wants it: everything but letters, digits and `-._~`."""
    return quote(text, safe=f"-._~{safe}")


def query_of(query: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    """A query string, encoded and sorted: the same text is to be sent and signed."""
    pairs = query.items() if isinstance(query, Mapping) else query
    return "&".join(
        f"{name}={value}" for name, value in sorted((encoded(name), encoded(value)) for name, value in pairs)
    )


def canonical(url: str) -> str:
    """The address with its query as `query_of` writes it; this is what `signed` signs, so send it like this."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=query_of(parse_qsl(parts.query, keep_blank_values=True)), fragment=""))


def signed(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes,
    region: str,
    service: str,
    keys: Keys,
    now: datetime,
) -> dict[str, str]:
    """The headers that prove who sends a request, names in lower case, to be sent beside `headers`.

    `url` is canonical and goes over the wire as it is. All of `headers` are signed: give those that arrive unchanged.
    """
    parts = urlsplit(url)
    at, digest = f"{now:%Y%m%dT%H%M%SZ}", hashlib.sha256(content).hexdigest()
    added = {"x-amz-date": at}
    if service == "s3":
        added["x-amz-content-sha256"] = digest
    if keys.session_token:
        added["x-amz-security-token"] = keys.session_token
    held = {name.lower(): " ".join(value.split()) for name, value in {**headers, **added}.items()}
    held["host"] = held.get("host") or _host(parts.scheme, parts.hostname or "", parts.port)
    names = ";".join(sorted(held))
    lines = [method, _path(parts.path, service), parts.query, *(f"{name}:{held[name]}" for name in sorted(held))]
    request = "\n".join([*lines, "", names, digest])
    scope = f"{at[:8]}/{region}/{service}/aws4_request"
    text = "\n".join([_ALGORITHM, at, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{keys.secret_access_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    proof = f"{_ALGORITHM} Credential={keys.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return added | {"authorization": proof}


def _host(scheme: str, name: str, port: int | None) -> str:
    name = f"[{name}]" if ":" in name else name
    return name if port in (None, _PORTS.get(scheme)) else f"{name}:{port}"


def _path(path: str, service: str) -> str:
    """S3 signs the path as it is sent, the others once more encoded and without `.`, `..` and empty parts."""
    if service == "s3":
        return path or "/"
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    tail = "/" if parts and path.endswith("/") else ""
    return encoded(f"/{'/'.join(parts)}{tail}", safe="/")
