"""Redriving many failed executions, over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from apps.accounts.access.api import WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.core.api.query import refuse_unknown
from apps.core.api.serializers import Strict
from apps.core.clock import now
from apps.core.errors import FieldError, Invalid
from apps.executions import redrives
from apps.executions.api.serializers import StarterOut
from apps.executions.api.views import checked
from apps.executions.models import Redrive
from apps.executions.redrives import Wanted
from apps.executions.rerun import FAILURES

MOST_IDS = 1_000
_FAILURES = [str(status) for status in FAILURES]


class RedriveIn(Strict):
    """Which executions to redrive: some by their ids, or all that fit. Without any filter all that failed."""

    ids = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=MOST_IDS)
    workflow_id = serializers.UUIDField(required=False, allow_null=True)
    status = serializers.ListField(
        child=serializers.ChoiceField(choices=_FAILURES), required=False, help_text="Default: ERROR and TIMED_OUT."
    )
    error_code = serializers.CharField(required=False, max_length=200, help_text="Code of the execution's error.")
    since = serializers.DateTimeField(required=False, allow_null=True, help_text="Created at this moment or later.")
    until = serializers.DateTimeField(required=False, allow_null=True, help_text="Created before this moment.")
    is_redriven = serializers.BooleanField(
        required=False, allow_null=True, default=False, help_text="false: not those that were done again; null: all."
    )
    version = serializers.ChoiceField(choices=["same", "newest"], required=False, default="same")


class ReasonOut(serializers.Serializer[Any]):
    """Why executions were refused: how many for this reason, and one of them."""

    code = serializers.CharField()
    message = serializers.CharField()
    count = serializers.IntegerField()
    example = serializers.UUIDField()


class RedriveProgressOut(serializers.Serializer[Any]):
    """How far it is. `started` is made of `running`, `success` and `failed`."""

    pending = serializers.IntegerField()
    started = serializers.IntegerField()
    refused = serializers.IntegerField()
    canceled = serializers.IntegerField()
    running = serializers.IntegerField()
    success = serializers.IntegerField()
    failed = serializers.IntegerField()
    reasons = ReasonOut(many=True)


class RedriveRow(serializers.ModelSerializer[Redrive]):
    """A redrive in a list. `asked` is the filter."""

    status = serializers.ChoiceField(choices=["running", "done", "canceled"])
    started_by = StarterOut(allow_null=True)

    class Meta:
        model = Redrive
        fields = ["id", "status", "version", "asked", "total", "started_by", "created_at", "finished_at"]


class RedriveOut(RedriveRow):
    """A redrive, and how far it is."""

    progress = RedriveProgressOut()

    class Meta(RedriveRow.Meta):
        fields = [*RedriveRow.Meta.fields, "progress"]


class ItemOut(serializers.Serializer[Any]):
    """One execution of a redrive. `execution_id` is the new one; `code` and `message` say why it was refused."""

    source_id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=["pending", "started", "refused", "canceled"])
    execution_id = serializers.UUIDField(allow_null=True)
    code = serializers.CharField()
    message = serializers.CharField()


class ItemPage(serializers.Serializer[Any]):
    """A page of the executions of a redrive."""

    results = ItemOut(many=True)
    next = serializers.URLField(allow_null=True)
    page_size = serializers.IntegerField()


class ItemsQuery(serializers.Serializer[Any]):
    """Which executions of it."""

    state = serializers.ChoiceField(choices=["pending", "started", "refused", "canceled"], required=False)
    after = serializers.UUIDField(required=False, help_text="Begin behind this source, as in `next`.")
    page_size = serializers.IntegerField(required=False, default=100, min_value=1, max_value=1_000)


class Redrives(WorkspaceViewSet):
    """Jobs that redrive many failed executions."""

    permissions = {
        "list": Permission.EXECUTION_READ,
        "retrieve": Permission.EXECUTION_READ,
        "items": Permission.EXECUTION_READ,
        "create": Permission.WORKFLOW_EXECUTE,
        "cancel": Permission.WORKFLOW_EXECUTE,
    }
    serializer_class = RedriveOut
    queryset = Redrive.objects.none()

    @extend_schema(responses=RedriveRow(many=True))
    def list(self, request: Request) -> Response:
        """The redrives, newest first."""
        return self.page(redrives.redrive_list(workspace_id=self.workspace.id), RedriveRow)

    @extend_schema(responses=RedriveOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One redrive, and how far it is."""
        return Response(_state(redrives.redrive_get(workspace_id=self.workspace.id, redrive_id=pk)))

    @extend_schema(request=RedriveIn, responses={201: RedriveOut})
    def create(self, request: Request) -> Response:
        """Redrive every execution that fits now, each from where it failed, a few at a time on the queue `bulk`.

        Each is done again once. What cannot be done again is counted as refused, with the reason.
        """
        asked = checked(RedriveIn, request.data)
        if asked.get("ids") is not None and len(asked.keys() - {"ids", "version", "is_redriven"}) > 0:
            message = "Name executions by their ids, or filter them: not both."
            raise Invalid(message, errors=[FieldError("ids", message)])
        wanted = Wanted(
            ids=tuple(asked.get("ids") or ()),
            workflow_id=asked.get("workflow_id"),
            statuses=tuple(asked.get("status") or Wanted().statuses),
            code=asked.get("error_code", ""),
            since=asked.get("since"),
            until=asked.get("until"),
            is_redriven=asked["is_redriven"],
        )
        made = redrives.redrive_start(
            workspace_id=self.workspace.id, actor=self.actor, wanted=wanted, now=now(), version=asked["version"]
        )
        return Response(_state(made), status=201, headers={"Location": f"/api/v1/app/redrives/{made.id}/"})

    @extend_schema(request=None, responses=RedriveOut)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Start nothing more of it. What it started goes on."""
        found = redrives.redrive_cancel(workspace_id=self.workspace.id, redrive_id=pk, actor=self.actor, now=now())
        return Response(_state(found))

    @extend_schema(parameters=[ItemsQuery], responses=ItemPage)
    @action(detail=True)
    def items(self, request: Request, pk: UUID) -> Response:
        """Its executions, in the order they are taken: what became of each."""
        refuse_unknown(request.query_params, ItemsQuery().fields)
        asked = checked(ItemsQuery, request.query_params)
        redrive = redrives.redrive_get(workspace_id=self.workspace.id, redrive_id=pk)
        size = asked["page_size"]
        rows = redrives.item_list(
            workspace_id=self.workspace.id,
            redrive_id=redrive.id,
            state=asked.get("state", ""),
            after=asked.get("after"),
            limit=size + 1,
        )
        following = None
        if len(rows) > size:
            following = replace_query_param(request.build_absolute_uri(), "after", str(rows[size - 1].source_id))
        return Response({"results": ItemOut(rows[:size], many=True).data, "next": following, "page_size": size})


def _state(redrive: Redrive) -> dict[str, Any]:
    progress = RedriveProgressOut(redrives.redrive_progress(redrive)).data
    return {**RedriveRow(redrive).data, "progress": progress}
