"""The one way to language models. Nothing here imports LiteLLM before the first call."""

from __future__ import annotations

from apps.ai.gateway.asking import Caller, Gateway

__all__ = ["Caller", "Gateway"]
