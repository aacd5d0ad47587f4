"""An endpoint that speaks the language of OpenAI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr

from apps.integrations.declare import Outgoing, Signing
from apps.integrations.language_models import BaseUrl, ModelCredential, ModelFields
from apps.nodes.contract import Json

_LINE = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([^\x00-\x1f\x7f]*)")


def _headers(written: SecretStr) -> SecretStr:
    """Raises `ValueError` for a line that is no header."""
    for line in written.get_secret_value().splitlines():
        if line.strip() and not _LINE.fullmatch(line.strip()):
            raise ValueError("Write one header per line, as in `X-Team: sales`.")
    return written


class CompatibleEndpoint(ModelCredential):
    """An endpoint of your own that speaks the language of OpenAI: vLLM, LM Studio, LocalAI, a proxy, another provider.

    A private address has to be allowed by the operator (`EGRESS_ALLOW`), this machine's own too.
    """

    type, name, icon = "openai_compatible", "OpenAI-compatible endpoint", "plug"
    fits = frozenset({"http", "model", "model:custom"})
    folded = frozenset({"headers"})

    class Fields(ModelFields):
        base_url: BaseUrl
        """The address below which `/chat/completions` lies, as in `https://models.example.com/v1`."""
        api_key: Annotated[SecretStr, Field(max_length=5_000)] = SecretStr("")
        """Sent as `Authorization: Bearer …`. Empty where none is asked for."""
        headers: Annotated[SecretStr, Field(max_length=5_000), AfterValidator(_headers)] = SecretStr("")
        """Further headers, one per line, as in `X-Team: sales`."""

    def sign(self, fields: Any, request: Outgoing, signing: Signing) -> Outgoing:
        """The key and the further headers."""
        signed = super().sign(fields, request, signing)
        return replace(signed, headers={**signed.headers, **_further(fields)})

    def secrets(self, fields: Any, held: Mapping[str, Json]) -> tuple[str, ...]:
        """The key, and the headers' values."""
        return (fields.api_key.get_secret_value(), *_further(fields).values())


def _further(fields: Any) -> dict[str, str]:
    lines = fields.headers.get_secret_value().splitlines()
    found = (_LINE.fullmatch(line.strip()) for line in lines)
    return {each[1].lower(): each[2].strip() for each in found if each}
