"""Triggers over HTTP: list, add, change, remove, switch off and on, try; every webhook of the workspace."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceAPIView, WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.core.api.serializers import Strict
from apps.core.clock import now
from apps.core.errors import FieldError, Invalid
from apps.core.tenancy import tenant
from apps.nodes.params import ParamsInvalid, validated
from apps.nodes.registry import node_type
from apps.triggers import drafts, due_times, overview, switches
from apps.triggers.due_times import NeverDue
from apps.triggers.webhooks import selftest
from apps.workflows import selectors as workflows
from apps.workflows.models import Workflow

STATES = ["draft", "deploying", "active", "paused", "failed", "ended"]


class SeenOut(serializers.Serializer[Any]):
    """The last delivery."""

    received_at = serializers.DateTimeField()
    verdict = serializers.CharField()
    code = serializers.CharField(allow_blank=True)


class TriggerOut(serializers.Serializer[Any]):
    """A trigger. `is_active` is false while somebody has switched this one off; `error_streak` counts failed runs."""

    workflow_id = serializers.UUIDField()
    workflow_name = serializers.CharField()
    node_id = serializers.CharField()
    name = serializers.CharField()
    subtype = serializers.CharField()
    summary = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    reason = serializers.CharField(allow_blank=True)
    is_active = serializers.BooleanField()
    is_published = serializers.BooleanField(help_text="Whether the live version has it, or only the draft.")
    url = serializers.CharField(allow_blank=True, help_text="Of a webhook.")
    test_url = serializers.CharField(allow_blank=True)
    methods = serializers.ListField(child=serializers.CharField())
    next_at = serializers.DateTimeField(allow_null=True, help_text="Of a schedule.")
    last = SeenOut(allow_null=True)
    error_streak = serializers.IntegerField()


class TriggerDetail(TriggerOut):
    """A trigger, and when it comes due next."""

    next_times = serializers.ListField(child=serializers.DateTimeField(), help_text="The next ten, of a schedule.")
    never = serializers.CharField(allow_blank=True, help_text="Why it does not come due.")


class TriggerAdd(Strict):
    """A new trigger of the draft."""

    subtype = serializers.CharField(max_length=40, help_text="As in WEBHOOK, CRON, MANUAL.")
    params = serializers.DictField(required=False, default=dict)
    name = serializers.CharField(required=False, max_length=100, allow_blank=True, default="")
    node_id = serializers.RegexField(r"^[A-Za-z0-9_-]{1,100}$", required=False, default="")
    leads_to = serializers.CharField(
        required=False, max_length=100, default="", help_text="A node. Without: where the first trigger leads."
    )


class TriggerChange(Strict):
    """What is left out stays. Of `params` those given are changed; null removes one."""

    name = serializers.CharField(required=False, max_length=100)
    params = serializers.DictField(required=False)
    disabled = serializers.BooleanField(required=False)
    notes = serializers.CharField(required=False, max_length=2_000, allow_blank=True)
    is_active = serializers.BooleanField(
        required=False, help_text="Switch this one trigger of the live workflow off or on, at once, without publishing."
    )


class SwitchIn(Strict):
    """Why."""

    reason = serializers.CharField(required=False, max_length=500, allow_blank=True, default="")


class TriedOut(serializers.Serializer[Any]):
    """What the door answered."""

    is_right = serializers.BooleanField()
    status = serializers.IntegerField()
    message = serializers.CharField()
    hint = serializers.CharField(allow_blank=True)
    code = serializers.CharField(allow_blank=True)
    proves = serializers.BooleanField(help_text="Whether a forged delivery was refused.")


class TriggerList(WorkspaceAPIView):
    """The triggers of a workflow."""

    permissions = {"get": Permission.WORKFLOW_READ, "post": Permission.WORKFLOW_UPDATE}

    @extend_schema(operation_id="workflow_triggers", responses=TriggerOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """Those of the live version, then those that only the draft has."""
        workflow = workflows.workflow_get(self.workspace.id, pk)
        return Response(TriggerOut(_states(self, workflow), many=True).data)

    @extend_schema(operation_id="workflow_trigger_add", request=TriggerAdd, responses={201: TriggerOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Put a trigger into the draft. It becomes live when the draft is published."""
        given = _read(TriggerAdd, request)
        workflow, node_id = drafts.trigger_add(
            workspace_id=self.workspace.id, workflow_id=pk, actor=self.actor, **given
        )
        return Response(_shown(self, workflow, node_id), status=201)


class TriggerOne(WorkspaceAPIView):
    """One trigger of a workflow."""

    permissions = {
        "get": Permission.WORKFLOW_READ,
        "patch": Permission.WORKFLOW_UPDATE,
        "delete": Permission.WORKFLOW_UPDATE,
    }

    @extend_schema(operation_id="workflow_trigger", responses=TriggerDetail)
    def get(self, request: Request, pk: UUID, node: str) -> Response:
        """Where it stands, its last delivery, and when it comes due next."""
        workflow = workflows.workflow_get(self.workspace.id, pk)
        state = overview.trigger_state(self.workspace.id, self.workspace.slug, workflow, node, now=now())
        times, never = overview.next_times(state, workflow, now())
        return Response({**TriggerOut(state).data, "next_times": times, "never": never})

    @extend_schema(operation_id="workflow_trigger_change", request=TriggerChange, responses=TriggerOut)
    def patch(self, request: Request, pk: UUID, node: str) -> Response:
        """Change it in the draft; with `is_active` switch it off or on in the live workflow, at once."""
        given = _read(TriggerChange, request)
        is_active = given.pop("is_active", None)
        named: dict[str, Any] = {
            "workspace_id": self.workspace.id,
            "workflow_id": pk,
            "node_id": node,
            "actor": self.actor,
        }
        if given:
            drafts.trigger_change(changes=given, **named)
        if is_active is not None:
            (switches.trigger_resume if is_active else switches.trigger_pause)(now=now(), **named)
        return Response(_shown(self, workflows.workflow_get(self.workspace.id, pk), node))

    @extend_schema(operation_id="workflow_trigger_remove", responses={204: None})
    def delete(self, request: Request, pk: UUID, node: str) -> Response:
        """Take it out of the draft. The live version keeps it until the draft is published."""
        drafts.trigger_remove(workspace_id=self.workspace.id, workflow_id=pk, actor=self.actor, node_id=node)
        return Response(status=204)


class TriggerPause(WorkspaceAPIView):
    """Switching one trigger off."""

    permissions = {"post": Permission.WORKFLOW_UPDATE}

    @extend_schema(operation_id="workflow_trigger_pause", request=SwitchIn, responses=TriggerOut)
    def post(self, request: Request, pk: UUID, node: str) -> Response:
        """Let it start nothing any more; the others go on. Stays so whatever is published, until it is resumed."""
        given = _read(SwitchIn, request)
        named: dict[str, Any] = {
            "workspace_id": self.workspace.id,
            "workflow_id": pk,
            "node_id": node,
            "actor": self.actor,
        }
        switches.trigger_pause(now=now(), reason=given["reason"], **named)
        return Response(_shown(self, workflows.workflow_get(self.workspace.id, pk), node))


class TriggerResume(WorkspaceAPIView):
    """Switching one trigger on."""

    permissions = {"post": Permission.WORKFLOW_UPDATE}

    @extend_schema(operation_id="workflow_trigger_resume", request=None, responses=TriggerOut)
    def post(self, request: Request, pk: UUID, node: str) -> Response:
        """Switch it on again. A schedule goes on with what comes due from now on."""
        named: dict[str, Any] = {
            "workspace_id": self.workspace.id,
            "workflow_id": pk,
            "node_id": node,
            "actor": self.actor,
        }
        switches.trigger_resume(now=now(), **named)
        return Response(_shown(self, workflows.workflow_get(self.workspace.id, pk), node))


class TriggerTry(WorkspaceAPIView):
    """Trying a webhook."""

    permissions = {"post": Permission.WORKFLOW_UPDATE}
    manages_transaction = True  # the door opens transactions of its own

    @extend_schema(operation_id="workflow_trigger_try", request=None, responses=TriedOut)
    def post(self, request: Request, pk: UUID, node: str) -> Response:
        """Send a live webhook a signed delivery, and a forged one, through its door. Nothing is started."""
        found = selftest.webhook_try(
            workspace_id=self.workspace.id,
            workspace_slug=self.workspace.slug,
            workflow_id=pk,
            node_id=node,
            now=now(),
        )
        return Response(TriedOut(found).data)


class Webhooks(WorkspaceViewSet):
    """Every webhook of the workspace."""

    permissions = {"list": Permission.WORKFLOW_READ}
    serializer_class = TriggerOut
    queryset = Workflow.objects.none()
    manages_transaction = True

    @extend_schema(responses=TriggerOut(many=True))
    def list(self, request: Request) -> Response:
        """The webhooks of all workflows that are not archived, a page of workflows at a time."""
        with tenant(self.workspace.id):
            rows = self.paginate_queryset(workflows.workflow_list(self.workspace.id))
            states = overview.trigger_states(self.workspace.id, self.workspace.slug, rows or [], now=now())
            found = [TriggerOut(state).data for state in states if state.subtype == "WEBHOOK"]
            return self.get_paginated_response(found)


class PreviewOut(serializers.Serializer[Any]):
    """When a schedule would come due."""

    next_times = serializers.ListField(child=serializers.DateTimeField())


class SchedulePreview(WorkspaceAPIView):
    """Looking at a schedule before it is saved."""

    permissions = {"post": Permission.WORKFLOW_READ}

    @extend_schema(operation_id="schedule_preview", request=OpenApiTypes.OBJECT, responses=PreviewOut)
    def post(self, request: Request) -> Response:
        """The next ten times of these parameters of a CRON node. Nothing is saved."""
        given = request.data
        if not isinstance(given, dict):
            raise Invalid("Send the parameters of a CRON node as an object.")
        try:
            cron = node_type("TRIGGER", "CRON")
            assert cron is not None
            params = validated(cron, given).model_dump(mode="json")
        except ParamsInvalid as wrong:
            raise Invalid(
                "These parameters are no schedule.",
                errors=[
                    FieldError(fault.path.removeprefix("params."), fault.message, hint=fault.hint)
                    for fault in wrong.faults
                ],
            ) from None
        try:
            rule = due_times.rule_of(params["expression"], params["timezone"] or "UTC", params)
            return Response({"next_times": due_times.next_times(rule, now())})
        except NeverDue as never:
            raise Invalid(str(never), errors=[FieldError("expression", str(never))]) from None


def _read(form: type[Strict], request: Request) -> dict[str, Any]:
    filled = form(data=request.data)
    filled.is_valid(raise_exception=True)
    return dict(filled.validated_data)


def _states(view: Any, workflow: Workflow) -> list[overview.TriggerState]:
    return overview.trigger_states(view.workspace.id, view.workspace.slug, [workflow], now=now())


def _shown(view: Any, workflow: Workflow, node_id: str) -> dict[str, Any]:
    state = overview.trigger_state(view.workspace.id, view.workspace.slug, workflow, node_id, now=now())
    return dict(TriggerOut(state).data)
