"""What an editor shows beside a form: the data around a node, and what its expressions come to."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceAPIView
from apps.accounts.access.permissions import Permission
from apps.core import jsonclean
from apps.core.api.query import refuse_unknown
from apps.core.api.serializers import Strict
from apps.core.clock import now
from apps.executions import known, preview
from apps.executions.api.serializers import LargeOut
from apps.executions.api.views import checked
from apps.executions.known import Datum, Known
from apps.nodes.expressions.budget import MAX_TEMPLATE
from apps.workflows import selectors as workflows

MOST_TEXTS = 100
MOST_TOGETHER = 2_000_000
"""Characters of all the values that come along; of what goes beyond only the size and the beginning are told."""


class DataQuery(serializers.Serializer[Any]):
    """Around which node."""

    node = serializers.CharField(max_length=100, help_text="Id of a node of the draft.")


class DatumOut(serializers.Serializer[Any]):
    """A value and where it is from."""

    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=["pinned", "run", "example"],
        allow_null=True,
        help_text="Pinned on the node, recorded by an execution, or made up. Null: nothing is known.",
    )
    value = serializers.JSONField(allow_null=True)
    state = serializers.CharField(allow_null=True, help_text="How the node run ended.")
    port = serializers.CharField(allow_null=True, help_text="By which the value leaves, or came.")
    at = serializers.DateTimeField(allow_null=True)
    execution_id = serializers.UUIDField(allow_null=True)
    path = serializers.CharField(allow_blank=True, help_text="The round of a container it belongs to.")
    large = LargeOut(allow_null=True, help_text="`value` is null because it is too large: where to get it.")


class InputOut(DatumOut):
    """What goes into the node."""

    ports = serializers.DictField(help_text="The value on each input port.")
    from_nodes = serializers.ListField(child=serializers.CharField(), help_text="The nodes it came from.")
    problem = serializers.CharField(allow_blank=True, help_text="Why a connection could not make its value.")


class RoundOut(serializers.Serializer[Any]):
    """The round that is looked at: of a container, or of a list the node itself works through."""

    container = serializers.CharField()
    item = serializers.JSONField(allow_null=True)
    index = serializers.IntegerField()


class DataOut(serializers.Serializer[Any]):
    """The data around a node."""

    node = serializers.CharField()
    input = InputOut()
    nodes = serializers.DictField(
        child=DatumOut(), help_text="What the node, and each node before it, last gave back, by id."
    )
    visible = serializers.ListField(
        child=serializers.CharField(), help_text="The nodes before it that its expressions can name, by id."
    )
    trigger = serializers.CharField(allow_null=True, help_text="The trigger behind `$trigger`, among `nodes`.")
    round = RoundOut(allow_null=True, help_text="Behind `$item` and `$index`.")
    variables = serializers.DictField(help_text="Behind `$vars`.")


class PreviewIn(Strict):
    """The texts to look at."""

    node = serializers.CharField(max_length=100, help_text="Id of the node they belong to.")
    texts = serializers.DictField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=MAX_TEMPLATE),
        help_text="Texts with `{{ … }}` by their places, as in `params.url`; at most 100.",
    )
    definition = serializers.JSONField(required=False, help_text="The draft as it is drawn; else as it is saved.")
    sees = serializers.ChoiceField(
        choices=["input", "output"],
        default="input",
        help_text="What `$json` is: what goes into the node, or what it gives back (conditions of connections).",
    )

    def validate_texts(self, value: dict[str, str]) -> dict[str, str]:
        """Not too many."""
        if len(value) > MOST_TEXTS:
            raise serializers.ValidationError(f"At most {MOST_TEXTS} texts at once.")
        return value


class WarningOut(serializers.Serializer[Any]):
    """Something that is probably not meant."""

    message = serializers.CharField()
    hint = serializers.CharField(allow_blank=True)


class NodePreviewOut(serializers.Serializer[Any]):
    """What a text comes to."""

    status = serializers.ChoiceField(choices=["ok", "error", "no_data"])
    value = serializers.JSONField(allow_null=True)
    kind = serializers.CharField(allow_blank=True, help_text="The value's type, in words.")
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=["pinned", "run", "example"], allow_null=True, help_text="What it rests on; null: on no data."
    )
    head = serializers.CharField(allow_blank=True, help_text="How a large value begins, which is then null.")
    size = serializers.IntegerField(help_text="Of its JSON.")
    message = serializers.CharField(allow_blank=True)
    hint = serializers.CharField(allow_blank=True)
    column = serializers.IntegerField(allow_null=True, help_text="Of an error, counted from 1 within the text.")
    warnings = WarningOut(many=True)


class PreviewsOut(serializers.Serializer[Any]):
    """What each text comes to."""

    results = serializers.DictField(child=NodePreviewOut(), help_text="By place.")


class NodeData(WorkspaceAPIView):
    """The data around a node of the draft."""

    permissions: ClassVar[dict[str, Permission]] = {"get": Permission.WORKFLOW_READ}

    @extend_schema(
        operation_id="workflow_data_retrieve",
        parameters=[OpenApiParameter("node", str, required=True, description="Id of a node of the draft.")],
        responses=DataOut,
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """What goes into a node, and what it and the nodes before it last gave back.

        What is pinned counts first, then what the latest execution recorded that ran the node, then an example, which
        is marked as one. Who may not see executions gets nothing that was recorded.
        """
        refuse_unknown(request.query_params, DataQuery().fields)
        asked = checked(DataQuery, request.query_params)
        workflow = workflows.workflow_get(self.workspace.id, pk)
        return Response(_data(_known(self, pk, workflow.draft, asked["node"])))


class NodePreview(WorkspaceAPIView):
    """What expressions come to."""

    permissions: ClassVar[dict[str, Permission]] = {"post": Permission.WORKFLOW_UPDATE}

    @extend_schema(operation_id="workflow_preview", request=PreviewIn, responses={200: PreviewsOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """What texts with expressions come to on the data around a node. Nothing is saved, run or called.

        The expressions are evaluated by the language itself, within the budget of one node. They see no secrets.
        """
        asked = checked(PreviewIn, request.data)
        jsonclean.check(asked, path="")
        workflow = workflows.workflow_get(self.workspace.id, pk)
        around = _known(self, pk, asked.get("definition", workflow.draft), asked["node"])
        found = preview.previews(around, asked["texts"], asked["sees"])
        return Response({"results": {path: NodePreviewOut(each).data for path, each in found.items()}})


def _known(view: WorkspaceAPIView, workflow_id: UUID, definition: Any, node_id: str) -> Known:
    return known.known_of(
        workspace_id=view.workspace.id,
        workflow_id=workflow_id,
        definition=definition,
        node_id=node_id,
        now=now(),
        with_runs=view.actor.can(Permission.EXECUTION_READ),
    )


def _data(around: Known) -> dict[str, Any]:
    node = around.node
    room = _Room()
    ports, origin = around.given(node.id)
    here = around.here()
    visible = around.seen_from(node.parent)
    trigger = around.trigger_id
    found = {
        "node": node.id,
        "input": {
            **room.datum(origin),
            "ports": ports if origin.large is None and room.has(ports) else {},
            "from_nodes": list(origin.sources),
            "problem": origin.problem,
        },
        "nodes": {name: room.datum(around.output(name)) for name in (node.id, *reversed(around.before))},
        "visible": [name for name in around.before if name in visible],
        "trigger": trigger,
        "round": {"container": here[0], "item": here[1].item, "index": here[1].index} if here else None,
        "variables": around.variables(),
    }
    return found


class _Room:
    """How much may still come along."""

    def __init__(self) -> None:
        self.left = MOST_TOGETHER

    def has(self, value: Any) -> bool:
        """Whether a value still fits; then it has been counted."""
        size = len(json.dumps(value, ensure_ascii=False))
        if size > self.left:
            return False
        self.left -= size
        return True

    def datum(self, datum: Datum) -> dict[str, Any]:
        """A datum as it is shown, without its value where that is too large."""
        large, value = datum.large, datum.value
        if large is not None:
            value = None
        elif not self.has(value):
            text = json.dumps(value, ensure_ascii=False)
            url = f"/api/v1/app/executions/{datum.execution_id}/?node=" if datum.execution_id else ""
            large, value = {"sha256": "", "size": len(text.encode()), "head": text[:500], "url": url}, None
        return {
            "source": datum.source,
            "value": value,
            "state": datum.state,
            "port": datum.port,
            "at": datum.at.isoformat() if datum.at else None,
            "execution_id": str(datum.execution_id) if datum.execution_id else None,
            "path": datum.path,
            "large": large,
        }
