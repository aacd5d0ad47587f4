"""The inbox over HTTP: what arrived, what was sent with it, replaying one or many."""

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
from apps.triggers import inbox, replays
from apps.triggers.inbox import SOURCES, VERDICTS, Wanted
from apps.triggers.models import Delivery, Replay

MOST_IDS = 1_000
_STATES = ["pending", "started", "refused", "canceled"]


class DeliveryQuery(serializers.Serializer[Any]):
    """Filters of the list."""

    workflow_id = serializers.UUIDField(required=False)
    node_id = serializers.CharField(required=False, max_length=100)
    verdict = serializers.ChoiceField(choices=VERDICTS, required=False)
    source = serializers.ChoiceField(choices=SOURCES, required=False)  # type: ignore[assignment]
    since = serializers.DateTimeField(required=False, help_text="Arrived at this moment or later.")
    until = serializers.DateTimeField(required=False, help_text="Arrived before this moment.")
    q = serializers.CharField(required=False, max_length=200, help_text="An id, a sender's address, part of the label.")


class DeliveryRow(serializers.ModelSerializer[Delivery]):
    """A delivery in a list. `repeats` counts others of its hour that were answered alike and not kept."""

    verdict = serializers.ChoiceField(choices=VERDICTS)
    source = serializers.ChoiceField(choices=SOURCES)  # type: ignore[assignment]
    can_replay = serializers.SerializerMethodField(help_text="As far as its row tells: its content may be gone.")

    class Meta:
        model = Delivery
        fields = [
            "id",
            "source",
            "workflow_id",
            "node_id",
            "label",
            "external_id",
            "verdict",
            "code",
            "message",
            "status",
            "execution_id",
            "replay_of",
            "received_at",
            "size",
            "remote",
            "repeats",
            "can_replay",
        ]

    def get_can_replay(self, found: Delivery) -> bool:
        """Whether it may be replayed."""
        return not inbox.why_not(found)


class DeliveryOut(DeliveryRow):
    """A delivery with what was sent, secrets in headers hidden. `content_missing` says why there is none."""

    content = serializers.SerializerMethodField(help_text="For a webhook: body, headers, query, method, path.")
    content_missing = serializers.SerializerMethodField()

    class Meta(DeliveryRow.Meta):
        fields = [*DeliveryRow.Meta.fields, "content", "content_missing"]

    def get_content(self, found: Delivery) -> Any:
        """What was sent."""
        value: Any = self.context["content"].value
        return value

    def get_content_missing(self, found: Delivery) -> str:
        """Why there is none."""
        return str(self.context["content"].missing)


class ReplayOneIn(Strict):
    """How to replay it."""

    version = serializers.ChoiceField(
        choices=["newest", "original"],
        required=False,
        default="newest",
        help_text="The newest published version, or the one that the first execution ran.",
    )


class ReplayedOut(serializers.Serializer[Any]):
    """The execution that the replay started. Its delivery has the same id."""

    execution_id = serializers.UUIDField()
    replay_of = serializers.UUIDField()


class Deliveries(WorkspaceViewSet):
    """What arrived to start workflows, and what came of it."""

    permissions = {
        "list": Permission.EXECUTION_READ,
        "retrieve": Permission.EXECUTION_READ,
        "replay": Permission.WORKFLOW_EXECUTE,
    }
    filters = {"list": tuple(DeliveryQuery().fields)}
    serializer_class = DeliveryOut
    queryset = Delivery.objects.none()

    @extend_schema(parameters=[DeliveryQuery], responses=DeliveryRow(many=True))
    def list(self, request: Request) -> Response:
        """The deliveries, newest first."""
        asked = DeliveryQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        search = given.pop("q", "")
        return self.page(inbox.delivery_list(self.workspace.id, Wanted(search=search, **given)), DeliveryRow)

    @extend_schema(responses=DeliveryOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One delivery, with what was sent."""
        found = inbox.delivery_get(self.workspace.id, pk)
        return Response(DeliveryOut(found, context={"content": inbox.content_of(found)}).data)

    @extend_schema(request=ReplayOneIn, responses={201: ReplayedOut})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: UUID) -> Response:
        """Start what it was for once more, with what was sent then. Ids of senders do not keep it from starting."""
        asked = ReplayOneIn(data=request.data)
        asked.is_valid(raise_exception=True)
        started = replays.delivery_replay(
            workspace_id=self.workspace.id,
            delivery_id=pk,
            actor=self.actor,
            now=now(),
            version=asked.validated_data["version"],
        )
        headers = {"Location": f"/api/v1/app/executions/{started.id}/"}
        return Response(ReplayedOut({"execution_id": started.id, "replay_of": pk}).data, status=201, headers=headers)


class ReplayIn(Strict):
    """Which deliveries to replay: some by their ids, or all that fit. Without any filter all that can be replayed."""

    ids = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=MOST_IDS)
    workflow_id = serializers.UUIDField(required=False)
    node_id = serializers.CharField(required=False, max_length=100)
    verdict = serializers.ChoiceField(choices=VERDICTS, required=False)
    source = serializers.ChoiceField(choices=SOURCES, required=False)  # type: ignore[assignment]
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)
    version = serializers.ChoiceField(choices=["newest", "original"], required=False, default="newest")


class ReplayProgressOut(serializers.Serializer[Any]):
    """How far it is. `started` is made of `running`, `success` and `failed`."""

    pending = serializers.IntegerField()
    started = serializers.IntegerField()
    refused = serializers.IntegerField()
    canceled = serializers.IntegerField()
    running = serializers.IntegerField()
    success = serializers.IntegerField()
    failed = serializers.IntegerField()


class ReplayStarterOut(serializers.Serializer[Any]):
    """Who began it."""

    kind = serializers.CharField()
    id = serializers.UUIDField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]


class ReplayRow(serializers.ModelSerializer[Replay]):
    """A replay of many in a list. `asked` is the filter."""

    status = serializers.ChoiceField(choices=["running", "done", "canceled"])
    version = serializers.ChoiceField(choices=["newest", "original"])
    started_by = ReplayStarterOut(allow_null=True)

    class Meta:
        model = Replay
        fields = ["id", "status", "version", "asked", "total", "started_by", "created_at", "finished_at"]


class ReplayOut(ReplayRow):
    """A replay of many, and how far it is."""

    progress = ReplayProgressOut()

    class Meta(ReplayRow.Meta):
        fields = [*ReplayRow.Meta.fields, "progress"]


class ReplayItemOut(serializers.Serializer[Any]):
    """One delivery of a replay. `execution_id` is the new one; `code` and `message` say why it was refused."""

    delivery_id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=_STATES)
    execution_id = serializers.UUIDField(allow_null=True)
    code = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)


class ReplayItemPage(serializers.Serializer[Any]):
    """A page of the deliveries of a replay."""

    results = ReplayItemOut(many=True)
    next = serializers.URLField(allow_null=True)
    page_size = serializers.IntegerField()


class ReplayItemsQuery(serializers.Serializer[Any]):
    """Which deliveries of it."""

    state = serializers.ChoiceField(choices=_STATES, required=False)
    after = serializers.UUIDField(required=False, help_text="Begin behind this delivery, as in `next`.")
    page_size = serializers.IntegerField(required=False, default=100, min_value=1, max_value=1_000)


class Replays(WorkspaceViewSet):
    """Jobs that replay many deliveries."""

    permissions = {
        "list": Permission.EXECUTION_READ,
        "retrieve": Permission.EXECUTION_READ,
        "items": Permission.EXECUTION_READ,
        "create": Permission.WORKFLOW_EXECUTE,
        "cancel": Permission.WORKFLOW_EXECUTE,
    }
    serializer_class = ReplayOut
    queryset = Replay.objects.none()

    @extend_schema(responses=ReplayRow(many=True))
    def list(self, request: Request) -> Response:
        """The replays of many, newest first."""
        return self.page(inbox.replay_list(self.workspace.id), ReplayRow)

    @extend_schema(responses=ReplayOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One of them, and how far it is."""
        return Response(_state(inbox.replay_get(self.workspace.id, pk)))

    @extend_schema(request=ReplayIn, responses={201: ReplayOut})
    def create(self, request: Request) -> Response:
        """Replay every delivery that fits now and can be replayed, the oldest first, a few at a time.

        Each is replayed once. What is refused is counted, with the reason.
        """
        form = ReplayIn(data=request.data)
        form.is_valid(raise_exception=True)
        asked = dict(form.validated_data)
        version, ids = asked.pop("version"), tuple(asked.pop("ids", ()))
        if ids and asked:
            message = "Name deliveries by their ids, or filter them: not both."
            raise Invalid(message, errors=[FieldError("ids", message)])
        made = replays.replay_start(
            workspace_id=self.workspace.id,
            actor=self.actor,
            wanted=Wanted(ids=ids, **asked),
            now=now(),
            version=version,
        )
        return Response(_state(made), status=201, headers={"Location": f"/api/v1/app/replays/{made.id}/"})

    @extend_schema(request=None, responses=ReplayOut)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Start nothing more of it. What it started goes on."""
        found = replays.replay_cancel(workspace_id=self.workspace.id, replay_id=pk, actor=self.actor, now=now())
        return Response(_state(found))

    @extend_schema(parameters=[ReplayItemsQuery], responses=ReplayItemPage)
    @action(detail=True)
    def items(self, request: Request, pk: UUID) -> Response:
        """Its deliveries, in the order they are taken: what became of each."""
        refuse_unknown(request.query_params, ReplayItemsQuery().fields)
        form = ReplayItemsQuery(data=request.query_params)
        form.is_valid(raise_exception=True)
        asked, found = form.validated_data, inbox.replay_get(self.workspace.id, pk)
        size = asked["page_size"]
        rows = inbox.item_list(
            self.workspace.id, found.id, state=asked.get("state", ""), after=asked.get("after"), limit=size + 1
        )
        following = None
        if len(rows) > size:
            following = replace_query_param(request.build_absolute_uri(), "after", str(rows[size - 1].delivery_id))
        return Response({"results": ReplayItemOut(rows[:size], many=True).data, "next": following, "page_size": size})


def _state(found: Replay) -> dict[str, Any]:
    progress = ReplayProgressOut(replays.replay_progress(found)).data
    return {**ReplayRow(found).data, "progress": progress}
