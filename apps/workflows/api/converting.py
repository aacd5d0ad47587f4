"""`POST workflows/convert/`: a workflow of elsewhere as a definition of ours, for pasting onto a canvas."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.core.api.serializers import Strict
from apps.workflows.api import serializers as forms
from apps.workflows.models import Workflow
from apps.workflows.transfer import import_document


class ConvertIn(Strict):
    """A file, or what another product copies: an export of ours, or a workflow of n8n, React Flow, …"""

    document = serializers.JSONField(help_text="The file, as it is.")


class ConvertOut(serializers.Serializer[Any]):
    """What it is here, and what became of what is not the same."""

    definition = forms.DefinitionOut()
    form = serializers.CharField(help_text="Whose form it had: AgentFlow, n8n, React Flow, …")
    remarks = forms.RemarkOut(many=True)


class Conversions(WorkspaceViewSet):
    """Workflows of elsewhere, read without keeping them."""

    queryset = Workflow.objects.none()
    permissions: ClassVar[dict[str, Permission]] = {"convert": Permission.WORKFLOW_UPDATE}

    @extend_schema(operation_id="workflow_convert", request=ConvertIn, responses=ConvertOut)
    @action(detail=False, methods=["post"])
    def convert(self, request: Request) -> Response:
        """A file as a definition. Nothing is kept; what has no equivalent here is left out and listed by node."""
        form = ConvertIn(data=request.data)
        form.is_valid(raise_exception=True)
        parcel = import_document(form.validated_data["document"])
        remarks = [remark.as_dict() for remark in parcel.remarks]
        return Response(ConvertOut({"definition": parcel.definition, "form": parcel.source, "remarks": remarks}).data)
