"""What a provider of OAuth 2 declares, and the base of the credential types that connect to one. Free of Django."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, TypeAlias

from apps.integrations.declare import CredentialFields, CredentialType, Outgoing, Refused, SecretStr, Signing
from apps.nodes.contract import Http, Json

ClientAuth: TypeAlias = Literal["basic", "body", "none"]


@dataclass(frozen=True, slots=True)
class Provider:
    """Where and how a provider gives tokens.

    `client_auth`: how the app proves itself to the token endpoint. `account_url` answers a GET that carries the token
    with JSON, in which `account_path` names the account as people know it. `issuer` is what the provider calls itself
    (RFC 9207): when it is known, an answer in another's name is refused. `token_kinds`: what its tokens may call
    themselves; all of them are sent as bearer tokens.
    """

    token_url: str
    authorize_url: str = ""
    revoke_url: str = ""
    account_url: str = ""
    account_path: str = "email"
    issuer: str = ""
    scopes: tuple[str, ...] = ()
    scope_separator: str = " "
    has_pkce: bool = True
    token_kinds: tuple[str, ...] = ("bearer",)
    client_auth: ClientAuth = "basic"
    authorize_parameters: Mapping[str, str] = field(default_factory=dict)
    token_parameters: Mapping[str, str] = field(default_factory=dict)
    grant: Literal["authorization_code", "client_credentials"] = "authorization_code"

    @property
    def needs_person(self) -> bool:
        """Whether somebody has to sign in there and allow it."""
        return self.grant == "authorization_code"


class OAuthFields(CredentialFields):
    """What every app at a provider has. Take it as the base of your type's fields."""

    client_id: str
    """The app's client id, as the provider shows it."""
    client_secret: SecretStr = SecretStr("")
    """The app's client secret."""


class OAuthType(CredentialType):
    """Base of the types that are connected by OAuth 2. A subclass says which provider, and that is all."""

    obtained: ClassVar[str] = "oauth2"

    steady: ClassVar[frozenset[str]] = frozenset({"client_secret", "account_url", "account_path"})
    """Fields whose change leaves a connection what it is; after all others somebody has to connect again."""
    sent_to: ClassVar[frozenset[str]] = frozenset({"token_url", "revoke_url"})
    """Fields that say where the client secret goes: whoever changes them has to know it."""

    class Fields(OAuthFields):
        """Those of the app."""

    def provider(self, fields: Any) -> Provider:
        """The provider, for these fields."""
        raise TypeError(f"{type(self).__name__} does not say which provider it connects to.")

    def account(self, fields: Any, http: Http) -> str:
        """What the connected account is called. `http` signs with the new token. Empty: nobody knows."""
        return ""

    def account_id(self, fields: Any, http: Http) -> str:
        """What the provider calls that account in what it sends us; empty: it sends nothing. See `account`."""
        return ""

    def sign(self, fields: Any, request: Outgoing, signing: Signing) -> Outgoing:
        """`Authorization: Bearer …`, with the token of the moment."""
        token = signing.held.get("access_token")
        if not token:
            raise Refused(
                f"This {self.name} is not connected yet.", hint="Open it under Integrations and press Connect."
            )
        return replace(request, headers={**request.headers, "authorization": f"Bearer {token}"})

    def test_address(self, fields: Any) -> str:
        """Where the account is named, since only a valid token may ask that."""
        return super().test_address(fields) or self.provider(fields).account_url

    def secrets(self, fields: Any, held: Mapping[str, Json]) -> tuple[str, ...]:
        """The client secret and both tokens; how long they live and for whom is no secret."""
        tokens = (held.get(name) for name in ("access_token", "refresh_token", "id_token"))
        return super().secrets(fields, {}) + tuple(token for token in tokens if isinstance(token, str))
