"""A credential with its secrets in plain text, and the door that uses it. Lives in memory for one piece of work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from apps.core import clock
from apps.core.egress import Answer, EgressError, OnBytes, Outgoing
from apps.core.redaction import Redactor
from apps.integrations.declare import CredentialType, Refused, Signing
from apps.integrations.errors import CannotSign, HostNotAllowed
from apps.nodes.contract import Json


class SigningHttp(Protocol):
    """A door that lets a request be signed when it is written: `egress.HttpDoor`."""

    def request(self, *args: Any, **given: Any) -> Answer:
        """As `egress.HttpDoor.request`, which takes `sign`."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A credential that can sign. Its repr shows no secret.

    What was connected knows when its tokens are to be renewed, and by whom: `renew(is_refused)` gives it with fresh
    ones, at once where the present ones were refused.
    """

    id: UUID
    name: str
    kind: CredentialType
    fields: Any
    held: Mapping[str, Json] = field(default_factory=dict, repr=False)
    allowed_hosts: tuple[str, ...] = ()
    renew_at: datetime | None = None
    renew: Callable[[bool], Opened] | None = field(default=None, repr=False)

    def fresh(self) -> Opened:
        """With tokens that are good now. May ask the provider: not to be called inside a transaction."""
        if self.renew is None or self.renew_at is None or self.renew_at > clock.now():
            return self
        return self.renew(False)

    def sign(self, request: Outgoing) -> Outgoing:
        """The request with what proves who sends it. Raises `Refused`, or `HostNotAllowed`."""
        self.require_host(request.url)
        return self.kind.sign(self.fields, request, Signing(clock.now(), self.held))

    def secrets(self) -> tuple[str, ...]:
        """Everything that must never be seen."""
        return self.kind.secrets(self.fields, self.held)

    def values(self) -> dict[str, Json]:
        """Its fields in plain text, and what it was given."""
        plain = {
            name: value.get_secret_value() if hasattr(value, "get_secret_value") else value
            for name, value in ((name, getattr(self.fields, name)) for name in type(self.fields).model_fields)
        }
        return plain | dict(self.held)

    def require_host(self, url: str) -> None:
        """Raises `HostNotAllowed` when it may not be sent there."""
        host = (urlsplit(url).hostname or "").lower().rstrip(".")
        if self.allowed_hosts and not any(_matches(host, allowed) for allowed in self.allowed_hosts):
            raise HostNotAllowed(f"The credential “{self.name}” may not be sent to {host}.")


def _matches(host: str, allowed: str) -> bool:
    if allowed.startswith("*."):
        return host.endswith(allowed[1:])
    return host == allowed


class SignedDoor:
    """A door that signs each request with a credential. What comes back is free of its secrets."""

    __slots__ = ("_inner", "_opened", "_redactor")

    def __init__(self, inner: SigningHttp, opened: Opened, redactor: Redactor) -> None:
        self._inner, self._opened, self._redactor = inner, opened, redactor
        redactor.add(*opened.secrets())

    def request(self, method: str, url: str, **given: Any) -> Answer:
        """As `Http.request`; an error names no secret either."""
        clean = self._redactor
        try:
            self._opened.require_host(url)
            answer = self._sent(self._opened.fresh(), method, url, given)
            if answer.status == 401 and self._opened.renew is not None:  # ended early: nothing was done there
                answer = self._sent(self._opened.renew(True), method, url, given)
        except Refused as refused:
            raise CannotSign(clean.text(refused.message), hint=clean.text(refused.hint)) from None
        except EgressError as failed:
            failed.message, failed.hint = clean.text(failed.message), clean.text(failed.hint)
            failed.args = (failed.message,)
            raise
        return replace(
            answer,
            headers=clean.clean(dict(answer.headers)),
            content=clean.content(answer.content),
            url=clean.text(answer.url),
        )

    def _sent(self, opened: Opened, method: str, url: str, given: Mapping[str, Any]) -> Answer:
        if opened is not self._opened:
            self._redactor.add(*opened.secrets())
            self._opened = opened
        if on_bytes := given.get("on_bytes"):
            lines = _CleanLines(on_bytes, self._redactor)
            answer = self._inner.request(method, url, sign=opened.sign, **{**given, "on_bytes": lines.take})
            lines.end()
            return answer
        return self._inner.request(method, url, sign=opened.sign, **given)


class _CleanLines:
    """Hands an answer on line by line, since a secret may come in two pieces. None has a line break in JSON."""

    def __init__(self, on_bytes: OnBytes, redactor: Redactor) -> None:
        self._on_bytes, self._redactor, self._rest = on_bytes, redactor, b""

    def take(self, piece: bytes) -> None:
        """Hand on what is complete."""
        whole, end, self._rest = (self._rest + piece).rpartition(b"\n")
        if end:
            self._on_bytes(self._redactor.content(whole + end))

    def end(self) -> None:
        """Hand on the last line."""
        if self._rest:
            self._on_bytes(self._redactor.content(self._rest))
