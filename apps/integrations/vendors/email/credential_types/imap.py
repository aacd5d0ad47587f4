"""A mailbox whose mail is read (IMAP)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from apps.integrations.declare import CredentialFields, CredentialType, Refused
from apps.integrations.vendors.email.client import MailFailed, imap_test, server_of
from apps.nodes.contract import Http


class ImapServer(CredentialType):
    """A mailbox whose mail is read (IMAP)."""

    type, name, icon = "imap", "Mailbox (IMAP)", "inbox"
    fits = frozenset()

    class Fields(CredentialFields):
        host: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:-]+$")]
        """The server's name, such as imap.example.com."""
        port: Annotated[int, Field(ge=1, le=65_535)] = 993
        """Its port."""
        security: Literal["tls", "starttls", "none"] = "tls"
        """How the connection is encrypted."""
        username: Annotated[str, Field(max_length=320)] = ""
        """Who signs in, often the e-mail address."""
        password: Annotated[SecretStr, Field(max_length=1_000)] = SecretStr("")
        """The password, or an app password where the provider has two-step sign-in."""
        checked_by: Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z0-9._:-]*$")] = ""
        """The name with which this mail server begins its `Authentication-Results` headers, such as mx.example.com:
        a reply is taken only where these prove its sender (DMARC, DKIM, SPF). Empty: it is not looked at."""

    def is_testable(self, fields: Fields) -> bool:
        """The server can always be asked."""
        return True

    def test(self, fields: Fields, http: Http) -> str:
        """Sign in and leave. Speaks the server's own protocol, so `http` is of no use."""
        try:
            return imap_test(server_of(fields))
        except MailFailed as failed:
            raise Refused(failed.message, hint=failed.hint or None) from None
