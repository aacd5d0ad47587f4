"""A key of Groq."""

from __future__ import annotations

from apps.integrations.language_models import BaseUrl, Key, ModelCredential, ModelFields


class GroqKey(ModelCredential):
    """A key of Groq, for open models."""

    type, name = "groq", "Groq"
    fits = frozenset({"http", "model", "model:groq"})

    class Fields(ModelFields):
        api_key: Key
        """From console.groq.com, API keys, as in `gsk_…`."""
        base_url: BaseUrl = "https://api.groq.com/openai/v1"
        """Where it is reached; another one for a proxy."""
