"""What the API takes and says about workflows."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.api.serializers import Strict
from apps.workflows.arranging import MAX_PATH, MAX_TAG, MAX_TAGS
from apps.workflows.graph import draft_of
from apps.workflows.graph.schema import definition_schema
from apps.workflows.models import Status, Version, Workflow
from apps.workflows.transfer import ordered

DEFINITION: dict[str, Any] = {
    "anyOf": [
        definition_schema() | {"title": "Definition"},
        {"type": "object", "title": "As it was sent", "description": "With numbers sent as texts, say."},
    ]
}
"""A definition as the API gives it."""


class Placed(Strict):
    """Where a workflow stands in the list."""

    folder = serializers.CharField(
        max_length=MAX_PATH,
        required=False,
        allow_blank=True,
        help_text="Where it is in the list: `Finance/Invoices`, made if it is missing. Empty: in no folder.",
    )
    tags = serializers.ListField(
        child=serializers.CharField(max_length=MAX_TAG),
        max_length=MAX_TAGS,
        required=False,
        help_text="Each once, without commas.",
    )


class WorkflowIn(Placed):
    """A new workflow. An exported file can be sent as it is."""

    format = serializers.CharField(required=False, help_text="Of an exported file.")
    name = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")
    definition = serializers.JSONField(
        required=False,
        help_text="nodes, connections, settings; see the answer. Connections by name or kind, and names of other "
        "products are taken as well, as long as nothing would be lost. Without: empty.",
    )


class ImportIn(Strict):
    """A file to take over: an export of ours, or a workflow of another product (n8n, agents, React Flow, …)."""

    document = serializers.JSONField(help_text="The file, as it is.")
    name = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default="", help_text="Else its own."
    )


class RemarkOut(serializers.Serializer[Any]):
    """What became of one part of an imported file that is not the same here."""

    kind = serializers.ChoiceField(choices=["left_out", "changed", "check"])
    node = serializers.CharField(allow_blank=True, help_text="Its name in the file; empty: the workflow as a whole.")
    path = serializers.CharField(allow_blank=True, help_text="Place in the file.")
    message = serializers.CharField()
    hint = serializers.CharField(allow_blank=True)


class WorkflowPut(Placed):
    """All of a workflow that can be changed. Folder and tags stay when they are left out."""

    name = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")
    definition = serializers.JSONField()
    draft_revision = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The revision that was read; 409 when it has moved."
    )


class WorkflowPatch(Placed):
    """What is left out stays as it is."""

    name = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    definition = serializers.JSONField(required=False)
    draft_revision = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class ValidateIn(Strict):
    """A definition to look at. Without one, the workflow's draft."""

    definition = serializers.JSONField(required=False)


class PublishIn(Strict):
    """What changed, for whoever reads the history."""

    note = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")


class FixOut(serializers.Serializer[Any]):
    """A way to mend something that a machine can go."""

    title = serializers.CharField()
    edits = serializers.ListField(
        child=serializers.JSONField(),
        help_text="In this order: `set` (`node` or `connection`, else the definition; `path`; `value`; without, it is "
        "taken away), `add` (`node`), `remove` (`node`), `connect` and `disconnect` (`connection`).",
    )


class FindingOut(serializers.Serializer[Any]):
    """One thing the lint has to say."""

    severity = serializers.ChoiceField(choices=["error", "warning"])
    code = serializers.CharField()
    path = serializers.CharField(allow_blank=True)
    node_id = serializers.CharField(allow_blank=True)
    message = serializers.CharField()
    fix = serializers.CharField(allow_blank=True)
    fixes = FixOut(many=True)


class ValidateOut(serializers.Serializer[Any]):
    """What the lint says."""

    valid = serializers.BooleanField()
    findings = FindingOut(many=True)


@extend_schema_field(DEFINITION)
class DefinitionOut(serializers.JSONField):
    """A definition with its members in the order of the documentation."""

    def to_representation(self, value: Any) -> Any:
        """The database keeps members by the length of their names."""
        return ordered(value)


class VersionOut(serializers.ModelSerializer[Version]):
    """A published version."""

    published_by = serializers.CharField(source="published_by_label")

    class Meta:
        model = Version
        fields = ["id", "number", "note", "published_by", "published_at", "digest"]


class VersionDetail(VersionOut):
    """A published version with its definition."""

    definition = DefinitionOut()
    node_ports = serializers.SerializerMethodField(help_text="The outcomes of each node, by its id.")

    def get_node_ports(self, version: Version) -> dict[str, list[str]]:
        """As an editor draws them."""
        draft, _findings = draft_of(version.definition)
        return {node.id: list(node.ports) for node in draft.nodes.values()}

    class Meta(VersionOut.Meta):
        fields = [*VersionOut.Meta.fields, "definition", "node_ports"]


class PublishOut(ValidateOut):
    """The version, and the warnings it was published with."""

    version = VersionOut()


class WorkflowRow(serializers.ModelSerializer[Workflow]):
    """A workflow in a list. `version` is the number of the latest published version."""

    status = serializers.ChoiceField(choices=Status.choices)
    version = serializers.IntegerField(source="active_version.number", default=None, allow_null=True)
    folder = serializers.CharField(source="folder.path", default="", help_text="Empty: in none.")
    tags = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Workflow
        fields = [
            "id",
            "name",
            "description",
            "folder",
            "tags",
            "status",
            "version",
            "draft_revision",
            "created_at",
            "updated_at",
        ]


class TriggerOut(serializers.Serializer[Any]):
    """A trigger: of the active version when there is one, else of the draft."""

    node_id = serializers.CharField()
    name = serializers.CharField()
    subtype = serializers.CharField()
    method = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True, help_text="Where a webhook is called.")
    is_active = serializers.BooleanField()


class WorkflowOut(serializers.ModelSerializer[Workflow]):
    """A workflow. `definition` is its draft."""

    status = serializers.ChoiceField(choices=Status.choices)
    folder = serializers.CharField(source="folder.path", default="", help_text="Empty: in none.")
    tags = serializers.ListField(child=serializers.CharField())
    definition = DefinitionOut(source="draft")
    version = VersionOut(source="active_version", allow_null=True)
    has_unpublished_changes = serializers.SerializerMethodField()
    triggers = serializers.SerializerMethodField()

    class Meta:
        model = Workflow
        fields = [
            "id",
            "name",
            "description",
            "folder",
            "tags",
            "status",
            "definition",
            "draft_revision",
            "has_unpublished_changes",
            "version",
            "triggers",
            "created_at",
            "updated_at",
        ]

    def get_has_unpublished_changes(self, workflow: Workflow) -> bool:
        """Whether the draft differs from the latest published version."""
        return workflow.has_unpublished_changes

    def get_triggers(self, workflow: Workflow) -> list[dict[str, Any]]:
        """The triggers with the addresses of webhooks."""
        return list(TriggerOut(self.context["triggers"], many=True).data)


class ImportOut(serializers.Serializer[Any]):
    """The workflow that was made, and what became of what is not the same here."""

    workflow = WorkflowOut()
    form = serializers.CharField(help_text="Whose form the file had: AgentFlow, n8n, React Flow, …")
    remarks = RemarkOut(many=True)
