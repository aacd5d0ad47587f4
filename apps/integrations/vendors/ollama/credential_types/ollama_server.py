"""A machine that runs Ollama."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, SecretStr

from apps.integrations.language_models import BaseUrl, ModelCredential, ModelFields


class OllamaServer(ModelCredential):
    """A machine of your own that runs Ollama.

    A private address has to be allowed by the operator (`EGRESS_ALLOW`), this machine's own too.
    """

    type, name, icon = "ollama", "Ollama", "server"
    fits = frozenset({"http", "model", "model:ollama"})
    folded = frozenset({"api_key"})
    listing = "/api/tags"

    class Fields(ModelFields):
        base_url: BaseUrl = "http://127.0.0.1:11434"
        """Where it is reached from here."""
        api_key: Annotated[SecretStr, Field(max_length=5_000)] = SecretStr("")
        """Only for those who put something in front of it that asks for a token, and for ollama.com."""

    def named(self, answer: Any) -> list[str]:
        """Those that were pulled."""
        return [str(row["name"]) for row in answer["models"]]
