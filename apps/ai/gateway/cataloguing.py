"""How the catalogue of models is made: LiteLLM's list, narrowed to our providers, and what is kept by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

_PROVIDERS: Final = {
    "openai": "openai",
    "anthropic": "anthropic",
    "gemini": "gemini",
    "ollama": "ollama",
    "groq": "groq",
    "together_ai": "together",
}
_KINDS: Final = {"chat": "chat", "responses": "chat", "embedding": "embedding"}
_ABILITIES: Final = {
    "supports_function_calling": "tools",
    "supports_parallel_function_calling": "parallel_tools",
    "supports_vision": "vision",
    "supports_pdf_input": "files",
    "supports_response_schema": "structured",
    "supports_native_structured_output": "native_structured",
    "supports_reasoning": "reasoning",
}
_ELSEWHERE: Final = (
    "ft:", "search", "audio", "realtime", "tts", "transcribe", "image", "live", "computer-use", "veo", "lyria",
    "robotics", "guard", "container", "daybreak", "together-ai-",
)  # fmt: skip
"""Models that are not talked to in words or not by these interfaces, classes of prices, and names that are somebody's
own."""

BY_HAND: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "openai": {
        **{name: {"successor": "gpt-5-mini"} for name in ("gpt-3.5-turbo", "gpt-4o-mini", "o3-mini", "o4-mini")},
        **{name: {"successor": "gpt-5.2"} for name in ("gpt-4", "gpt-4-turbo", "gpt-4o", "gpt-5.1", "o1")},
        **{name: {"successor": "gpt-5.4-mini"} for name in ("gpt-4.1-nano", "gpt-5.4-nano", "gpt-5-mini-2025-08-07")},
        "gpt-5-2025-08-07": {"successor": "gpt-5.2"},
        "text-embedding-ada-002": {"successor": "text-embedding-3-small"},
    },
    "anthropic": {
        **{name: {"successor": "claude-sonnet-5"} for name in ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929")},
        "claude-mythos-preview": {"successor": "claude-mythos-5"},
    },
    "gemini": {"gemini-3.1-flash-lite": {"successor": "gemini-3.5-flash-lite"}},
}
"""What LiteLLM does not say. A successor is named only where both are in the list."""


def written() -> str:
    """The catalogue as it stands in the file: a line per model."""
    blocks = []
    for provider, rows in sorted(_narrowed(_library_list()).items()):
        lines = [f"    {json.dumps(name)}: {json.dumps(row)}" for name, row in sorted(rows.items())]
        blocks.append(f"  {json.dumps(provider)}: {{\n" + ",\n".join(lines) + "\n  }")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def changes(was: str, now: str) -> Iterator[str]:
    """What is new, gone or different, in words."""
    before, after = _flat(was), _flat(now)
    for name in sorted(after.keys() - before.keys()):
        yield f"new: {name}"
    for name in sorted(before.keys() - after.keys()):
        yield f"gone: {name}"
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            yield f"changed: {name}"
    yield f"{len(after)} models."


def _flat(text: str) -> dict[str, Any]:
    return {f"{provider}/{name}": row for provider, rows in json.loads(text).items() for name, row in rows.items()}


def _library_list() -> dict[str, Any]:
    # The file beside the library, found without importing it: that would cost seconds.
    spec = find_spec("litellm")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("LiteLLM is not installed.")
    path = Path(spec.submodule_search_locations[0]) / "model_prices_and_context_window_backup.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def _narrowed(known: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = {provider: {} for provider in _PROVIDERS.values()}
    for key, entry in known.items():
        provider, kind = _PROVIDERS.get(entry.get("litellm_provider", "")), _KINDS.get(entry.get("mode", ""))
        name = key.removeprefix(f"{entry.get('litellm_provider')}/")
        if provider is None or kind is None or any(word in name for word in _ELSEWHERE):
            continue
        if "/" in name and provider not in ("together", "groq"):  # a region's or a residency's price of the same model
            continue
        found[provider][name] = _row(entry, kind)
    for provider, rows in BY_HAND.items():
        for name, more in rows.items():
            if name in found[provider] and more.get("successor", name) in found[provider]:
                found[provider][name] |= more
    return found


def _row(entry: dict[str, Any], kind: str) -> dict[str, Any]:
    row: dict[str, Any] = {"kind": kind} if kind != "chat" else {}
    for name, value in (
        ("context", entry.get("max_input_tokens") or entry.get("max_tokens")),
        ("output", entry.get("max_output_tokens") if kind == "chat" else None),
        ("dimensions", entry.get("output_vector_size")),
        ("prices", _prices(entry)),
        ("abilities", [name for key, name in _ABILITIES.items() if entry.get(key)]),
        ("retires_on", entry.get("deprecation_date")),
    ):
        if value:
            row[name] = value
    return row


def _prices(entry: dict[str, Any]) -> list[float] | None:
    """Dollars for a million tokens: read, written, read from the cache, written to the cache."""
    if entry.get("input_cost_per_token") is None:
        return None
    plain = entry["input_cost_per_token"]
    return [
        _per_million(plain),
        _per_million(entry.get("output_cost_per_token") or 0),
        _per_million(entry.get("cache_read_input_token_cost", plain)),
        _per_million(entry.get("cache_creation_input_token_cost", plain)),
    ]


def _per_million(per_token: float) -> float:
    return float(Decimal(str(per_token)) * 1_000_000)
