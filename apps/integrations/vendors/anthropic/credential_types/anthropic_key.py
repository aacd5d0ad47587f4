"""A key of Anthropic."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from apps.integrations.declare import Outgoing, Signing
from apps.integrations.language_models import BaseUrl, Key, ModelCredential, ModelFields

VERSION = "2023-06-01"


class AnthropicKey(ModelCredential):
    """A key of Anthropic, for the Claude models."""

    type, name = "anthropic", "Anthropic"
    fits = frozenset({"http", "model", "model:anthropic"})
    listing = "/v1/models?limit=1000"

    class Fields(ModelFields):
        api_key: Key
        """From console.anthropic.com, API keys, as in `sk-ant-…`."""
        base_url: BaseUrl = "https://api.anthropic.com"
        """Where it is reached; another one for a proxy."""

    def sign(self, fields: Any, request: Outgoing, signing: Signing) -> Outgoing:
        """The key in a header of its own, and the version of the interface unless one is named."""
        key = fields.api_key.get_secret_value().strip()
        return replace(request, headers={"anthropic-version": VERSION, **request.headers, "x-api-key": key})
