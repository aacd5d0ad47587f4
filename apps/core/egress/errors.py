"""Why a request brought no answer, and whether the other side may have acted on it."""

from __future__ import annotations

import re
from typing import ClassVar

from apps.core.errors import DomainError

_ERRNO = re.compile(r"^\[Errno -?\d+\] ")


def cause(failed: Exception | None) -> str:
    """What the operating system said, without the number that means nothing to whoever built the workflow."""
    return _ERRNO.sub("", str(failed))


class EgressError(DomainError):
    """The request to the other system failed.

    `sent`: something of the request left this machine. `is_unknown`: it left and no answer was seen, so whether the
    other side acted on it cannot be known. `is_passing`: the same request may well succeed later, not before
    `retry_after` seconds where that is set. `is_other_side`: the other side, or the way there, is out of order.
    """

    code = "egress.failed"
    status = 502
    sent: ClassVar[bool] = False
    is_unknown: ClassVar[bool] = False
    is_passing: ClassVar[bool] = False
    is_other_side: ClassVar[bool] = False
    retry_after: float | None = None


class CircuitOpen(EgressError):
    """The other side kept failing, so it is left alone for a while."""

    code = "egress.circuit_open"
    status = 503
    default_hint = "It is tried again by itself; Settings → Limits shows it, and lets you try at once."
    is_passing = True

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(EgressError):
    """This address may not be called from here."""

    code = "egress.refused"
    status = 400


class BadRequest(EgressError):
    """This is not a request that can be sent."""

    code = "egress.bad_request"
    status = 400


class RedirectRefused(EgressError):
    """The other side redirected to an address that may not be called."""

    code = "egress.redirect_refused"
    sent = True


class DnsFailed(EgressError):
    """The name could not be resolved."""

    code = "egress.dns"
    is_other_side = True
    is_passing = True


class ConnectFailed(EgressError):
    """No connection could be made."""

    code = "egress.connect"
    is_other_side = True
    is_passing = True


class TlsFailed(EgressError):
    """The other side's certificate or TLS set-up was not accepted."""

    code = "egress.tls"
    is_other_side = True


class NoAnswer(EgressError):
    """The request was sent, but no answer came in time."""

    code = "egress.timeout"
    is_other_side = True
    status = 504
    sent = True
    is_unknown = True
    is_passing = True


class Broken(EgressError):
    """The connection broke before the answer was complete."""

    code = "egress.broken"
    is_other_side = True
    sent = True
    is_unknown = True
    is_passing = True


class HungUp(EgressError):
    """Nobody waits for the answer any more, so the connection was closed from here."""

    code = "egress.hung_up"
    sent = True
    is_unknown = True


class AnswerTooLarge(EgressError):
    """The answer is larger than allowed."""

    code = "egress.too_large"
    sent = True


class AnswerUnreadable(EgressError):
    """The answer is not HTTP, or its compression is broken."""

    code = "egress.unreadable"
    sent = True
