"""Any provider of OAuth 2, by its addresses."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from apps.integrations.oauth.declare import ClientAuth, OAuthFields, OAuthType, Provider


def _address(url: str) -> str:
    """Raises `ValueError` for what only looks like an address."""
    parts = urlsplit(url)
    if url and (parts.scheme.lower() not in ("http", "https") or not parts.hostname or parts.port == 0):
        raise ValueError("An address begins with https:// and names a host.")
    return url


Address = Annotated[str, Field(max_length=2_000), AfterValidator(_address)]


class OAuth2(OAuthType):
    """An account at any provider of OAuth 2, by an app of your own there.

    Register the redirect address that is shown here with your app, then connect.
    """

    type, name, icon = "oauth2", "OAuth 2", "shield-check"
    folded = frozenset(
        {"account_path", "revoke_url", "client_auth", "has_pkce", "authorize_parameters", "token_parameters", "issuer"}
    )

    class Fields(OAuthFields):
        client_id: Annotated[str, Field(min_length=1, max_length=1_000)]
        """The app's client id."""
        client_secret: Annotated[SecretStr, Field(max_length=5_000)] = SecretStr("")
        """The app's client secret. Empty for an app that has none."""
        grant: Annotated[Literal["authorization_code", "client_credentials"], Field(title="Who signs in")] = (
            "authorization_code"
        )
        """A person signs in and allows it (`authorization_code`), or the app acts for itself (`client_credentials`)."""
        authorize_url: Address = ""
        """Where people sign in and allow it; not needed where the app acts for itself."""
        token_url: Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_address)]
        """Where tokens are given."""
        scopes: Annotated[str, Field(max_length=2_000)] = ""
        """What is asked for, with spaces between."""
        account_url: Address = ""
        """An address that says whose account it is, in JSON. Also called to test the connection."""
        account_path: Annotated[str, Field(min_length=1, max_length=200)] = "email"
        """Where in that answer the account's name stands."""
        revoke_url: Address = ""
        """Where tokens are given back when you disconnect or delete. Empty: they are only forgotten."""
        client_auth: Annotated[ClientAuth, Field(title="How the app proves itself")] = "basic"
        """In the Authorization header (`basic`), in the body, or (`none`) by its id alone."""
        has_pkce: Annotated[bool, Field(title="Use PKCE")] = True
        """A one-time proof (S256) goes along. Switch it off only where the provider refuses it."""
        authorize_parameters: Annotated[str, Field(max_length=2_000)] = ""
        """Further parameters of the sign-in page, as in `audience=orders&prompt=consent`."""
        token_parameters: Annotated[str, Field(max_length=2_000)] = ""
        """Further parameters when tokens are asked for."""
        issuer: Annotated[str, Field(max_length=2_000)] = ""
        """What the provider calls itself (`iss`). When it is set, an answer in another's name is refused."""

        @model_validator(mode="after")
        def _complete(self) -> Self:
            if self.grant == "authorization_code" and not self.authorize_url:
                raise ValueError("Say where people sign in: authorize_url is empty.")
            return self

    def provider(self, fields: Fields) -> Provider:
        """What the fields say."""
        return Provider(
            grant=fields.grant,
            authorize_url=fields.authorize_url,
            token_url=fields.token_url,
            revoke_url=fields.revoke_url,
            account_url=fields.account_url,
            account_path=fields.account_path,
            issuer=fields.issuer,
            scopes=tuple(fields.scopes.split()),
            has_pkce=fields.has_pkce,
            client_auth=fields.client_auth,
            authorize_parameters=dict(parse_qsl(fields.authorize_parameters, keep_blank_values=True)),
            token_parameters=dict(parse_qsl(fields.token_parameters, keep_blank_values=True)),
        )
