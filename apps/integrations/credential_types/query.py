"""A secret in the address."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

from pydantic import Field, SecretStr

from apps.integrations.declare import CredentialFields, CredentialType, Outgoing, Signing


class Query(CredentialType):
    """A secret behind the `?` of the address, such as `?api_key=…`.

    Addresses are written into the logs of servers on the way: use a header where the other side takes one.
    """

    type, name, icon = "query", "Query parameter", "link"

    class Fields(CredentialFields):
        parameter: Annotated[str, Field(min_length=1, max_length=100)] = "api_key"
        """The parameter's name."""
        value: Annotated[SecretStr, Field(min_length=1, max_length=4_000)]
        """The secret."""
        test_url: Annotated[str, Field(max_length=2_000, pattern=r"^($|[Hh][Tt][Tt][Pp][Ss]?://)")] = ""
        """An address that answers only to those who are signed in; called to see whether the credential works."""

    def sign(self, fields: Fields, request: Outgoing, signing: Signing) -> Outgoing:
        """The parameter, in place of those of the same name that the node sends."""
        parts = urlsplit(request.url)
        others = [
            pair for pair in parts.query.split("&") if pair and unquote_plus(pair.partition("=")[0]) != fields.parameter
        ]
        mine = f"{quote(fields.parameter, safe='')}={quote(fields.value.get_secret_value().strip(), safe='')}"
        return replace(request, url=urlunsplit(parts._replace(query="&".join([*others, mine]))))
