"""A mail server that sends (SMTP)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from apps.integrations.declare import CredentialFields, CredentialType, Refused
from apps.integrations.vendors.email.client import MailFailed, server_of, smtp_test
from apps.nodes.contract import Http


class SmtpServer(CredentialType):
    """A mail server that sends (SMTP)."""

    type, name, icon = "smtp", "Mail server (SMTP)", "send"
    fits = frozenset()

    class Fields(CredentialFields):
        host: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:-]+$")]
        """The server's name, such as smtp.example.com."""
        port: Annotated[int, Field(ge=1, le=65_535)] = 587
        """Its port."""
        security: Literal["tls", "starttls", "none"] = "starttls"
        """How the connection is encrypted."""
        username: Annotated[str, Field(max_length=320)] = ""
        """Who signs in, often the e-mail address."""
        password: Annotated[SecretStr, Field(max_length=1_000)] = SecretStr("")
        """The password, or an app password where the provider has two-step sign-in."""

    def is_testable(self, fields: Fields) -> bool:
        """The server can always be asked."""
        return True

    def test(self, fields: Fields, http: Http) -> str:
        """Sign in and leave. Speaks the server's own protocol, so `http` is of no use."""
        try:
            return smtp_test(server_of(fields))
        except MailFailed as failed:
            raise Refused(failed.message, hint=failed.hint or None) from None
