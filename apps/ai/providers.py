"""The providers of models as people know them. What is known of their single models is in the gateway's catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import get_args

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from apps.nodes.contract import Provider


@dataclass(frozen=True, slots=True)
class Known:
    """One provider: what it is called, and what somebody needs who wants to connect it."""

    id: str
    name: str | Promise
    icon: str
    what: str | Promise
    needs: str | Promise
    address: str = ""
    """Where a key is made."""


PROVIDERS = MappingProxyType(
    {
        each.id: each
        for each in (
            Known(
                "openai",
                "OpenAI",
                "aperture",
                gettext_lazy("GPT models and embeddings."),
                gettext_lazy("An API key of your organisation."),
                "https://platform.openai.com/api-keys",
            ),
            Known(
                "anthropic",
                "Anthropic",
                "asterisk",
                gettext_lazy("Claude models."),
                gettext_lazy("An API key from the console."),
                "https://console.anthropic.com/settings/keys",
            ),
            Known(
                "gemini",
                "Google Gemini",
                "gem",
                gettext_lazy("Gemini models and embeddings."),
                gettext_lazy("An API key from AI Studio."),
                "https://aistudio.google.com/apikey",
            ),
            Known(
                "ollama",
                "Ollama",
                "hard-drive",
                gettext_lazy("Open models on your own machines: nothing leaves them, nothing is paid for."),
                gettext_lazy("The address of the server."),
                "https://ollama.com/download",
            ),
            Known(
                "groq",
                "Groq",
                "zap",
                gettext_lazy("Open models, answered fast."),
                gettext_lazy("An API key from the console."),
                "https://console.groq.com/keys",
            ),
            Known(
                "together",
                "Together AI",
                "layers",
                gettext_lazy("Many open models."),
                gettext_lazy("An API key."),
                "https://api.together.ai/settings/api-keys",
            ),
            Known(
                "custom",
                gettext_lazy("Another endpoint"),
                "plug",
                gettext_lazy("Whatever speaks OpenAI’s protocol: vLLM, LM Studio, a gateway of your company."),
                gettext_lazy("Its address, and a key if it asks for one."),
            ),
        )
    }
)
"""In the order of the page; one for each of `nodes.contract.Provider`."""

assert set(PROVIDERS) == set(get_args(Provider))


def use_of(provider: str) -> str:
    """What a credential must be good for to call this provider's models, see `nodes.contract.takes`."""
    return f"model:{provider}"
