"""The page of the providers: what is connected, which models are used where nothing else is said."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ValidationError

from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.ai import selectors, services
from apps.ai.selectors import Choices
from apps.ai.services.choosing import MOST_MODELS
from apps.ai.web.showing import Via, cards, key_of, shown, suggestions, via_of, vias
from apps.core.errors import DomainError
from apps.core.tenancy import tenant
from apps.integrations import services as integrations
from apps.nodes.contract import ModelRef

TILES = [
    {"type": "AI_AGENT", "icon": "bot"},
    {"type": "TOOL", "icon": "wrench"},
    {"type": "MEMORY", "icon": "database"},
]


class Models(WorkspacePage):
    """Which providers are connected, and which models are the workspace's."""

    permission = Permission.CREDENTIAL_READ
    menu = MenuEntry(
        Menu.AI,
        gettext_lazy("Models"),
        icon="bot",
        order=10,
        words=gettext_lazy("ai openai anthropic claude gemini ollama groq together llm providers keys compare"),
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        choices = selectors.model_choices(self.workspace.id)
        known = selectors.provider_credentials(self.workspace.id, self.actor)
        usable = vias(self.actor, known, is_shared=True)
        context = {
            "cards": cards(self.workspace, self.actor, known),
            "is_connected": any(known.values()),
            "chain": [shown(ref, known, place) for place, ref in enumerate(choices.chain)],
            "embedding": shown(choices.embedding, known) if choices.embedding else None,
            "vias": usable,
            "suggestions": suggestions(usable[0].provider) if usable else [],
            "embedding_vias": [via for via in usable if via.can_embed],
            "embedding_suggestions": suggestions("", is_embedding=True),
            "may_add": len(choices.chain) < MOST_MODELS,
            "tiles": TILES,
            "tab": "models",
        }
        return self.render("ai/models.html", context)


class _Change(WorkspacePage, ABC):
    """A form of the page. Saves what it makes of the choices there are, and goes back."""

    permission = Permission.CREDENTIAL_MANAGE
    menu_under = "models"
    http_method_names = ["post"]
    anchor = ""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Save, and go back; what is wrong is said there."""
        now = selectors.model_choices(self.workspace.id)
        try:
            services.model_choices_save(
                workspace_id=self.workspace.id, actor=self.actor, **self.changed(request.POST, now)
            )
        except DomainError as refused:
            if refused.status == 403:
                raise
            messages.error(request, f"{refused.message} {refused.hint or ''}".strip())
        except ValidationError:
            messages.error(request, _("Choose what to call, and write which model."))
        address = redirect("models", self.workspace.slug)
        address["Location"] += self.anchor
        return address

    @abstractmethod
    def changed(self, given: QueryDict, now: Choices) -> dict[str, Any]:
        """What `model_choices_save` takes. Raises `ValidationError` for what is no model."""


class ChainChange(_Change):
    """Another model in line, one less, or another order."""

    anchor = "#default"

    def changed(self, given: QueryDict, now: Choices) -> dict[str, Any]:
        """The chain with one change. A model that is not in it any more changes nothing."""
        chain = list(now.chain)
        op, key = given.get("op", ""), given.get("key", "")
        if op == "add":
            return {"chain": [*chain, _ref(given)]}
        at = next((place for place, ref in enumerate(chain) if key_of(ref) == key), None)
        if at is None:
            return {"chain": chain}
        if op == "remove":
            del chain[at]
        elif op == "replace":
            chain[at] = ModelRef(
                provider=chain[at].provider, model=self.request.GET.get("to", ""), credential=chain[at].credential
            )
        elif op in ("up", "down"):
            to = min(max(at + (-1 if op == "up" else 1), 0), len(chain) - 1)
            chain.insert(to, chain.pop(at))
        return {"chain": chain}


class EmbeddingChange(_Change):
    """The model that turns texts into vectors."""

    anchor = "#embedding"

    def changed(self, given: QueryDict, now: Choices) -> dict[str, Any]:
        """Another one, or none."""
        return {"embedding": None if given.get("op") == "remove" else _ref(given)}


class DefaultChange(_Change):
    """The credential of a provider that is used where none is named."""

    def changed(self, given: QueryDict, now: Choices) -> dict[str, Any]:
        """All of them with this one."""
        via = via_of(given.get("via", ""))
        self.anchor = f"#{via.provider}" if via else ""
        if via is None or via.credential is None:
            return {}
        return {"credentials": {**now.credentials, via.provider: via.credential}}


class ProviderTest(WorkspacePage):
    """Ask a provider whether it takes the credential: a real call, which lists its models."""

    permission = Permission.CREDENTIAL_USE
    menu_under = "models"
    manages_transaction = True
    http_method_names = ["post"]

    def post(self, request: HttpRequest, credential: UUID) -> HttpResponse:
        """Ask, and say what it answered."""
        row = integrations.credential_test(workspace_id=self.workspace.id, credential_id=credential, actor=self.actor)
        if row.is_verified:
            messages.success(request, _("“%(name)s” works. %(said)s") % {"name": row.name, "said": row.test_message})
        else:
            messages.error(request, row.test_message)
        return redirect("models", self.workspace.slug)


class Suggestions(WorkspacePage):
    """The names a field for models offers, for what is chosen beside it."""

    permission = Permission.CREDENTIAL_READ
    menu_under = "models"
    manages_transaction = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """The options. Of servers of one's own what they say they have; nothing while they do not answer."""
        via = via_of(request.GET.get("via", ""))
        names: list[str] = []
        if via is not None and via.provider in ("ollama", "custom"):
            credential = via.credential or self._default(via.provider)
            try:
                names = [] if credential is None else self._listed(credential)
            except DomainError:  # a suggestion less; whoever writes the name themselves is not kept from it
                names = []
        found = suggestions(via.provider, names=names) if via else []
        return self.render("ai/_suggestions.html", {"suggestions": found})

    def _default(self, provider: str) -> UUID | None:
        with tenant(self.workspace.id):
            row = selectors.default_credential(self.workspace.id, provider)
            return row.id if row else None

    def _listed(self, credential: UUID) -> list[str]:
        return services.models_listed(workspace_id=self.workspace.id, actor=self.actor, credential_id=credential)


def _ref(given: QueryDict) -> ModelRef:
    via = via_of(given.get("via", "")) or Via("", "", None)
    return ModelRef.model_validate(
        {"provider": via.provider, "model": given.get("model", "").strip(), "credential": via.credential}
    )
