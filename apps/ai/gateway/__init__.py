"""The one way to language models. Nothing here imports LiteLLM before the first call."""

from __future__ import annotations

from apps.ai.gateway.asking import Caller, Circuit, Gateway, OpenCredential
from apps.ai.gateway.catalogue import estimate_cost
from apps.ai.gateway.counting import count_tokens
from apps.ai.gateway.wire import warm

__all__ = ["Caller", "Circuit", "Gateway", "OpenCredential", "count_tokens", "estimate_cost", "warm"]
