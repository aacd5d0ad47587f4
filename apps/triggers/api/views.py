"""Events: post, list, look."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.core.clock import now
from apps.core.tenancy import tenant
from apps.triggers import events, selectors
from apps.triggers.api import serializers as forms
from apps.triggers.models import Event


class Events(WorkspaceViewSet):
    """What was posted to the workspace."""

    permissions = {
        "list": Permission.EXECUTION_READ,
        "retrieve": Permission.EXECUTION_READ,
        "create": Permission.EVENT_POST,
    }
    filters = {"list": ("name",)}
    manages_transaction = True  # an event is committed before anything follows from it
    serializer_class = forms.EventOut
    queryset = Event.objects.none()

    @extend_schema(parameters=[forms.ListQuery], responses=forms.EventOut(many=True))
    def list(self, request: Request) -> Response:
        """The events of the last week, newest first."""
        asked = forms.ListQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        with tenant(self.workspace.id):
            return self.page(selectors.event_list(self.workspace.id, **asked.validated_data), forms.EventOut)

    @extend_schema(responses=forms.EventOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One event, and what followed from it."""
        with tenant(self.workspace.id):
            return Response(forms.EventOut(selectors.event_get(self.workspace.id, pk)).data)

    @extend_schema(request=forms.EventIn, responses={200: forms.EventOut, 201: forms.EventOut})
    def create(self, request: Request) -> Response:
        """Say that something happened: what waits for it goes on, what listens to it starts.

        201 for a new event; 200 with `Idempotent-Replayed: true` when its `id` was posted before, and then nothing
        happens.
        """
        asked = forms.EventIn(data=request.data)
        asked.is_valid(raise_exception=True)
        given: dict[str, Any] = asked.validated_data
        posted = events.event_post(
            workspace_id=self.workspace.id,
            name=given["name"],
            data=given["data"],
            external_id=given["id"] or None,
            by=self.actor.label,
            now=now(),
        )
        headers = {"Location": f"/api/v1/app/events/{posted.event.id}/"}
        if not posted.is_new:
            headers["Idempotent-Replayed"] = "true"
        return Response(forms.EventOut(posted.event).data, status=201 if posted.is_new else 200, headers=headers)
