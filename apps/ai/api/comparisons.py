"""One prompt on several models, over HTTP."""

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
from apps.ai import selectors, services
from apps.ai.api.models import RefIn
from apps.ai.models import Answer, Comparison
from apps.ai.services.comparing import LONGEST_PROMPT, MOST_MODELS
from apps.core.api.serializers import Strict
from apps.core.tenancy import tenant
from apps.nodes.contract import ModelRef, Sampling


class SamplingIn(Strict):
    """How the models write. What is left out is left to the provider."""

    temperature = serializers.FloatField(required=False, allow_null=True, min_value=0, max_value=2)
    max_tokens = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=1_000_000)
    top_p = serializers.FloatField(required=False, allow_null=True, min_value=0, max_value=1)


class ComparisonIn(Strict):
    """What is asked, and of which models."""

    models = serializers.ListField(child=RefIn(), min_length=1, max_length=MOST_MODELS)
    prompt = serializers.CharField(max_length=LONGEST_PROMPT, trim_whitespace=False)
    system = serializers.CharField(max_length=LONGEST_PROMPT, required=False, allow_blank=True, default="")
    sampling = SamplingIn(required=False)


class JobErrorOut(serializers.Serializer[Any]):
    """Why it failed."""

    code = serializers.CharField()
    message = serializers.CharField()
    hint = serializers.CharField(allow_blank=True)
    link = serializers.CharField(allow_blank=True, required=False, help_text="Below the workspace: what mends it.")


class AnswerOut(serializers.ModelSerializer[Answer]):
    """What one model answers, as far as it has come."""

    error = JobErrorOut(allow_null=True)
    usage = serializers.DictField(child=serializers.IntegerField(), help_text="In tokens.")
    notes = serializers.ListField(child=serializers.CharField(), help_text="What of the request was left out.")

    class Meta:
        model = Answer
        fields = [
            "provider",
            "model",
            "credential",
            "status",
            "text",
            "finish",
            "notes",
            "usage",
            "cost",
            "seconds",
            "first_seconds",
            "error",
            "finished_at",
        ]
        read_only_fields = fields


class ComparisonOut(serializers.ModelSerializer[Comparison]):
    """A comparison with its answers in the order of the models."""

    asked_by = serializers.CharField(source="asked_by.email", default=None, allow_null=True)
    sampling = serializers.DictField()
    is_live = serializers.SerializerMethodField(help_text="Whether some model has yet to answer.")
    answers = AnswerOut(many=True)

    class Meta:
        model = Comparison
        fields = ["id", "system", "prompt", "sampling", "asked_by", "created_at", "is_live", "answers"]

    def get_is_live(self, row: Comparison) -> bool:
        """Whether some model has yet to answer."""
        return any(not answer.has_ended for answer in row.answers.all())


class Comparisons(WorkspaceViewSet):
    """Each model is really called, by a worker; its call stands in the ledger and counts against the budgets."""

    serializer_class = ComparisonOut
    queryset = Comparison.objects.none()
    permissions: ClassVar[dict[str, Permission]] = {
        "list": Permission.CREDENTIAL_USE,
        "retrieve": Permission.CREDENTIAL_USE,
        "create": Permission.CREDENTIAL_USE,
        "cancel": Permission.CREDENTIAL_USE,
    }

    @extend_schema(responses=ComparisonOut(many=True))
    def list(self, request: Request) -> Response:
        """Those of the last 30 days, newest first."""
        return self.page(selectors.comparisons(self.workspace.id), ComparisonOut)

    @extend_schema(request=ComparisonIn, responses={201: ComparisonOut})
    def create(self, request: Request) -> Response:
        """Begin one. Look at it until it is not live any more."""
        filled = ComparisonIn(data=request.data)
        filled.is_valid(raise_exception=True)
        given = filled.validated_data
        made = services.comparison_start(
            workspace_id=self.workspace.id,
            actor=self.actor,
            models=[ModelRef.model_validate(each) for each in given["models"]],
            prompt=given["prompt"],
            system=given["system"],
            sampling=Sampling.model_validate(given.get("sampling") or {}),
        )
        return Response(ComparisonOut(made).data, status=201)

    @extend_schema(responses=ComparisonOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One, as far as it has come."""
        return Response(ComparisonOut(selectors.comparison(self.workspace.id, pk)).data)

    @extend_schema(request=None, responses=ComparisonOut)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Stop it. What was written till then stays."""
        with tenant(self.workspace.id):
            found = services.comparison_cancel(workspace_id=self.workspace.id, actor=self.actor, comparison_id=pk)
            return Response(ComparisonOut(found).data)
