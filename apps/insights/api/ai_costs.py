"""`ai/usage`, `ai/calls` and `ai/executions`: what models cost."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceAPIView, WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.ai.ledger import sums
from apps.ai.ledger.sums import Sum
from apps.ai.models import Call
from apps.core import clock
from apps.core.api.query import PAGED, refuse_unknown
from apps.core.errors import FieldError, Invalid
from apps.executions import selectors as executions
from apps.insights import costs

MOST_DAYS = 800
USUAL_DAYS = 30


class UsageSumOut(serializers.Serializer[Any]):
    """Calls together."""

    calls = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="Calls that were not answered.")
    unpriced = serializers.IntegerField(help_text="Calls whose price is not known: they are not in `cost_usd`.")
    input_tokens = serializers.IntegerField(source="input", help_text="Those from and to the cache included.")
    output_tokens = serializers.IntegerField(source="output", help_text="Those of reasoning included.")
    cached_tokens = serializers.IntegerField(source="cached")
    reasoning_tokens = serializers.IntegerField(source="reasoning")
    cost_usd = serializers.DecimalField(source="cost", max_digits=20, decimal_places=10, help_text="US dollars.")
    ms = serializers.IntegerField(help_text="How long all of them took, one after the other.")


class DayUsageOut(UsageSumOut):
    """One model on one day."""

    day = serializers.DateField()
    provider = serializers.CharField()
    model = serializers.CharField()


class ModelUsageOut(UsageSumOut):
    """One model."""

    provider = serializers.CharField()
    model = serializers.CharField()


class WorkflowUsageOut(UsageSumOut):
    """One workflow; null: pages of the workspace."""

    workflow_id = serializers.UUIDField(allow_null=True)
    workflow = serializers.CharField(help_text="Its name.")


class AgentUsageOut(WorkflowUsageOut):
    """One agent."""

    node_id = serializers.CharField()
    agent = serializers.CharField(help_text="Its name.")


class PurposeUsageOut(UsageSumOut):
    """What calls were for."""

    purpose = serializers.CharField()


class AiUsageOut(serializers.Serializer[Any]):
    """What models cost. Each list has the most expensive first, 50 at most; `days` has all."""

    since = serializers.DateField()
    until = serializers.DateField(help_text="The day after the last one.")
    total = UsageSumOut()
    before = UsageSumOut(help_text="Of as many days before.")
    days = DayUsageOut(many=True)
    models = ModelUsageOut(many=True)
    workflows = WorkflowUsageOut(many=True)
    agents = AgentUsageOut(many=True)
    purposes = PurposeUsageOut(many=True)


class UsageQuery(serializers.Serializer[Any]):
    """Which days."""

    since = serializers.DateField(required=False, help_text="The first day (UTC); without it 30 days are summed up.")
    until = serializers.DateField(required=False, help_text="The day after the last one; without it up to today.")


class AiUsage(WorkspaceAPIView):
    """What models cost."""

    permissions = {"get": Permission.EXECUTION_READ}
    may_lag = ("get",)

    @extend_schema(operation_id="ai_usage", parameters=[UsageQuery], responses=AiUsageOut)
    def get(self, request: Request) -> Response:
        """What models cost in some days (of UTC): by day, model, workflow, agent and purpose."""
        since, until = _days(_asked(UsageQuery, request))
        found = sums.usage(self.workspace.id, since=since, until=until)
        earlier = sums.total(self.workspace.id, since=since - (until - since), until=since)
        known = costs.names(
            self.workspace.id,
            {*found.workflows, *(agent.workflow_id for agent in found.agents)},
            {agent.node_id for agent in found.agents},
        )

        def workflow(id_: UUID | None) -> dict[str, Any]:
            named = known.get(id_) if id_ else None
            return {"workflow_id": id_, "workflow": named.name if named else ""}

        answer = {
            "since": since,
            "until": until,
            "total": UsageSumOut(found.total).data,
            "before": UsageSumOut(earlier).data,
            "days": [
                {"day": day, "provider": model.provider, "model": model.model, **UsageSumOut(each).data}
                for (day, model), each in sorted(found.days.items(), key=lambda item: item[0][0])
            ],
            "models": [
                {"provider": model.provider, "model": model.model, **UsageSumOut(each).data}
                for model, each in found.models.items()
            ],
            "workflows": [workflow(id_) | UsageSumOut(each).data for id_, each in found.workflows.items()],
            "agents": [
                workflow(agent.workflow_id)
                | {"node_id": agent.node_id, "agent": _node(known, agent)}
                | UsageSumOut(each).data
                for agent, each in found.agents.items()
                if agent.workflow_id
            ],
            "purposes": [{"purpose": purpose, **UsageSumOut(each).data} for purpose, each in found.purposes.items()],
        }
        return Response(answer)


class AiCallOut(serializers.ModelSerializer[Call]):
    """One attempt at one model. What was said is not kept here."""

    input_tokens = serializers.IntegerField(source="input")
    output_tokens = serializers.IntegerField(source="output")
    cached_tokens = serializers.IntegerField(source="cached")
    written_tokens = serializers.IntegerField(source="written")
    reasoning_tokens = serializers.IntegerField(source="reasoning")
    cost_usd = serializers.DecimalField(
        source="cost", max_digits=18, decimal_places=10, allow_null=True, help_text="Null: the price is not known."
    )
    outcome = serializers.CharField(help_text="`answered`, or the code of the error; `ai.lost`: the process died.")

    class Meta:
        model = Call
        fields = [
            *("id", "at", "workflow_id", "execution_id", "node_id", "path", "step", "purpose", "provider", "model"),
            *("credential_id", "is_test", "attempt", "input_tokens", "output_tokens", "cached_tokens"),
            *("written_tokens", "reasoning_tokens", "cost_usd", "ms", "outcome"),
        ]


class CallQuery(serializers.Serializer[Any]):
    """Which calls."""

    execution = serializers.UUIDField(required=False, help_text="Only those of this execution.")
    workflow = serializers.UUIDField(required=False, help_text="Only those of this workflow.")
    node = serializers.CharField(required=False, max_length=100, help_text="Only those of the node with this id.")
    path = serializers.CharField(required=False, max_length=400, help_text="Only those of this round of loops.")
    step = serializers.CharField(required=False, max_length=200, help_text="Only those of this step of a node.")
    provider = serializers.CharField(required=False, max_length=40)
    model = serializers.CharField(required=False, max_length=200)
    purpose = serializers.CharField(required=False, max_length=60, help_text="`agent`, `compare`, …")
    outcome = serializers.CharField(
        required=False, max_length=100, help_text="`answered`, `failed` (all others), or the code of an error."
    )
    is_test = serializers.BooleanField(required=False, allow_null=True, default=None)
    since = serializers.DateTimeField(required=False, help_text="Only those that began then or later.")
    until = serializers.DateTimeField(required=False, help_text="Only those that began before.")


class AiCalls(WorkspaceViewSet):
    """Single calls of models."""

    permissions = {"list": Permission.EXECUTION_READ}
    filters = {"list": (*sums.FILTERS, "since", "until")}
    may_lag = ("list",)
    serializer_class = AiCallOut
    queryset = Call.objects.none()

    @extend_schema(operation_id="ai_calls_list", parameters=[CallQuery], responses=AiCallOut(many=True))
    def list(self, request: Request) -> Response:
        """Single calls of models, newest first: who asked, what it took, what it cost, what became of it."""
        wanted = _asked(CallQuery, request, *PAGED)
        return self.page(sums.calls(self.workspace.id, **wanted), AiCallOut)


class StepUsageOut(UsageSumOut):
    """What one step of a node used, all its attempts together."""

    node_id = serializers.CharField()
    path = serializers.CharField()
    step = serializers.CharField()
    models = serializers.ListField(child=serializers.CharField())


class ExecutionCostsOut(serializers.Serializer[Any]):
    """What an execution cost, and each of its steps in their order (the first 1,000)."""

    total = UsageSumOut()
    steps = StepUsageOut(many=True)


class AiExecution(WorkspaceAPIView):
    """What an execution cost."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(operation_id="ai_execution", responses=ExecutionCostsOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """What the models asked by an execution cost, in all and by node and step. Runs it called are not in it."""
        refuse_unknown(request.query_params, ())
        executions.execution_get(workspace_id=self.workspace.id, execution_id=pk)
        found = sums.steps(self.workspace.id, pk)
        steps = [
            {"node_id": each.node_id, "path": each.path, "step": each.step, "models": each.models}
            | UsageSumOut(each.sum).data
            for each in found
        ]
        return Response({"total": UsageSumOut(sum((each.sum for each in found), Sum())).data, "steps": steps})


def _node(known: dict[UUID, costs.Named], agent: sums.Agent) -> str:
    named = known.get(agent.workflow_id) if agent.workflow_id else None
    return named.nodes.get(agent.node_id, agent.node_id) if named else agent.node_id


def _asked(form: type[serializers.Serializer[Any]], request: Request, *more: str) -> dict[str, Any]:
    made = form(data=request.query_params)
    refuse_unknown(request.query_params, (*made.fields, *more))
    made.is_valid(raise_exception=True)
    found: dict[str, Any] = made.validated_data
    return found


def _days(asked: dict[str, Any]) -> tuple[date, date]:
    until = asked.get("until") or clock.now().date() + timedelta(days=1)
    since = asked.get("since") or until - timedelta(days=USUAL_DAYS)
    if not 0 < (until - since).days <= MOST_DAYS or since.year < 2000 or until.year > 3000:
        message = f"Between 1 and {MOST_DAYS} days can be summed up."
        raise Invalid(message, errors=[FieldError("since", message)])
    return since, until
