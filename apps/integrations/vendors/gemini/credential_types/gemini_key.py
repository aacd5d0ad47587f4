"""A key of Google AI Studio."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from apps.integrations.declare import Outgoing, Signing
from apps.integrations.language_models import BaseUrl, Key, ModelCredential, ModelFields


class GeminiKey(ModelCredential):
    """A key of Google AI Studio, for the Gemini models."""

    type, name = "gemini", "Google Gemini"
    fits = frozenset({"http", "model", "model:gemini"})
    listing = "/models?pageSize=1000"

    class Fields(ModelFields):
        api_key: Key
        """From aistudio.google.com, Get API key, as in `AIza…`."""
        base_url: BaseUrl = "https://generativelanguage.googleapis.com/v1beta"
        """Where it is reached; another one for a proxy."""

    def sign(self, fields: Any, request: Outgoing, signing: Signing) -> Outgoing:
        """The key in a header: in the address it would be written into logs on the way."""
        key = fields.api_key.get_secret_value().strip()
        return replace(request, headers={**request.headers, "x-goog-api-key": key})

    def named(self, answer: Any) -> list[str]:
        """Names come as `models/gemini-…`."""
        return [str(row["name"]).removeprefix("models/") for row in answer["models"]]
