"""What somebody was told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import selectors, services
from apps.accounts.access.api import WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.accounts.models import Notice
from apps.accounts.notices import KINDS
from apps.core.clock import now
from apps.core.errors import Forbidden, NotFound


class NoPerson(Forbidden):
    """Notices are told to people. A key is nobody."""

    code = "accounts.no_person"


class NoticeQuery(serializers.Serializer[Any]):
    """Which notices to list."""

    unread = serializers.BooleanField(required=False, default=False, help_text="Only those not read yet.")
    kind = serializers.ChoiceField(required=False, choices=sorted(KINDS))


class NoticeOut(serializers.ModelSerializer[Notice]):
    """A notice. `count` is how often it grew before it was read; `url` is the page it leads to."""

    title = serializers.CharField(source="words")
    url = serializers.CharField(source="target")

    class Meta:
        model = Notice
        fields = ["id", "kind", "tone", "title", "detail", "url", "count", "first_at", "last_at", "read_at"]


class ReadOut(serializers.Serializer[Any]):
    """How many notices were unread before."""

    read = serializers.IntegerField()


class Notices(WorkspaceViewSet):
    """What the person who asks was told in this workspace."""

    permissions = {
        "list": Permission.WORKFLOW_READ,
        "retrieve": Permission.WORKFLOW_READ,
        "read": Permission.WORKFLOW_READ,
        "read_all": Permission.WORKFLOW_READ,
    }
    filters = {"list": ("unread", "kind")}
    serializer_class = NoticeOut
    queryset = Notice.objects.none()

    @extend_schema(parameters=[NoticeQuery], responses=NoticeOut(many=True))
    def list(self, request: Request) -> Response:
        """The notices, newest first."""
        asked = NoticeQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        found = selectors.notices(
            self.workspace.id, self._person(), is_unread=values["unread"], kind=values.get("kind", "")
        )
        return self.page(found, NoticeOut)

    @extend_schema(responses=NoticeOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One notice."""
        return Response(NoticeOut(self._one(pk)).data)

    @extend_schema(request=None, responses=NoticeOut)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: UUID) -> Response:
        """Note that it is read. The next of the same begins a new one."""
        services.notice_read(workspace_id=self.workspace.id, user_id=self._person(), ids=[self._one(pk).id], now=now())
        return Response(NoticeOut(self._one(pk)).data)

    @extend_schema(request=None, responses=ReadOut)
    @action(detail=False, methods=["post"], url_path="read")
    def read_all(self, request: Request) -> Response:
        """Note that all of them are read."""
        count = services.notice_read(workspace_id=self.workspace.id, user_id=self._person(), now=now())
        return Response({"read": count})

    def _person(self) -> UUID:
        if self.actor.user is None:
            raise NoPerson("A key has no notices.", hint="Ask with the session of a person.")
        return self.actor.user.id

    def _one(self, pk: UUID) -> Notice:
        found = selectors.notice(self.workspace.id, self._person(), pk)
        if found is None:
            raise NotFound
        return found
