"""What the API takes and says about workflows."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import Strict
from apps.workflows.models import Status, Version, Workflow


class WorkflowIn(Strict):
    """A new workflow. An exported file can be sent as it is."""

    format = serializers.CharField(required=False, help_text="Of an exported file.")
    name = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")
    definition = serializers.JSONField(required=False, help_text="nodes, connections, settings. Without: empty.")


class WorkflowPut(Strict):
    """All of a workflow that can be changed."""

    name = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")
    definition = serializers.JSONField()
    draft_revision = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The revision that was read; 409 when it has moved."
    )


class WorkflowPatch(Strict):
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


class FindingOut(serializers.Serializer[Any]):
    """One thing the lint has to say."""

    severity = serializers.ChoiceField(choices=["error", "warning"])
    code = serializers.CharField()
    path = serializers.CharField(allow_blank=True)
    node_id = serializers.CharField(allow_blank=True)
    message = serializers.CharField()
    fix = serializers.CharField(allow_blank=True)


class ValidateOut(serializers.Serializer[Any]):
    """What the lint says."""

    valid = serializers.BooleanField()
    findings = FindingOut(many=True)


class VersionOut(serializers.ModelSerializer[Version]):
    """A published version."""

    published_by = serializers.CharField(source="published_by_label")

    class Meta:
        model = Version
        fields = ["id", "number", "note", "published_by", "published_at", "digest"]


class VersionDetail(VersionOut):
    """A published version with its definition."""

    definition = serializers.JSONField()

    class Meta(VersionOut.Meta):
        fields = [*VersionOut.Meta.fields, "definition"]


class PublishOut(ValidateOut):
    """The version, and the warnings it was published with."""

    version = VersionOut()


class WorkflowRow(serializers.ModelSerializer[Workflow]):
    """A workflow in a list. `version` is the number of the latest published version."""

    status = serializers.ChoiceField(choices=Status.choices)
    version = serializers.IntegerField(source="active_version.number", default=None, allow_null=True)

    class Meta:
        model = Workflow
        fields = ["id", "name", "description", "status", "version", "draft_revision", "created_at", "updated_at"]


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
    definition = serializers.JSONField(source="draft")
    version = VersionOut(source="active_version", allow_null=True)
    has_unpublished_changes = serializers.SerializerMethodField()
    triggers = serializers.SerializerMethodField()

    class Meta:
        model = Workflow
        fields = [
            "id",
            "name",
            "description",
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
