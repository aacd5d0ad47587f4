"""Objects in a bucket: AWS S3 and what speaks its language.

Four kinds of request, signed here and sent through the egress door with the one address the operator named. The
vendor's SDK would bring 15 MB of packages, its own pools and retries and a second way out of the process for them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit
from xml.etree import ElementTree

from apps.core import clock, egress
from apps.core.egress import Answer, EgressError
from apps.core.sigv4 import Keys, encoded, query_of, signed
from apps.executions.payloads.storage import ObjectMissing, StorageAway

TIMEOUT_SECONDS = 20.0
ATTEMPTS = 3
LARGEST_BYTES = 512_000_000
_PASSING = frozenset({429, 500, 502, 503, 504})


class S3Storage:
    """A bucket, addressed by path (`<endpoint>/<bucket>/<prefix><key>`). Safe to share between threads."""

    def __init__(
        self, *, endpoint: str, bucket: str, prefix: str, region: str, access_key_id: str, secret_access_key: str
    ) -> None:
        self.endpoint, self.bucket, self.prefix, self.region = endpoint.rstrip("/"), bucket, prefix, region
        self._keys = Keys(access_key_id, secret_access_key)
        parts = urlsplit(self.endpoint)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self._door = egress.door(egress.Policy.of([f"{parts.hostname}:{port}"]))

    def put(self, key: str, content: bytes, *, content_type: str = "application/octet-stream") -> None:
        """PUT; the bucket answers when the object is durable."""
        self._expect(self._send("PUT", key, content=content, content_type=content_type), key)

    def get(self, key: str) -> bytes:
        """GET."""
        return self._expect(self._send("GET", key), key).content

    def delete(self, key: str) -> None:
        """DELETE; the bucket answers 204 also for what is not there."""
        answer = self._send("DELETE", key)
        if answer.status != 404:
            self._expect(answer, key)

    def keys(self, prefix: str, *, after: str = "", limit: int = 1_000) -> Iterator[str]:
        """ListObjectsV2, one page."""
        query = {"list-type": "2", "max-keys": str(limit), "prefix": self.prefix + prefix}
        if after:
            query["start-after"] = self.prefix + after
        answer = self._expect(self._send("GET", "", query=query), prefix)
        for element in ElementTree.fromstring(answer.content).iter():
            if element.tag.rpartition("}")[2] == "Key" and element.text:
                yield element.text.removeprefix(self.prefix)

    def _send(
        self,
        method: str,
        key: str,
        *,
        query: Mapping[str, str] | None = None,
        content: bytes = b"",
        content_type: str = "",
    ) -> Answer:
        path = f"/{encoded(self.bucket)}" + (f"/{encoded(self.prefix + key, safe='/')}" if key else "/")
        url = f"{self.endpoint}{path}" + (f"?{query_of(query)}" if query else "")
        for attempt in range(1, ATTEMPTS + 1):
            headers = signed(
                method,
                url,
                headers={},
                content=content,
                region=self.region,
                service="s3",
                keys=self._keys,
                now=clock.now(),
            )
            if content_type:
                headers["Content-Type"] = content_type
            try:
                answer = self._door.request(
                    method,
                    url,
                    headers=headers | {"Accept-Encoding": "identity"},
                    content=content or None,
                    timeout=TIMEOUT_SECONDS,
                    follow_redirects=False,
                    max_bytes=LARGEST_BYTES,
                )
            except EgressError as failed:
                if attempt == ATTEMPTS or not failed.is_passing:
                    raise StorageAway(f"The object storage cannot be reached: {failed.message}") from None
            else:
                if answer.status not in _PASSING or attempt == ATTEMPTS:
                    return answer
            time.sleep(0.1 * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _expect(self, answer: Answer, key: str) -> Answer:
        if answer.status == 404 and b"NoSuchBucket" not in answer.content:
            raise ObjectMissing(key)
        if answer.status >= 300:
            raise StorageAway(
                f"The object storage answered {answer.status}{_reason(answer.content)}.",
                hint="Check OBJECT_STORAGE_URL and the two S3 keys.",
            )
        return answer


def _reason(content: bytes) -> str:
    try:
        found = ElementTree.fromstring(content[:10_000]).findtext("Code")
    except ElementTree.ParseError:
        return ""
    return f" ({found[:60]})" if found else ""
