"""What differs between the providers, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from apps.nodes.contract import Provider


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a provider is spoken to. `library` and `embeds` are LiteLLM's names for it."""

    name: str
    library: str
    embeds: str = ""
    """Empty: it has no embeddings."""
    keeps: frozenset[str] = frozenset()
    """Headers of the library's that belong to its protocol."""
    ability: str = ""
    """What schemas are kept to by where the catalogue does not know the model: see `structured`."""
    picks_tools: bool = True
    """Whether it can be told which tool to call."""


DIALECTS: Mapping[Provider, Dialect] = MappingProxyType(
    {
        "openai": Dialect("OpenAI", "openai", "openai", ability="schema"),
        "anthropic": Dialect("Anthropic", "anthropic", keeps=frozenset({"anthropic-version", "anthropic-beta"})),
        "gemini": Dialect("Google Gemini", "gemini", "gemini", ability="schema"),
        "ollama": Dialect("Ollama", "ollama_chat", "ollama", ability="schema", picks_tools=False),
        "groq": Dialect("Groq", "groq", ability="json"),
        "together": Dialect("Together AI", "together_ai", "together_ai", ability="json"),
        "custom": Dialect("The endpoint", "custom_openai", "openai"),
    }
)
