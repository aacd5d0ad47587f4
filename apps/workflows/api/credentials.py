"""The credentials of a draft over HTTP: which it names, choosing them, and moving secrets out of it."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.core.api.serializers import Strict
from apps.core.tenancy import tenant
from apps.workflows import binding, selectors
from apps.workflows.graph import draft_of
from apps.workflows.literals import literals
from apps.workflows.models import Workflow


class NamedOut(serializers.Serializer[Any]):
    """A credential, as far as a workflow needs it."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    type = serializers.CharField()


class PlaceOut(serializers.Serializer[Any]):
    """A place where a credential may be named."""

    path = serializers.CharField()
    node_id = serializers.CharField()
    node_name = serializers.CharField()
    use = serializers.CharField(help_text="What it must be good for.")
    state = serializers.ChoiceField(choices=["none", "ok", "missing", "wrong_type", "not_allowed"])
    credential = NamedOut(allow_null=True)
    suggestion = NamedOut(allow_null=True, help_text="The one with the name and type that is missing.")


class LiteralOut(serializers.Serializer[Any]):
    """A secret in plain text."""

    path = serializers.CharField()
    node_id = serializers.CharField()
    node_name = serializers.CharField()
    type = serializers.CharField(allow_blank=True, help_text="The credential type it can be moved into; empty: none.")


class NeedsOut(serializers.Serializer[Any]):
    """What a draft needs."""

    places = PlaceOut(many=True)
    secrets = LiteralOut(many=True)


class BindIn(Strict):
    """Which credential to name where."""

    path = serializers.CharField(max_length=1_000, help_text="As in `nodes[2].params.auth`.")
    credential = serializers.UUIDField(allow_null=True)
    draft_revision = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class MoveIn(Strict):
    """Which secret to make a credential of."""

    path = serializers.CharField(max_length=1_000, help_text="As in `nodes[2].params.headers.Authorization`.")
    name = serializers.CharField(max_length=100)
    scope = serializers.ChoiceField(choices=["workspace", "user"], required=False, default="workspace")


class WorkflowCredentials(WorkspaceViewSet):
    """What a draft names, and what it should."""

    serializer_class = NeedsOut
    queryset = Workflow.objects.none()
    manages_transaction = True
    permissions: ClassVar[dict[str, Permission]] = {
        "credentials": Permission.WORKFLOW_READ,
        "bind": Permission.WORKFLOW_UPDATE,
        "move": Permission.WORKFLOW_UPDATE,
    }

    @extend_schema(responses=NeedsOut)
    @action(detail=True, methods=["get"])
    def credentials(self, request: Request, pk: UUID) -> Response:
        """Every place of the draft where a credential may be named, and every secret that stands in it."""
        return self._shown(pk)

    @extend_schema(request=BindIn, responses=NeedsOut)
    @credentials.mapping.post
    def bind(self, request: Request, pk: UUID) -> Response:
        """Name a credential you may use; null: none."""
        given = self._read(BindIn)
        given["credential_id"] = given.pop("credential")
        binding.credential_bind(workspace_id=self.workspace.id, workflow_id=pk, actor=self.actor, **given)
        return self._shown(pk)

    @extend_schema(request=MoveIn, responses=NeedsOut)
    @action(detail=True, methods=["post"], url_path="credentials/move")
    def move(self, request: Request, pk: UUID) -> Response:
        """Make a credential of a secret that stands in the draft, and name it there instead."""
        given = self._read(MoveIn)
        binding.secret_move(workspace_id=self.workspace.id, workflow_id=pk, actor=self.actor, **given)
        return self._shown(pk)

    def _read(self, form: type[Strict]) -> dict[str, Any]:
        filled = form(data=self.request.data)
        filled.is_valid(raise_exception=True)
        return dict(filled.validated_data)

    def _shown(self, pk: UUID) -> Response:
        with tenant(self.workspace.id):
            draft = selectors.workflow_get(self.workspace.id, pk).draft
            found = {
                "places": [
                    {
                        "path": choice.path,
                        "node_id": choice.place.node.id,
                        "node_name": choice.place.node.name,
                        "use": choice.place.slot.use,
                        "state": choice.state,
                        "credential": choice.credential,
                        "suggestion": choice.suggestion,
                    }
                    for choice in binding.choices(self.workspace.id, draft, self.actor)
                ],
                "secrets": [
                    {"path": each.path, "node_id": each.node.id, "node_name": each.node.name, "type": each.type}
                    for each in literals(draft_of(draft)[0])
                ],
            }
        return Response(NeedsOut(found).data)
