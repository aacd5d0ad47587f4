"""How the caller of a webhook proves who it is, as its form asks for it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from apps.nodes.contract import CredentialRef, NodeParams, asked, takes

HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,100}$")]
MaybeHeader = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{0,100}$")]
Secret = Annotated[str, Field(min_length=8, max_length=500)]
KeptSecret = Secret | Annotated[CredentialRef, takes("webhook")]
"""A secret, best kept as a credential."""


class NoSecret(NodeParams):
    """Anyone who knows the address may call."""

    kind: Annotated[Literal["none"], asked(words={"none": "Nothing"})] = "none"
    """No secret."""


class HeaderSecret(NodeParams):
    """The caller sends a secret in a header."""

    kind: Annotated[Literal["header"], asked(words={"header": "Secret header"})]
    """A header with a fixed value."""
    header: HeaderName = "X-Webhook-Secret"
    """Name of the header."""
    value: KeptSecret
    """What the header must hold; a credential, or the text itself."""
    previous: Annotated[list[Secret], Field(max_length=5)] = Field(default_factory=list)
    """Values that count as well, while callers go over to the new one."""


class HmacSecret(NodeParams):
    """The caller signs what it sends with a shared secret, the way one of these vendors does."""

    kind: Annotated[Literal["hmac"], asked(words={"hmac": "Signature"})]
    """A signature over the body."""
    preset: Annotated[
        Literal["generic", "github", "slack", "stripe", "standard"],
        asked("Signed like", words={"github": "GitHub", "standard": "Standard Webhooks"}),
    ] = "generic"
    """Whose way of signing. `standard`: Standard Webhooks. `generic`: hexadecimal HMAC-SHA256 of the raw body."""
    secret: KeptSecret
    """The shared secret; a credential, or the text itself."""
    previous: Annotated[list[Secret], Field(max_length=5)] = Field(default_factory=list)
    """Secrets that count as well, while the sender goes over to the new one."""
    header: HeaderName = "X-Signature"
    """Header with the signature, for `generic`; the others know their own."""
    tolerance_seconds: Annotated[int, Field(ge=10, le=86_400)] = 300
    """How old a signature may be, where it has a time (slack, stripe, standard)."""


class OwnHmacSecret(NodeParams):
    """The caller signs what it sends in a way of its own, described here."""

    kind: Annotated[Literal["own"], asked(words={"own": "Own signature"})]
    """A signature made in another way."""
    secret: KeptSecret
    """The shared secret; a credential, or the text itself."""
    previous: Annotated[list[Secret], Field(max_length=5)] = Field(default_factory=list)
    """Secrets that count as well, while the sender goes over to the new one."""
    header: HeaderName = "X-Signature"
    """Header with the signature. Of several, separated by commas or spaces, one that is right is enough."""
    algorithm: Literal["sha256", "sha512", "sha384", "sha1"] = "sha256"
    """Hash of the HMAC."""
    encoding: Literal["hex", "base64", "base64url"] = "hex"
    """How the signature is written."""
    prefix: Annotated[str, Field(max_length=50)] = ""
    """What stands before the signature, as in `v0=` or `sha256=`."""
    signed: Annotated[str, Field(min_length=1, max_length=500)] = "{body}"
    """What is signed: text with `{body}`, `{timestamp}`, `{id}`, `{method}`, `{path}`, as in `{timestamp}.{body}`."""
    timestamp_header: MaybeHeader = ""
    """Header with the moment of sending, in seconds (or milliseconds) since 1970 or as ISO 8601. Empty: none."""
    id_header: MaybeHeader = ""
    """Header with the delivery's id, where it is signed, too. Empty: none."""
    tolerance_seconds: Annotated[int, Field(ge=10, le=86_400)] = 300
    """How old a signature may be, where there is a time."""

    @model_validator(mode="after")
    def _has_what_it_signs(self) -> Self:
        if "{body}" not in self.signed:
            raise ValueError("What is signed must have the {body}: otherwise anything could be sent with it.")
        for name, header in (("timestamp", self.timestamp_header), ("id", self.id_header)):
            if f"{{{name}}}" in self.signed and not header:
                raise ValueError(f"Say in which header the {name} stands that is signed.")
            if header and f"{{{name}}}" not in self.signed:
                raise ValueError(f"The {name} must be signed, too: put {{{name}}} into what is signed.")
        return self
