"""A token in the Authorization header."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field, SecretStr

from apps.integrations.declare import CredentialFields, CredentialType, Outgoing, Signing


class Bearer(CredentialType):
    """A token, sent as `Authorization: Bearer …`."""

    type, name, icon = "bearer", "Bearer token", "key-round"

    class Fields(CredentialFields):
        token: Annotated[SecretStr, Field(min_length=1, max_length=20_000)]
        """The token, without the word Bearer."""
        test_url: Annotated[str, Field(max_length=2_000, pattern=r"^($|[Hh][Tt][Tt][Pp][Ss]?://)")] = ""
        """An address that answers only to those who are signed in; called to see whether the credential works."""

    def sign(self, fields: Fields, request: Outgoing, signing: Signing) -> Outgoing:
        """`Authorization: Bearer …`."""
        token = fields.token.get_secret_value().strip()
        return replace(request, headers={**request.headers, "authorization": f"Bearer {token}"})
