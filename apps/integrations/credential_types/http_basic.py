"""A user name and a password."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import Field, SecretStr

from apps.integrations.declare import CredentialFields, CredentialType, Outgoing, Signing
from apps.nodes.contract import Json


class HttpBasic(CredentialType):
    """User name and password, sent with every request (HTTP Basic)."""

    type, name, icon = "http_basic", "User name and password", "user-round"

    class Fields(CredentialFields):
        username: Annotated[str, Field(max_length=1_000, pattern=r"^[^:\x00-\x1f\x7f]*$")]
        """The user name. It can hold no colon."""
        password: Annotated[SecretStr, Field(max_length=5_000)] = SecretStr("")
        """The password."""
        test_url: Annotated[str, Field(max_length=2_000, pattern=r"^($|[Hh][Tt][Tt][Pp][Ss]?://)")] = ""
        """An address that answers only to those who are signed in; called to see whether the credential works."""

    def sign(self, fields: Fields, request: Outgoing, signing: Signing) -> Outgoing:
        """`Authorization: Basic …`, in UTF-8."""
        return replace(request, headers={**request.headers, "authorization": f"Basic {_pair(fields)}"})

    def secrets(self, fields: Fields, held: Mapping[str, Json]) -> tuple[str, ...]:
        """The password, and the header's value, which is the password to everybody who can decode it."""
        return (fields.password.get_secret_value(), _pair(fields))


def _pair(fields: HttpBasic.Fields) -> str:
    return base64.b64encode(f"{fields.username}:{fields.password.get_secret_value()}".encode()).decode()
