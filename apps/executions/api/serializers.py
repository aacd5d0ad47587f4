"""What the API says about executions."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import Strict
from apps.executions.engine.states import State, Status
from apps.executions.models import Execution

STATUSES = [str(status) for status in Status]
STATES = [str(state) for state in State]
MAX_WAIT_SECONDS = 30


class ErrorOut(serializers.Serializer[Any]):
    """Why something failed."""

    code = serializers.CharField()
    message = serializers.CharField()
    hint = serializers.CharField(required=False)
    node_id = serializers.CharField(required=False)


class StarterOut(serializers.Serializer[Any]):
    """Who or what started an execution."""

    kind = serializers.CharField()
    id = serializers.CharField(allow_null=True, required=False)
    label = serializers.CharField()  # type: ignore[assignment]


class ExecutionOut(serializers.ModelSerializer[Execution]):
    """An execution in a list."""

    workflow_id = serializers.UUIDField()
    workflow_name = serializers.CharField(source="workflow.name")
    version = serializers.IntegerField(source="version.number", allow_null=True)
    status = serializers.ChoiceField(choices=STATUSES)
    trigger = serializers.CharField(source="trigger_node")
    started_by = StarterOut(allow_null=True)
    error = ErrorOut(allow_null=True)
    queued_because = serializers.SerializerMethodField()

    def get_queued_because(self, row: Execution) -> str | None:
        """Why it has not begun, or not gone on, yet."""
        found: str | None = self.context.get("reasons", {}).get(row.id)
        return found

    class Meta:
        model = Execution
        fields = [
            "id",
            "workflow_id",
            "workflow_name",
            "version",
            "status",
            "mode",
            "trigger",
            "started_by",
            "created_at",
            "started_at",
            "finished_at",
            "held_by",
            "queued_because",
            "resume_count",
            "error",
        ]


class AttemptOut(serializers.Serializer[Any]):
    """One attempt of a node."""

    number = serializers.IntegerField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    error = ErrorOut(allow_null=True)


class LogLineOut(serializers.Serializer[Any]):
    """Something a node said."""

    at = serializers.DateTimeField()
    level = serializers.CharField()
    message = serializers.CharField()
    data = serializers.JSONField(required=False, allow_null=True)  # type: ignore[assignment]
    attempt = serializers.IntegerField()
    seq = serializers.IntegerField(help_text="The checkpoint that wrote it.")


class MetricOut(serializers.Serializer[Any]):
    """A figure a node gave; the last of its name."""

    name = serializers.CharField()
    value = serializers.FloatField()
    unit = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()


class LargeOut(serializers.Serializer[Any]):
    """A value that is too large to be shown."""

    sha256 = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes of its JSON.")
    head = serializers.CharField(help_text="How its JSON begins.")
    url = serializers.CharField(help_text="Where all of it is.")


class ChildOut(serializers.Serializer[Any]):
    """An execution that a SUB_WORKFLOW started. `index` counts its inputs from 0."""

    id = serializers.UUIDField()
    index = serializers.IntegerField()
    workflow_name = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


LARGE = "Members that are null here because they have more than 64 KB, by name: where to get them."


class AmountOut(serializers.Serializer[Any]):
    """How far something is; `total` is null when nobody knows of how many."""

    done = serializers.FloatField()
    total = serializers.FloatField(allow_null=True)


class NodeRunOut(serializers.Serializer[Any]):
    """One node of an execution. `input`, `params`, `output` and `logs` are left out when payloads are not asked for."""

    node_id = serializers.CharField()
    path = serializers.CharField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    attempt = serializers.IntegerField()
    max_attempts = serializers.IntegerField()
    port = serializers.CharField(allow_null=True)
    also = serializers.ListField(child=serializers.CharField())
    unmet = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="The conditions of connections from it that did not hold.",
    )
    error = ErrorOut(allow_null=True)
    retry_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    attempts = AttemptOut(many=True)
    progress = AmountOut(required=False, help_text="How far it says it is, while it runs.")
    total = serializers.IntegerField(
        allow_null=True, help_text="Of a container at work: how many iterations there will be, if that is known."
    )
    kept_from = serializers.UUIDField(
        required=False, help_text="The execution it really ran in; this one's own id: its output was given."
    )
    input = serializers.JSONField(required=False, allow_null=True)
    params = serializers.JSONField(required=False, allow_null=True)
    output = serializers.JSONField(required=False, allow_null=True)
    logs = LogLineOut(many=True, required=False)
    metrics = MetricOut(many=True, required=False)
    large = serializers.DictField(child=LargeOut(), required=False, help_text=LARGE)
    children = ChildOut(
        many=True, required=False, help_text="Of a SUB_WORKFLOW: the executions it started, 100 at most."
    )


class CountOut(serializers.Serializer[Any]):
    """How many node runs inside containers have settled alike. `is_iteration`: they are rounds of `node_id` itself."""

    node_id = serializers.CharField()
    is_iteration = serializers.BooleanField()
    state = serializers.ChoiceField(choices=STATES)
    port = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()


class WaitOut(serializers.Serializer[Any]):
    """Something an execution waits or waited for."""

    id = serializers.UUIDField(help_text="Of kinds human and review: also the id of the interaction.")
    node_id = serializers.CharField()
    path = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    opened_at = serializers.DateTimeField()
    wake_at = serializers.DateTimeField(allow_null=True)
    resolved_at = serializers.DateTimeField(allow_null=True)
    resolved_by = serializers.CharField(allow_null=True)
    callback_url = serializers.URLField(
        required=False, help_text="Where a call ends it; for those who may start workflows, while it is open."
    )


class LinkOut(serializers.Serializer[Any]):
    """Another execution."""

    id = serializers.UUIDField()
    workflow_id = serializers.UUIDField()
    workflow_name = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    node_id = serializers.CharField(allow_null=True, help_text="The node that called.")


class ParentOut(LinkOut):
    """The execution that called this one, or whose end started it."""

    by = serializers.CharField(help_text="SUB_WORKFLOW, EXECUTION_FINISHED or ERROR.")


class CalledOut(LinkOut):
    """An execution that this one called."""

    path = serializers.CharField(allow_blank=True, help_text="Where in a container the node stood.")
    index = serializers.IntegerField(help_text="Which item of the list it was called for, from 0.")


class ChildrenOut(serializers.Serializer[Any]):
    """The executions that this one called: how many, in which status, and the first 50."""

    count = serializers.IntegerField()
    statuses = serializers.DictField(child=serializers.IntegerField())
    first = CalledOut(many=True)


class ExecutionDetail(ExecutionOut):
    """An execution with everything that is known of it. `seq` is its last checkpoint.

    `node_runs` holds the workflow's own nodes, and of those inside containers the ones that are still open; what has
    settled there is counted in `counts` and listed by `iterations` and `node-runs`.
    """

    seq = serializers.IntegerField()
    rerun_of = serializers.UUIDField(allow_null=True, help_text="The execution this one does again or goes on from.")
    parent_id = serializers.UUIDField(allow_null=True, help_text="The execution that called this one.")
    parent = ParentOut(allow_null=True)
    children = ChildrenOut()
    deadline_at = serializers.DateTimeField(allow_null=True)
    definition = serializers.JSONField()
    node_ports = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()), help_text="The outcomes of each node, by its id."
    )
    unknown_writes = serializers.JSONField()
    large = serializers.DictField(child=LargeOut(), help_text=LARGE)
    remaining_nodes = serializers.ListField(child=serializers.CharField())
    node_runs = NodeRunOut(many=True)
    counts = CountOut(many=True)
    waits = WaitOut(many=True)
    input = serializers.JSONField(allow_null=True, required=False)
    output = serializers.JSONField(allow_null=True, required=False)
    has_response = serializers.BooleanField()

    class Meta(ExecutionOut.Meta):
        fields = [
            *ExecutionOut.Meta.fields,
            "seq",
            "rerun_of",
            "parent_id",
            "parent",
            "children",
            "deadline_at",
            "definition",
            "node_ports",
            "unknown_writes",
            "large",
            "remaining_nodes",
            "node_runs",
            "counts",
            "waits",
            "input",
            "output",
            "has_response",
        ]


class ResponseOut(serializers.Serializer[Any]):
    """What the caller of a webhook got, or would have got."""

    status = serializers.IntegerField()
    headers = serializers.DictField(child=serializers.CharField())
    body = serializers.JSONField(allow_null=True)


class ExecuteOut(serializers.Serializer[Any]):
    """The execution that was started, as far as it has come. `id` and `execution_id` are the same."""

    execution_id = serializers.UUIDField()
    id = serializers.UUIDField()
    workflow_id = serializers.UUIDField()
    version = serializers.IntegerField(allow_null=True)
    mode = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    output = serializers.JSONField(allow_null=True)
    error = ErrorOut(allow_null=True)
    response = ResponseOut(allow_null=True)


# ── What comes in ────────────────────────────────────────────────────────────────────────────────────────────────────


class ExecuteIn(Strict):
    """What to start a workflow with."""

    input = serializers.JSONField(required=False, allow_null=True, default=None, help_text="What the trigger delivers.")
    trigger = serializers.CharField(
        required=False, allow_null=True, default=None, help_text="Node id; needed when several triggers could be meant."
    )
    wait = serializers.FloatField(
        required=False,
        default=0,
        min_value=0,
        max_value=MAX_WAIT_SECONDS,
        help_text="Seconds to wait for the end; what is not finished by then is answered as it stands.",
    )
    priority = serializers.ChoiceField(
        choices=["low", "normal", "high"],
        required=False,
        allow_null=True,
        default=None,
        help_text="Its place in the line of the workspace. Default: what the workflow's settings say.",
    )


class TestIn(Strict):
    """What to test, and with which data."""

    scope = serializers.ChoiceField(
        choices=["all", "until", "node"],
        required=False,
        default="all",
        help_text="`all`: the whole workflow. `until`: what leads to `node`, and that node. `node`: that node alone, "
        "with what stands before it taken from the last execution.",
    )
    node = serializers.CharField(required=False, allow_null=True, default=None, help_text="Node id.")
    version = serializers.ChoiceField(choices=["draft", "published"], required=False, default="draft")
    trigger = serializers.CharField(
        required=False, allow_null=True, default=None, help_text="Node id; needed when several triggers could be meant."
    )
    input = serializers.JSONField(
        required=False,
        allow_null=True,
        help_text="What the trigger delivers; for one node what goes into it. A node with several sources takes an "
        "object with one member per source, named by node id.",
    )
    pinned = serializers.DictField(
        child=serializers.JSONField(allow_null=True),
        required=False,
        help_text="Outputs by node id: these nodes do not run.",
    )
    breakpoints = serializers.ListField(
        child=serializers.CharField(max_length=200),
        required=False,
        default=list,
        max_length=500,
        help_text="Node ids: it pauses before each of them, until `continue`.",
    )
    step = serializers.BooleanField(required=False, default=False, help_text="Pause before every node.")
    wait = serializers.FloatField(
        required=False, default=0, min_value=0, max_value=MAX_WAIT_SECONDS, help_text="As with `execute`."
    )


class RerunIn(Strict):
    """How to do an execution again."""

    def get_fields(self) -> dict[str, Any]:
        """The fields; one is named by a word that Python keeps for itself."""
        begins = serializers.CharField(
            required=False,
            default="start",
            max_length=200,
            help_text="`start`; `failed`: where it failed; or a node's id (`node:<id>` where it is one of the words). "
            "What was finished before is kept.",
        )
        return {"from": begins} | super().get_fields()

    version = serializers.ChoiceField(
        choices=["same", "newest", "draft"],
        required=False,
        default="same",
        help_text="`newest`: the published one. `draft`: the draft as it is now; that makes it a test.",
    )
    input = serializers.JSONField(
        required=False,
        allow_null=True,
        help_text="What the trigger delivers, or, at a node, what goes into that node. Left out: the same as before.",
    )


class ListQuery(serializers.Serializer[Any]):
    """Filters of the list."""

    workflow = serializers.UUIDField(required=False, help_text="Id of a workflow.")
    workflow_id = serializers.UUIDField(required=False, help_text="As `workflow`.")
    status = serializers.ListField(child=serializers.ChoiceField(choices=STATUSES), required=False)
    since = serializers.DateTimeField(required=False, help_text="Created at this moment or later.")
    search = serializers.CharField(required=False, max_length=100)


class DetailQuery(serializers.Serializer[Any]):
    """How much of an execution to show."""

    payloads = serializers.BooleanField(required=False, default=True)
    node = serializers.CharField(required=False, help_text="Payloads of this node only.")
