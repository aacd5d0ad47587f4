"""The catalogue of node types over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.core.api.query import refuse_unknown
from apps.core.errors import NotFound
from apps.core.suggest import nearest
from apps.nodes.registry import catalogue


class NodeTypeUnknown(NotFound):
    """There is no such node type."""

    code = "nodes.type_not_found"


class NodeTypeOut(serializers.Serializer[Any]):
    """A node type: what it is called, what it needs, what it returns."""

    type = serializers.CharField()
    subtype = serializers.CharField()
    name = serializers.CharField()
    summary = serializers.CharField()
    description = serializers.CharField()
    icon = serializers.CharField(help_text="Name of a Lucide icon.")
    keywords = serializers.ListField(child=serializers.CharField())
    ports = serializers.ListField(child=serializers.CharField())
    summary_template = serializers.CharField()
    is_trigger = serializers.BooleanField()
    is_container = serializers.BooleanField(help_text="Other nodes can stand inside.")
    retry = serializers.DictField(help_text="How often it is tried again unless the node says otherwise.")
    timeout_seconds = serializers.FloatField(help_text="How long it may take unless the node says otherwise.")
    on_unknown = serializers.CharField(help_text="What becomes of a write whose outcome nobody saw.")
    params_schema = serializers.DictField(help_text="JSON Schema; `x-expression` marks where {{ … }} may stand.")
    output_schema = serializers.DictField()
    examples = serializers.ListField(child=serializers.DictField())


class NodeTypes(WorkspaceViewSet):
    """The node types there are, each with the JSON Schema of its parameters."""

    serializer_class = NodeTypeOut
    lookup_value_converter = "str"
    permissions: ClassVar[dict[str, Permission]] = {
        "list": Permission.WORKFLOW_READ,
        "retrieve": Permission.WORKFLOW_READ,
    }

    @extend_schema(parameters=[OpenApiParameter("type"), OpenApiParameter("q")], responses=NodeTypeOut(many=True))
    def list(self, request: Request) -> Response:
        """Every node type; `type` keeps one kind, `q` those whose name, summary or keywords hold the word."""
        refuse_unknown(request.query_params, ("type", "q"))
        kind, word = request.query_params.get("type", ""), request.query_params.get("q", "").strip().lower()
        found = [
            entry
            for entry in catalogue()
            if (not kind or entry["type"] == kind)
            and word in " ".join([entry["name"], entry["subtype"], entry["summary"], *entry["keywords"]]).lower()
        ]
        return Response({"results": found, "next": None, "page_size": len(found)})

    @extend_schema(responses=NodeTypeOut)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One node type, by subtype or as `TYPE:SUBTYPE`."""
        type_, _, subtype = pk.rpartition(":")
        for entry in catalogue():
            if entry["subtype"] == subtype and type_ in ("", entry["type"]):
                return Response(entry)
        raise NodeTypeUnknown(
            f"There is no node type “{pk[:60]}”.", hint=nearest(subtype, [entry["subtype"] for entry in catalogue()])
        )
