"""Pausing an execution, releasing it, and going on from a breakpoint."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceAPIView
from apps.accounts.access.permissions import Permission
from apps.core.api.serializers import Strict
from apps.core.clock import now
from apps.executions import holding, selectors
from apps.executions.api import serializers as forms
from apps.executions.api.views import checked, state_of


class HoldIn(Strict):
    """Why it is paused."""

    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)


class ContinueIn(Strict):
    """How far it goes on."""

    how = serializers.ChoiceField(
        choices=["continue", "step"],
        default="continue",
        help_text="`continue`: to the next breakpoint. `step`: by one node.",
    )


class _Holding(WorkspaceAPIView):
    permissions = {"post": Permission.EXECUTION_CANCEL}

    def answer(self, pk: UUID) -> Response:
        """The execution as it stands now."""
        return Response(state_of(selectors.execution_get(workspace_id=self.workspace.id, execution_id=pk)))

    @property
    def given(self) -> dict[str, Any]:
        """What every service wants to know."""
        return {"workspace_id": self.workspace.id, "actor": self.actor, "now": now()}


class Hold(_Holding):
    """Pause an execution."""

    @extend_schema(operation_id="execution_hold", request=HoldIn, responses=forms.ExecuteOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Let nothing new start in it until it is released. Calls under way end first; its deadline runs on."""
        asked = checked(HoldIn, request.data)
        holding.execution_hold(execution_id=pk, reason=asked["reason"], **self.given)
        return self.answer(pk)


class Release(_Holding):
    """Let a paused execution go on."""

    @extend_schema(operation_id="execution_release", request=None, responses=forms.ExecuteOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Let it go on where it was. 409 when it is not paused."""
        holding.execution_release(execution_id=pk, **self.given)
        return self.answer(pk)


class Continue(_Holding):
    """Go on from a breakpoint."""

    @extend_schema(operation_id="execution_continue", request=ContinueIn, responses=forms.ExecuteOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Go on with a test run that stands at a breakpoint. 409 when it does not."""
        asked = checked(ContinueIn, request.data)
        holding.execution_continue(execution_id=pk, how=asked["how"], **self.given)
        return self.answer(pk)
