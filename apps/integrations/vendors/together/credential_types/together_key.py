"""A key of Together AI."""

from __future__ import annotations

from apps.integrations.language_models import BaseUrl, Key, ModelCredential, ModelFields


class TogetherKey(ModelCredential):
    """A key of Together AI, for open models."""

    type, name = "together", "Together AI"
    fits = frozenset({"http", "model", "model:together"})

    class Fields(ModelFields):
        api_key: Key
        """From api.together.ai, Settings, API keys."""
        base_url: BaseUrl = "https://api.together.xyz/v1"
        """Where it is reached; another one for a proxy."""
