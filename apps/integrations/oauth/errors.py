"""What can go wrong between the product and a provider of OAuth 2."""

from __future__ import annotations

from apps.core.egress import EgressError
from apps.core.errors import DomainError


class ConnectRefused(DomainError):
    """The connection could not be made."""

    code = "integrations.connect_refused"
    status = 400
    default_hint = "Open the credential under Integrations and connect again."


class NotConnectable(DomainError):
    """This credential is not connected by signing in somewhere."""

    code = "integrations.not_connectable"
    status = 409


class TokenRefused(DomainError):
    """The provider gives no token."""

    code = "integrations.token_refused"
    status = 400
    default_hint = "Check client id, client secret and the addresses of the credential."

    def __init__(self, message: str, *, error: str = "", hint: str | None = None) -> None:
        self.error = error
        super().__init__(message, hint=hint)


class NeedsReconnecting(EgressError):
    """The provider does not accept this connection any more."""

    code = "integrations.needs_reconnecting"
    status = 409


class TokenAway(EgressError):
    """The provider could not be asked for a fresh token just now."""

    code = "integrations.token_away"
    status = 503
    default_hint = "It is asked again by itself."
    is_passing = True
    was_sent: bool = False
    """Whether it may have acted: its answer was lost."""
