"""A key of OpenAI."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from apps.integrations.declare import Outgoing, Signing
from apps.integrations.language_models import BaseUrl, Key, ModelCredential, ModelFields


class OpenAIKey(ModelCredential):
    """A key of OpenAI, for its models."""

    type, name = "openai", "OpenAI"
    fits = frozenset({"http", "model", "model:openai"})
    folded = frozenset({"base_url", "organization", "project"})

    class Fields(ModelFields):
        api_key: Key
        """From platform.openai.com, API keys, as in `sk-…`."""
        base_url: BaseUrl = "https://api.openai.com/v1"
        """Where it is reached; another one for a region or a proxy."""
        organization: Annotated[str, Field(max_length=200)] = ""
        """Which organisation pays, when the key belongs to several: `org-…`."""
        project: Annotated[str, Field(max_length=200)] = ""
        """Which project pays: `proj_…`."""

    def sign(self, fields: Any, request: Outgoing, signing: Signing) -> Outgoing:
        """The key, and who pays."""
        signed = super().sign(fields, request, signing)
        payer = {"openai-organization": fields.organization, "openai-project": fields.project}
        return replace(signed, headers={**signed.headers, **{name: value for name, value in payer.items() if value}})
