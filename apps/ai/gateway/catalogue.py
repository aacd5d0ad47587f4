"""What is known of models: how much they read and write, what they cost, what they can do, when they end.

The data is `catalogue.json`, written by `manage.py models_update`; nothing here imports LiteLLM. A model that is not in
it can be called all the same: its price is not known, and nothing is refused on its behalf.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from apps.nodes.contract import ModelRef, Provider, Usage

FILE = Path(__file__).with_name("catalogue.json")
Ability: TypeAlias = Literal[
    "tools", "parallel_tools", "vision", "files", "structured", "native_structured", "reasoning"
]
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars for a million tokens. `cached` and `written` are what reading and writing the cache costs."""

    input: Decimal
    output: Decimal
    cached: Decimal
    written: Decimal

    def of(self, usage: Usage) -> Decimal:
        """What so many tokens cost."""
        plain = max(usage.input - usage.cached - usage.written, 0)
        return (
            plain * self.input + usage.cached * self.cached + usage.written * self.written + usage.output * self.output
        ) / _MILLION


@dataclass(frozen=True, slots=True)
class Model:
    """One model. 0 tokens: not known."""

    provider: Provider
    name: str
    kind: Literal["chat", "embedding"] = "chat"
    context: int = 0
    """How many tokens it reads at most."""
    output: int = 0
    """How many tokens it writes at most."""
    prices: Prices | None = None
    abilities: frozenset[Ability] = frozenset()
    retires_on: date | None = None
    """When the provider stops answering for it."""
    successor: str = ""
    dimensions: int = 0
    """Of an embedding: how many numbers a vector has."""

    def can(self, ability: Ability) -> bool:
        """Whether it is known to."""
        return ability in self.abilities

    def is_retired(self, today: date) -> bool:
        """Whether its provider has stopped answering for it."""
        return self.retires_on is not None and self.retires_on <= today


@cache
def models() -> dict[tuple[str, str], Model]:
    """Every model by provider and name, in the order of the file: by provider, then by name."""
    found: dict[tuple[str, str], Model] = {}
    for provider, rows in json.loads(FILE.read_text()).items():
        for name, row in rows.items():
            found[provider, name] = _model(provider, name, row)
    return found


def find(provider: str, name: str) -> Model | None:
    """What is known of a model. Dated releases and tags of Ollama are known by their plain names, too."""
    known = models().get((provider, name))
    if known is None and provider == "ollama":
        known = models().get((provider, name.partition(":")[0]))
    return known


def of_provider(provider: str, kind: str = "chat") -> list[Model]:
    """The models of a provider, by name."""
    return [model for model in models().values() if model.provider == provider and model.kind == kind]


def estimate_cost(ref: ModelRef, usage: Usage) -> Decimal | None:
    """What so many tokens cost, in US dollars; None where the price is not known. Models of one's own cost nothing."""
    if ref.provider == "ollama":
        return Decimal(0)
    known = find(ref.provider, ref.model)
    return None if known is None or known.prices is None else known.prices.of(usage)


def _model(provider: Provider, name: str, row: dict[str, object]) -> Model:
    given = dict(row)
    prices = given.pop("prices", None)
    if prices is not None:
        plain, written, cached, cache_write = (Decimal(str(each)) for each in prices)  # type: ignore[attr-defined]
        given["prices"] = Prices(plain, written, cached, cache_write)
    given["abilities"] = frozenset(given.pop("abilities", ()))  # type: ignore[call-overload]
    if "retires_on" in given:
        given["retires_on"] = date.fromisoformat(str(given["retires_on"]))
    return Model(provider, name, **given)  # type: ignore[arg-type]
