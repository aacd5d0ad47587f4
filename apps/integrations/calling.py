"""What every vendor's client has in common: JSON over HTTP, and failures that say whether trying again may help."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import ClassVar
from urllib.parse import quote, urlsplit

from apps.core import clock, jsonclean
from apps.core.egress import CircuitOpen, EgressError
from apps.core.errors import DomainError
from apps.nodes.contract import Http, HttpAnswer, Json, NodeError

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_NOT_PROCESSED = frozenset({425, 429, 503})
_EXCERPT = 2_000
_LONGEST_PAUSE = 86_400.0


class JsonClient:
    """Base of a vendor's client. Give it the door that signs: `ctx.credentials.http(params.auth)`.

    Raises `NodeError` for whatever went wrong, with the vendor's own words where `said` finds them.
    """

    base_url: ClassVar[str]
    """Where the vendor's API begins, without a slash at the end."""
    headers: ClassVar[Mapping[str, str]] = {"Accept": "application/json"}
    """Sent with every request."""
    seconds: ClassVar[float] = 30.0

    def __init__(self, http: Http, *, base_url: str = "") -> None:
        self._http, self._base_url = http, (base_url or self.base_url).rstrip("/")

    def read(self, *path: str | int, **query: Json) -> Json:
        """GET. The parts of the path are escaped; of the query those that are null are left out."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._call("GET", path, params=given, json=None, headers={}, may_repeat=True)

    def write(self, *path: str | int, json: Json, key: str, method: str = "POST", honours_key: bool = False) -> Json:
        """POST, PUT, PATCH or DELETE, with the idempotency key of the node or step.

        `honours_key`: the vendor makes a repeat with the same key harmless, so that a failure may be tried again. Say
        the same in the node.
        """
        given = {"Idempotency-Key": key} if honours_key else {}
        return self._call(method, path, params={}, json=json, headers=given, may_repeat=honours_key)

    def said(self, answer: Json) -> str:
        """The vendor's words in the body of a refusal. Override it where the vendor has a place for them."""
        return str(answer.get("message") or "") if isinstance(answer, dict) else ""

    def _call(
        self,
        method: str,
        path: tuple[str | int, ...],
        *,
        params: Mapping[str, Json],
        json: Json,
        headers: Mapping[str, str],
        may_repeat: bool,
    ) -> Json:
        url = "/".join([self._base_url, *(quote(str(part), safe="") for part in path)])
        try:
            answer = self._http.request(
                method, url, headers={**self.headers, **headers}, params=params, json=json, timeout=self.seconds
            )
        except EgressError as failed:
            raise NodeError(
                failed.code if isinstance(failed, CircuitOpen) else failed.code.replace("egress.", "http."),
                failed.message,
                failed.hint,
                retryable=failed.is_passing and (may_repeat or not failed.sent),
                is_unknown=method != "GET" and failed.is_unknown,
                retry_after=failed.retry_after,
            ) from None
        body = _body(answer)
        if answer.status >= 400:
            raise self._refused(method, answer, body, may_repeat=may_repeat)
        return body

    def _refused(self, method: str, answer: HttpAnswer, body: Json, *, may_repeat: bool) -> NodeError:
        host = urlsplit(answer.url).hostname
        words = self.said(body).strip()[:300]
        return NodeError(
            "http.status",
            f"{host} answered {method} with status {answer.status}{f': {words}' if words else '.'}",
            "Connect the credential again, or choose another one." if answer.status == 401 else "",
            retryable=answer.status in (_PASSING if may_repeat else _NOT_PROCESSED),
            retry_after=_pause(answer.headers.get("retry-after", "")),
            details={
                "status": answer.status,
                "body": jsonclean.cleaned(answer.content[:_EXCERPT].decode(errors="replace")),
            },
        )


def _body(answer: HttpAnswer) -> Json:
    if not answer.content:
        return None
    try:
        return jsonclean.parse(answer.content)
    except DomainError as wrong:
        if answer.status >= 400:  # what stands before the vendor answers in its own way
            return None
        raise NodeError(
            "http.not_json",
            f"{urlsplit(answer.url).hostname} answered with something that is no JSON: {wrong.message}",
        ) from None


def _pause(header: str) -> float | None:
    if header.strip().isdigit() and len(header.strip()) < 10:
        return min(float(header), _LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max((until - clock.now()).total_seconds(), 0.0), _LONGEST_PAUSE)
