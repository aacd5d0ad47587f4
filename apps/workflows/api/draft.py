"""`PUT workflows/<id>/draft/`: what an editor sends while somebody draws."""

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
from apps.workflows import judging, services
from apps.workflows.api import serializers as forms
from apps.workflows.models import Workflow


class DraftIn(Strict):
    """A draft as it shall be, and the revision it was made from."""

    definition = serializers.JSONField()
    draft_revision = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, help_text="The revision that was read; 409 when it has moved."
    )


class DraftOut(forms.ValidateOut):
    """What was kept, and what an editor shows of it."""

    draft_revision = serializers.IntegerField()
    updated_at = serializers.DateTimeField()
    has_unpublished_changes = serializers.BooleanField()
    node_ports = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()), help_text="The outcomes of each node, by its id."
    )


class RestoreIn(Strict):
    """The revision of the draft that is given up."""

    draft_revision = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The revision that was read; 409 when it has moved."
    )


class RestoredOut(DraftOut):
    """What the draft is now."""

    definition = forms.DefinitionOut()


class Drafts(WorkspaceViewSet):
    """The draft of a workflow, saved as somebody draws it."""

    queryset = Workflow.objects.none()
    permissions: ClassVar[dict[str, Permission]] = {
        "draft": Permission.WORKFLOW_UPDATE,
        "restore": Permission.WORKFLOW_UPDATE,
    }

    @extend_schema(operation_id="workflow_draft_save", request=DraftIn, responses=DraftOut)
    @action(detail=True, methods=["put"])
    def draft(self, request: Request, pk: UUID) -> Response:
        """Keep the draft, which may have errors, unless somebody changed it since the revision that is named.

        The answer says what is wrong with it, and by which ports each node can be left.
        """
        form = DraftIn(data=request.data)
        form.is_valid(raise_exception=True)
        workflow = services.workflow_update(
            workspace_id=self.workspace.id, workflow_id=pk, actor=self.actor, **form.validated_data
        )
        return Response(DraftOut(self._saved(workflow)).data)

    @extend_schema(operation_id="workflow_version_restore", request=RestoreIn, responses=RestoredOut)
    @action(detail=True, methods=["post"], url_path="versions/<int:number>/restore")
    def restore(self, request: Request, pk: UUID, number: int) -> Response:
        """Make a published version the draft again. What is live stays so until the draft is published."""
        form = RestoreIn(data=request.data)
        form.is_valid(raise_exception=True)
        workflow = services.version_restore(
            workspace_id=self.workspace.id, workflow_id=pk, actor=self.actor, number=number, **form.validated_data
        )
        return Response(RestoredOut({"definition": workflow.draft, **self._saved(workflow)}).data)

    def _saved(self, workflow: Workflow) -> dict[str, Any]:
        judged = judging.judge(self.workspace.id, workflow.draft, self.actor)
        return {
            "draft_revision": workflow.draft_revision,
            "updated_at": workflow.updated_at,
            "has_unpublished_changes": workflow.has_unpublished_changes,
            "valid": judged.is_valid,
            "findings": [finding.as_dict() for finding in judged.findings],
            "node_ports": judged.node_ports,
        }
