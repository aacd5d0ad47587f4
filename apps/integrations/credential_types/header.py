"""A secret in a header of one's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field, SecretStr

from apps.integrations.declare import CredentialFields, CredentialType, Outgoing, Signing


class Header(CredentialType):
    """A secret in a header such as `X-Api-Key`."""

    type, name, icon = "header", "Header", "heading"

    class Fields(CredentialFields):
        header: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")] = (
            "X-Api-Key"
        )
        """The header's name."""
        value: Annotated[SecretStr, Field(min_length=1, max_length=20_000)]
        """The header's whole value."""
        test_url: Annotated[str, Field(max_length=2_000, pattern=r"^($|[Hh][Tt][Tt][Pp][Ss]?://)")] = ""
        """An address that answers only to those who are signed in; called to see whether the credential works."""

    def sign(self, fields: Fields, request: Outgoing, signing: Signing) -> Outgoing:
        """The header, in place of one of the same name that the node sends."""
        headers = {name: value for name, value in request.headers.items() if name.lower() != fields.header.lower()}
        return replace(request, headers={**headers, fields.header.lower(): fields.value.get_secret_value().strip()})
