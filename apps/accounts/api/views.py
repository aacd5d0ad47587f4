"""API keys."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import selectors, services
from apps.accounts.access.api import WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.accounts.api import serializers as forms
from apps.accounts.models import ApiKey
from apps.core.errors import NotFound


class Keys(WorkspaceViewSet):
    """API keys."""

    permissions = {
        "list": Permission.KEY_MANAGE,
        "retrieve": Permission.KEY_MANAGE,
        "create": Permission.KEY_MANAGE,
        "destroy": Permission.KEY_MANAGE,
    }
    serializer_class = forms.KeyOut
    queryset = ApiKey.objects.none()

    @extend_schema(responses=forms.KeyOut(many=True))
    def list(self, request: Request) -> Response:
        """All keys, newest first, revoked ones too."""
        return self.page(selectors.api_keys(self.workspace.id), forms.KeyOut)

    @extend_schema(responses=forms.KeyOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One key."""
        return Response(forms.KeyOut(self._one(pk)).data)

    @extend_schema(request=forms.KeyIn, responses={201: forms.KeyCreated})
    def create(self, request: Request) -> Response:
        """Make a key. The answer is the only place where it is ever shown."""
        form = forms.KeyIn(data=request.data)
        form.is_valid(raise_exception=True)
        created = services.api_key_create(workspace=self.workspace, actor=self.actor, **form.validated_data)
        data = forms.KeyCreated(created.key, context={"secret": created.secret}).data
        return Response(data, status=201, headers={"Cache-Control": "no-store"})

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Revoke a key at once."""
        services.api_key_revoke(workspace=self.workspace, key=self._one(pk), actor=self.actor)
        return Response(status=204)

    def _one(self, pk: UUID) -> ApiKey:
        found = selectors.api_keys(self.workspace.id).filter(id=pk).first()
        if found is None:
            raise NotFound
        return found
