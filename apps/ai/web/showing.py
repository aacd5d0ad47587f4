"""Models and providers as the pages show them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.access.actor import Actor
from apps.accounts.models import Workspace
from apps.ai import selectors
from apps.ai.gateway import catalogue
from apps.ai.gateway.catalogue import Model
from apps.ai.models import Answer, Comparison
from apps.ai.providers import PROVIDERS, Known, use_of
from apps.core.clock import now
from apps.integrations import selectors as integrations
from apps.integrations.models import Credential
from apps.integrations.services import may_manage, may_use
from apps.nodes.contract import ModelRef

_CLIP = "agentflow/nodes@1"
_NODES = {
    "openai": ("OPENAI", ""),
    "anthropic": ("CLAUDE", ""),
    "gemini": ("GEMINI", ""),
    "ollama": ("OLLAMA", ""),
    "groq": ("CUSTOM", "groq"),
    "together": ("CUSTOM", "together"),
    "custom": ("CUSTOM", "custom"),
}
"""By provider: the agent's subtype, and whose model it is where the subtype leaves that open."""
WARNED_BEFORE = timedelta(days=180)
_ABILITIES = {"tools": "tools", "vision": "pictures", "files": "files", "reasoning": "reasoning"}


@dataclass(frozen=True, slots=True)
class Via:
    """What a model is called with: a provider's default credential, or one of its credentials."""

    provider: str
    label: str
    credential: UUID | None

    @property
    def value(self) -> str:
        """As forms send it."""
        return f"{self.provider}:{self.credential}" if self.credential else self.provider

    @property
    def can_embed(self) -> bool:
        """Whether the provider has models for embeddings, as far as anybody knows."""
        return self.provider in ("ollama", "custom") or bool(catalogue.of_provider(self.provider, "embedding"))


@dataclass(frozen=True, slots=True)
class Shown:
    """A chosen model: what it is, what it costs, and whether it will end."""

    ref: ModelRef
    key: str
    place: int
    provider: Known
    via: str
    """The credential's name where it is not the provider's default."""
    facts: str
    warning: str = ""
    is_ending: bool = False
    successor: str = ""
    is_connected: bool = True


@dataclass(frozen=True, slots=True)
class Card:
    """One provider on the page."""

    provider: Known
    credentials: list[dict[str, Any]]
    new_url: str


def via_of(text: str) -> Via | None:
    """What a form sent; None for anything else."""
    provider, _colon, credential = text.partition(":")
    if provider not in PROVIDERS:
        return None
    try:
        return Via(provider, str(PROVIDERS[provider].name), UUID(credential) if credential else None)
    except ValueError:
        return None


def vias(actor: Actor, known: Mapping[str, Sequence[Credential]], *, is_shared: bool) -> list[Via]:
    """What the actor may call models with, by provider. `is_shared` leaves out what is theirs alone."""
    found = []
    for provider, rows in known.items():
        usable = [row for row in rows if may_use(actor, row) and not (is_shared and row.is_private)]
        name = str(PROVIDERS[provider].name)
        if any(not row.is_private for row in usable):
            found.append(Via(provider, name, None))
        if len(usable) > 1 or (usable and usable[0].is_private):
            found += [Via(provider, f"{name} · {row.name}", row.id) for row in usable]
    return found


def key_of(ref: ModelRef) -> str:
    """What tells a model in line from the others."""
    return f"{ref.provider}:{ref.credential or ''}:{ref.model}"


def shown(ref: ModelRef, known: Mapping[str, Sequence[Credential]], place: int = 0) -> Shown:
    """A chosen model."""
    model = catalogue.find(ref.provider, ref.model)
    rows = known[ref.provider]
    via = next((row.name for row in rows if row.id == ref.credential), "") if ref.credential else ""
    is_connected = bool(via) if ref.credential else any(not row.is_private for row in rows)
    warning, is_ending = _ending(model, now().date())
    successor = model.successor if model else ""
    provider = PROVIDERS[ref.provider]
    return Shown(
        ref, key_of(ref), place, provider, via, facts(ref.provider, model), warning, is_ending, successor, is_connected
    )


def facts(provider: str, model: Model | None) -> str:
    """What is known of a model, in one line."""
    if model is None:
        return _("free of charge, on your own machine") if provider == "ollama" else _("price not known")
    parts = []
    if model.prices is not None and (model.prices.input or model.prices.output):
        price = {"input": _dollars(model.prices.input), "output": _dollars(model.prices.output)}
        if model.kind == "embedding":
            parts.append(_("%(input)s a million tokens") % price)
        else:
            parts.append(_("%(input)s in, %(output)s out a million tokens") % price)
    elif provider == "ollama":
        parts.append(_("free of charge"))
    if model.context:
        parts.append(_("reads %(count)s tokens") % {"count": _short(model.context)})
    if model.dimensions:
        parts.append(ngettext("%(n)s dimension", "%(n)s dimensions", model.dimensions) % {"n": f"{model.dimensions:,}"})
    parts += [_(word) for ability, word in _ABILITIES.items() if ability in model.abilities]
    return " · ".join(parts)


def suggestions(provider: str, *, names: Sequence[str] = (), is_embedding: bool = False) -> list[dict[str, str]]:
    """Names of models with what is known of them: those given, or else what the catalogue has and has not retired.

    An empty provider stands for all.
    """
    if names:
        return [{"name": name, "facts": facts(provider, catalogue.find(provider, name))} for name in names]
    today = now().date()
    kind = "embedding" if is_embedding else "chat"
    found = [model for each in ([provider] if provider else PROVIDERS) for model in catalogue.of_provider(each, kind)]
    return [
        {"name": model.name, "facts": facts(model.provider, model)} for model in found if not model.is_retired(today)
    ]


def cards(workspace: Workspace, actor: Actor, known: Mapping[str, Sequence[Credential]]) -> list[Card]:
    """Every provider with its credentials, the connected ones first."""
    here = reverse("models", args=[workspace.slug])
    found = []
    for provider in sorted(PROVIDERS.values(), key=lambda each: not known[each.id]):
        default = selectors.default_credential(workspace.id, provider.id) if known[provider.id] else None
        rows = [
            {
                "row": row,
                "is_default": default is not None and row.id == default.id,
                "may_default": not row.is_private and (default is None or row.id != default.id),
                "may_test": may_use(actor, row),
                "may_change": may_manage(actor, row),
                "via": Via(provider.id, row.name, row.id).value,
            }
            for row in known[provider.id]
        ]
        (type_, *_more) = integrations.fitting(use_of(provider.id))
        new = reverse("credential-new", args=[workspace.slug, type_])
        taken = {row.name for row in known[provider.id]}
        name = str(provider.name) if str(provider.name) not in taken else ""
        asked = urlencode({"name": name, "next": here})
        found.append(Card(provider, rows, f"{new}?{asked}"))
    return found


def money(amount: Decimal | None) -> str:
    """What something cost, with as many digits as it takes to see it."""
    if amount is None:
        return _("not known")
    if not amount:
        return "$0"
    return f"${amount:,.2f}" if amount >= 1 else f"${float(amount):.2g}" if amount >= Decimal("0.0001") else "< $0.0001"


def label_of(provider: str) -> str | Promise:
    """What people call a provider."""
    return PROVIDERS[provider].name if provider in PROVIDERS else provider


def _ending(model: Model | None, today: date) -> tuple[str, bool]:
    """What to say of a model that ends or has a newer one after it, and whether that is urgent."""
    if model is None:
        return "", False
    after = _("After it comes %(name)s.") % {"name": model.successor} if model.successor else ""
    if model.retires_on is not None and model.retires_on - today <= WARNED_BEFORE:
        day = {"day": f"{model.retires_on.day} {date_format(model.retires_on, 'F Y')}"}
        is_over = model.retires_on <= today
        said = _("Ended by its provider on %(day)s.") if is_over else _("Its provider ends it on %(day)s.")
        return f"{said % day} {after}".strip(), True
    if model.successor:
        return _("There is a newer one: %(name)s.") % {"name": model.successor}, False
    return "", False


def _dollars(amount: Decimal) -> str:
    return f"${amount:,.2f}" if amount >= Decimal("0.1") or not amount else f"${amount.normalize():f}"


def _short(count: int) -> str:
    return f"{count / 1_000_000:.3g}M" if count >= 1_000_000 else f"{count // 1000}k" if count >= 1000 else str(count)


def answer_facts(answer: Answer) -> dict[str, Any]:
    """What a model's answer took, in words."""
    usage = answer.usage or {}
    return {
        "cost": money(answer.cost) if answer.status == Answer.Status.DONE else "–",
        "tokens": f"{usage.get('input', 0):,} → {usage.get('output', 0):,}" if usage else "–",
        "seconds": _seconds(answer.seconds),
        "first_seconds": _seconds(answer.first_seconds),
    }


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def clip_of(comparison: Comparison, answer: Answer) -> str:
    """A model of a comparison as an agent node that asks the same: text to be pasted onto a canvas."""
    subtype, source = _NODES[answer.provider]
    params = {
        **({"source": source} if source else {}),
        "model": answer.model,
        "prompt": comparison.prompt,
        **({"system_prompt": comparison.system} if comparison.system else {}),
        **comparison.sampling,
    }
    if answer.credential is not None:
        params["credential"] = {
            "kind": "credential",
            "credential": str(answer.credential.id),
            "name": answer.credential.name,
            "type": answer.credential.type,
        }
    node = {"id": "agent", "name": answer.model, "type": "AI_AGENT", "subtype": subtype, "params": params}
    return json.dumps({"format": _CLIP, "nodes": [node], "connections": [], "annotations": []}, ensure_ascii=False)
