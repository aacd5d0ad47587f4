"""What the credentials of providers of language models have in common: a key, an address, and a list of models."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from apps.core import jsonclean
from apps.core.errors import DomainError
from apps.integrations.declare import CredentialFields, CredentialType, Outgoing, Refused, Signing
from apps.nodes.contract import Http, Json


def _base(url: str) -> str:
    """Raises `ValueError` for what is no address."""
    parts = urlsplit(url)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("An address begins with https:// and names a host.")
    return url.rstrip("/")


BaseUrl = Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_base)]
Key = Annotated[SecretStr, Field(min_length=1, max_length=5_000)]


class ModelFields(CredentialFields):
    """Fields of every provider. A subclass says where the provider is reached."""

    base_url: BaseUrl


class ModelCredential(CredentialType):
    """Base of credentials that models are called with. Its `fits` name `model` and `model:<provider>`."""

    icon = "bot"
    folded = frozenset({"base_url"})
    listing: ClassVar[str] = "/models"
    """Where below its address the provider lists its models. Everybody who has a key may ask that."""

    def sign(self, fields: Any, request: Outgoing, signing: Signing) -> Outgoing:
        """`Authorization: Bearer …`, when there is a key."""
        key = fields.api_key.get_secret_value().strip()
        if not key:
            return request
        return replace(request, headers={**request.headers, "authorization": f"Bearer {key}"})

    def test_address(self, fields: Any) -> str:
        """The list of models."""
        return f"{fields.base_url}{self.listing}"

    def test(self, fields: Any, http: Http) -> str:
        """Ask which models there are."""
        found = self.models(fields, http)
        return "The key is accepted." if not found else f"{len(found)} models can be called, {found[0]} among them."

    def models(self, fields: Any, http: Http) -> list[str]:
        """The models that can be called, by the provider's names, by a door that signs.

        Raises `Refused` when the key is not accepted, `EgressError` when nobody could be asked.
        """
        answer = http.request("GET", self.test_address(fields), timeout=10.0, max_bytes=5_000_000)
        if answer.status in (400, 401, 403):
            raise Refused(f"{self.name} does not accept the key (status {answer.status}).")
        if not 200 <= answer.status < 300:
            raise Refused(f"{self.test_address(fields)} answered with status {answer.status}.")
        try:
            return self.named(jsonclean.parse(answer.content))
        except (DomainError, AttributeError, KeyError, TypeError):
            raise Refused(
                f"{self.test_address(fields)} did not answer with a list of models.", hint="Check the address."
            ) from None

    def named(self, answer: Any) -> list[str]:
        """The names in the provider's answer."""
        rows: list[dict[str, Json]] = answer if isinstance(answer, list) else answer["data"]
        return [str(row["id"]) for row in rows]
