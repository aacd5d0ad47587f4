"""What an editor of expressions needs to complete and explain them."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceAPIView
from apps.accounts.access.permissions import Permission
from apps.core.api.query import refuse_unknown
from apps.nodes.expressions import FUNCTIONS

ROOTS: Final = {
    "$json": "What came in by the main input.",
    "$input": "What came in, by the name of the input: $input.main.",
    "$node": 'What another node gave: $node["Its name"].',
    "$trigger": "What started the execution.",
    "$vars": "The workspace's variables: $vars.key.",
    "$execution": "The execution: id, mode, created_at, callback_url.",
    "$workflow": "The workflow: id, version_id.",
    "$item": "Inside a loop, the item of this round.",
    "$index": "Inside a loop, the place of the item, from 0.",
    "$now": "The moment the node began.",
    "$today": "The beginning of that day, in the workflow's time zone.",
}


class RootOut(serializers.Serializer[Any]):
    """Where values come from."""

    name = serializers.CharField()
    doc = serializers.CharField()


class FunctionOut(serializers.Serializer[Any]):
    """A function. `methods` are its names after a dot, `globals` those that stand alone."""

    name = serializers.CharField()
    group = serializers.ChoiceField(choices=["text", "list", "number", "date", "object"])
    signature = serializers.CharField(help_text="The first parameter stands before the dot.")
    doc = serializers.CharField()
    example = serializers.CharField()
    result = serializers.JSONField(allow_null=True, help_text="What the example gives.")
    takes = serializers.ListField(child=serializers.CharField(), help_text="The types that may stand before the dot.")
    methods = serializers.ListField(child=serializers.CharField())
    globals = serializers.ListField(child=serializers.CharField())


class LanguageOut(serializers.Serializer[Any]):
    """The roots and the functions of expressions. The keys of `$vars` are those of `variables`."""

    roots = RootOut(many=True)
    functions = FunctionOut(many=True)


class ExpressionLanguage(WorkspaceAPIView):
    """What can be written in an expression."""

    permissions: ClassVar[dict[str, Permission]] = {"get": Permission.WORKFLOW_READ}

    @extend_schema(operation_id="expression_language_retrieve", responses=LanguageOut)
    def get(self, request: Request) -> Response:
        """Every root and function, each with what it gives and an example. The same for everybody, until an update."""
        refuse_unknown(request.query_params, ())
        return Response(_language())


@cache
def _language() -> dict[str, Any]:
    functions = [
        {
            "name": entry.name,
            "group": entry.group,
            "signature": entry.signature,
            "doc": entry.doc,
            "example": entry.example,
            "result": entry.result,
            "takes": list(entry.parameters[0].kinds) if entry.is_method else [],
            "methods": [entry.name, *entry.aliases] if entry.is_method else [],
            "globals": list(entry.globals),
        }
        for entry in FUNCTIONS
    ]
    return {"roots": [{"name": name, "doc": doc} for name, doc in ROOTS.items()], "functions": functions}
