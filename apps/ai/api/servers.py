"""Ollama servers over HTTP: what they hold, fetching and deleting models."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.ai import selectors, services
from apps.ai.api.comparisons import JobErrorOut
from apps.ai.models import Pull
from apps.core.api.query import refuse_unknown
from apps.core.api.serializers import Strict
from apps.core.tenancy import tenant
from apps.integrations.models import Credential


class InstalledOut(serializers.Serializer[Any]):
    """A model on the server's disk."""

    name = serializers.CharField()
    size = serializers.IntegerField(help_text="In bytes.")
    parameters = serializers.CharField(allow_blank=True)
    quantization = serializers.CharField(allow_blank=True)
    changed_at = serializers.DateTimeField(allow_null=True)


class ServerOut(serializers.Serializer[Any]):
    """An Ollama server, as its credential names it."""

    id = serializers.UUIDField(help_text="The credential's.")
    name = serializers.CharField()
    base_url = serializers.CharField()


class StatusOut(ServerOut):
    """What a server answered just now."""

    is_reachable = serializers.BooleanField()
    version = serializers.CharField(allow_blank=True)
    error = serializers.CharField(allow_blank=True)
    hint = serializers.CharField(allow_blank=True)
    models = InstalledOut(many=True)


class ModelIn(Strict):
    """Which model."""

    model = serializers.CharField(max_length=200, help_text="As in `llama3.2:3b`.")


class PullOut(serializers.ModelSerializer[Pull]):
    """A model being fetched, or that was."""

    error = JobErrorOut(allow_null=True)

    class Meta:
        model = Pull
        fields = [
            "id",
            "model",
            "status",
            "message",
            "done_bytes",
            "total_bytes",
            "error",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields


class PullsOut(serializers.Serializer[Any]):
    """The newest first."""

    results = PullOut(many=True)


class Servers(WorkspaceViewSet):
    """The Ollama servers you may use, each by its credential."""

    serializer_class = ServerOut
    queryset = Credential.objects.none()
    manages_transaction = True  # the servers are asked
    permissions: ClassVar[dict[str, Permission]] = {
        "list": Permission.CREDENTIAL_READ,
        "retrieve": Permission.CREDENTIAL_USE,
        "pulls": Permission.CREDENTIAL_USE,
        # Whether it takes more than use is up to the credential: everybody keeps private ones.
        "pull": Permission.CREDENTIAL_USE,
        "cancel": Permission.CREDENTIAL_USE,
        "remove": Permission.CREDENTIAL_USE,
    }

    @extend_schema(responses=ServerOut(many=True))
    def list(self, request: Request) -> Response:
        """Every server, oldest first. None is asked."""
        refuse_unknown(request.query_params, ())
        with tenant(self.workspace.id):
            rows = selectors.provider_credentials(self.workspace.id, self.actor)["ollama"]
            found = [_document(row) for row in rows]
        return Response({"results": found, "next": None, "page_size": len(found)})

    @extend_schema(responses=StatusOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Ask a server for its version and its models."""
        with tenant(self.workspace.id):
            row = services.server(self.workspace.id, self.actor, pk)
        look = services.server_look(workspace_id=self.workspace.id, actor=self.actor, credential_id=pk)
        models = [asdict(model) for model in look.models]
        told = {"is_reachable": look.is_reachable, "version": look.version, "error": look.error, "hint": look.hint}
        return Response(StatusOut({**_document(row), **told, "models": models}).data)

    @extend_schema(responses=PullsOut)
    @action(detail=True, methods=["get"])
    def pulls(self, request: Request, pk: UUID) -> Response:
        """What it fetches or was to fetch, the newest 20 first."""
        with tenant(self.workspace.id):
            row = services.server(self.workspace.id, self.actor, pk)
            return Response(PullsOut({"results": selectors.pulls(self.workspace.id, row.id)[:20]}).data)

    @extend_schema(request=ModelIn, responses={201: PullOut})
    @pulls.mapping.post
    def pull(self, request: Request, pk: UUID) -> Response:
        """Let it fetch a model. Asked again meanwhile, it is the same pull."""
        found = services.pull_start(
            workspace_id=self.workspace.id, actor=self.actor, credential_id=pk, model=self._model()
        )
        return Response(PullOut(found).data, status=201)

    @extend_schema(request=None, responses=PullOut)
    @action(detail=True, methods=["post"], url_path="pulls/<uuid:pull>/cancel")
    def cancel(self, request: Request, pk: UUID, pull: UUID) -> Response:
        """Stop fetching. The server keeps what it has for another time."""
        found = services.pull_cancel(workspace_id=self.workspace.id, actor=self.actor, credential_id=pk, pull_id=pull)
        return Response(PullOut(found).data)

    @extend_schema(request=ModelIn, responses={204: None})
    @action(detail=True, methods=["post"], url_path="delete")
    def remove(self, request: Request, pk: UUID) -> Response:
        """Take a model off its disk."""
        services.model_delete(workspace_id=self.workspace.id, actor=self.actor, credential_id=pk, model=self._model())
        return Response(status=204)

    def _model(self) -> str:
        filled = ModelIn(data=self.request.data)
        filled.is_valid(raise_exception=True)
        return str(filled.validated_data["model"])


def _document(row: Credential) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "base_url": row.settings.get("base_url", "")}
