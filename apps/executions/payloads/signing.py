"""AWS Signature Version 4 for requests to a bucket. Pure: the moment is passed in."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote


def encoded(text: str, *, safe: str = "") -> str:
    """Percent-encoded as the signature wants it: everything but letters, digits and `-._~`."""
    return quote(text, safe=f"-._~{safe}")


def query_of(query: Mapping[str, str]) -> str:
    """A query string, sorted and encoded: the same text is sent and signed."""
    return "&".join(f"{encoded(name)}={encoded(value)}" for name, value in sorted(query.items()))


def signed_headers(
    *,
    method: str,
    host: str,
    path: str,
    query: Mapping[str, str],
    content: bytes,
    region: str,
    access_key_id: str,
    secret_access_key: str,
    now: datetime,
) -> dict[str, str]:
    """The headers that prove who sends this request; `path` is encoded already, `host` as it goes over the wire."""
    at, day = f"{now:%Y%m%dT%H%M%SZ}", f"{now:%Y%m%d}"
    digest = hashlib.sha256(content).hexdigest()
    names = "host;x-amz-content-sha256;x-amz-date"
    canonical = "\n".join(
        [
            method,
            path,
            query_of(query),
            f"host:{host}",
            f"x-amz-content-sha256:{digest}",
            f"x-amz-date:{at}",
            "",
            names,
            digest,
        ]
    )
    scope = f"{day}/{region}/s3/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", at, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret_access_key}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    signature = hmac.digest(key, to_sign.encode(), hashlib.sha256).hex()
    proof = f"AWS4-HMAC-SHA256 Credential={access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {"x-amz-content-sha256": digest, "x-amz-date": at, "Authorization": proof}
