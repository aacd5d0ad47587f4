"""Which models there are, and which the workspace uses where nothing else is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceAPIView, WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.ai import selectors, services
from apps.ai.errors import ChoicesInvalid, ProviderUnknown
from apps.ai.gateway import catalogue
from apps.ai.gateway.catalogue import Model
from apps.ai.providers import PROVIDERS
from apps.ai.selectors import Choices
from apps.core import clock
from apps.core.api.query import refuse_unknown
from apps.core.api.serializers import Strict
from apps.core.errors import FieldError
from apps.core.tenancy import tenant
from apps.integrations.models import Credential
from apps.nodes.contract import ModelRef

_KINDS = ("chat", "embedding")


class RefIn(Strict):
    """One model of one provider."""

    provider = serializers.ChoiceField(choices=list(PROVIDERS))
    model = serializers.CharField(max_length=200, help_text="As the provider calls it.")
    credential = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Null: the provider's default."
    )


class RefOut(serializers.Serializer[Any]):
    """One model of one provider."""

    provider = serializers.ChoiceField(choices=list(PROVIDERS))
    model = serializers.CharField()
    credential = serializers.UUIDField(allow_null=True)


class PricesOut(serializers.Serializer[Any]):
    """US dollars for a million tokens."""

    input = serializers.DecimalField(max_digits=18, decimal_places=6)
    output = serializers.DecimalField(max_digits=18, decimal_places=6)
    cached = serializers.DecimalField(max_digits=18, decimal_places=6)
    written = serializers.DecimalField(max_digits=18, decimal_places=6)


class ModelOut(serializers.Serializer[Any]):
    """A model and what is known of it. What is not known is null, 0 or empty."""

    provider = serializers.ChoiceField(choices=list(PROVIDERS))
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=_KINDS)
    context = serializers.IntegerField(  # type: ignore[assignment]
        help_text="How many tokens it reads at most."
    )
    output = serializers.IntegerField(help_text="How many tokens it writes at most.")
    prices = PricesOut(allow_null=True)
    abilities = serializers.ListField(child=serializers.CharField())
    retires_on = serializers.DateField(allow_null=True)
    successor = serializers.CharField(allow_blank=True)
    is_connected = serializers.BooleanField(help_text="Whether the workspace has a credential for its provider.")


class SettingsOut(serializers.Serializer[Any]):
    """What the workspace has chosen."""

    chain = RefOut(many=True, help_text="The default model, then its fallbacks.")
    embedding = RefOut(allow_null=True)
    credentials = serializers.DictField(child=serializers.UUIDField(), help_text="By provider.")


class SettingsIn(Strict):
    """What is left out stays as it is."""

    chain = RefIn(many=True, required=False)
    embedding = RefIn(required=False, allow_null=True)
    credentials = serializers.DictField(child=serializers.UUIDField(), required=False)


class Models(WorkspaceViewSet):
    """The models that are known, with what they cost and can do."""

    serializer_class = ModelOut
    manages_transaction = True  # with a credential its provider is asked
    permissions: ClassVar[dict[str, Permission]] = {"list": Permission.CREDENTIAL_READ}

    @extend_schema(
        parameters=[
            OpenApiParameter("provider", enum=list(PROVIDERS)),
            OpenApiParameter("kind", enum=list(_KINDS)),
            OpenApiParameter("ability", description="Keeps the models that are known to have it, as in `tools`."),
            OpenApiParameter("q", description="Looks in their names."),
            OpenApiParameter("connected", bool, description="Keeps the models of providers that are connected."),
            OpenApiParameter(
                "credential", description="Asks its provider which models it has, instead of the catalogue."
            ),
        ],
        responses=ModelOut(many=True),
    )
    def list(self, request: Request) -> Response:
        """Every model of the catalogue that is not retired, by provider and name, or those a credential can call."""
        refuse_unknown(request.query_params, ("provider", "kind", "ability", "q", "connected", "credential"))
        given = request.query_params
        with tenant(self.workspace.id):
            known = selectors.provider_credentials(self.workspace.id, self.actor)
        connected = {provider for provider, rows in known.items() if rows}
        if "credential" in given:
            found: Sequence[Model] = self._listed(given["credential"], known)
        else:
            found = [model for model in catalogue.models().values() if not model.is_retired(clock.now().date())]
        kept = [
            model
            for model in found
            if (not given.get("provider") or model.provider == given["provider"])
            and (not given.get("kind") or model.kind == given["kind"])
            and (not given.get("ability") or given["ability"] in model.abilities)
            and given.get("q", "").lower() in model.name.lower()
            and (given.get("connected", "").lower() not in ("1", "true", "yes") or model.provider in connected)
        ]
        rows = [_document(model, is_connected=model.provider in connected) for model in kept]
        return Response({"results": rows, "next": None, "page_size": len(rows)})

    def _listed(self, given: str, known: Mapping[str, Sequence[Credential]]) -> Sequence[Model]:
        rows = {str(row.id): (provider, row) for provider, found in known.items() for row in found}
        if given not in rows:
            raise ProviderUnknown
        provider, row = rows[given]
        names = services.models_listed(workspace_id=self.workspace.id, actor=self.actor, credential_id=row.id)
        return [catalogue.find(provider, name) or Model(cast("Any", provider), name) for name in names]


class Settings(WorkspaceAPIView):
    """The models and credentials the workspace uses where nothing else is said."""

    permissions: ClassVar[dict[str, Permission]] = {
        "get": Permission.CREDENTIAL_READ,
        "patch": Permission.CREDENTIAL_MANAGE,
    }

    @extend_schema(responses=SettingsOut)
    def get(self, request: Request) -> Response:
        """What is chosen; empty where nothing is."""
        return _settings(selectors.model_choices(self.workspace.id))

    @extend_schema(request=SettingsIn, responses=SettingsOut)
    def patch(self, request: Request) -> Response:
        """Choose. A credential is one of the workspace, of the provider's type, that you may use."""
        filled = SettingsIn(data=request.data)
        filled.is_valid(raise_exception=True)
        given = filled.validated_data
        wanted: dict[str, Any] = {}
        if "chain" in given:
            wanted["chain"] = [ModelRef.model_validate(each) for each in given["chain"]]
        if "embedding" in given:
            wanted["embedding"] = given["embedding"] and ModelRef.model_validate(given["embedding"])
        if "credentials" in given:
            wanted["credentials"] = given["credentials"]
        if not wanted:
            message = "Name at least one of chain, embedding and credentials."
            raise ChoicesInvalid(message, errors=[FieldError("chain", message)])
        return _settings(services.model_choices_save(workspace_id=self.workspace.id, actor=self.actor, **wanted))


def _settings(choices: Choices) -> Response:
    return Response(
        {
            "chain": [ref.model_dump(mode="json") for ref in choices.chain],
            "embedding": choices.embedding and choices.embedding.model_dump(mode="json"),
            "credentials": {provider: str(found) for provider, found in choices.credentials.items()},
        }
    )


def _document(model: Model, *, is_connected: bool) -> dict[str, Any]:
    prices = model.prices
    names = ("input", "output", "cached", "written")
    return {
        "provider": model.provider,
        "name": model.name,
        "kind": model.kind,
        "context": model.context,
        "output": model.output,
        "prices": None if prices is None else {name: str(getattr(prices, name)) for name in names},
        "abilities": sorted(model.abilities),
        "retires_on": model.retires_on and model.retires_on.isoformat(),
        "successor": model.successor,
        "is_connected": is_connected,
    }
