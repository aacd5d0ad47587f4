"""What the API says about questions."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import Strict
from apps.hil.models import Interaction, InteractionStatus, Kind, Priority


class OutcomeOut(serializers.Serializer[Any]):
    """One way to answer: the name the API takes, and its button."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    style = serializers.ChoiceField(choices=["primary", "secondary", "danger"])  # type: ignore[assignment]


class InteractionRow(serializers.ModelSerializer[Interaction]):
    """A question in a list."""

    workflow_name = serializers.CharField(source="workflow.name")
    priority = serializers.SerializerMethodField()

    class Meta:
        model = Interaction
        fields = [
            "id",
            "execution_id",
            "workflow_id",
            "workflow_name",
            "node_id",
            "node_name",
            "kind",
            "title",
            "priority",
            "status",
            "created_at",
            "deadline_at",
            "outcome",
            "answered_by",
            "answered_at",
        ]

    def get_priority(self, row: Interaction) -> str:
        """low, normal, high or critical."""
        return str(Priority(row.priority).label)


class InteractionOut(InteractionRow):
    """A question with all that was shown and answered. `closed_at`: when it stopped waiting, for whatever reason."""

    outcomes = OutcomeOut(many=True)

    class Meta(InteractionRow.Meta):
        fields = [
            *InteractionRow.Meta.fields,
            "path",
            "message",
            "data",
            "outcomes",
            "shown_digest",
            "comment",
            "answer",
            "answered_via",
            "closed_at",
        ]


class AnswerIn(Strict):
    """An answer."""

    outcome = serializers.CharField(max_length=200)
    comment = serializers.CharField(required=False, allow_blank=True, allow_null=True, trim_whitespace=True)
    data = serializers.JSONField(required=False, allow_null=True)  # type: ignore[assignment]


class LinkIn(Strict):
    """Who the link is for; the name stands in the record."""

    recipient = serializers.CharField(max_length=200)


class LinkOut(serializers.Serializer[Any]):
    """A new link. `url` is there once."""

    id = serializers.UUIDField()
    url = serializers.URLField()
    recipient = serializers.CharField()
    expires_at = serializers.DateTimeField()


class ResumeIn(Strict):
    """An answer to what an execution waits for: `approved`, or the outcome by name (`output_port` is the same)."""

    interaction_id = serializers.UUIDField(required=False, allow_null=True)
    approved = serializers.BooleanField(required=False, allow_null=True)
    outcome = serializers.CharField(max_length=200, required=False, allow_null=True)
    output_port = serializers.CharField(max_length=200, required=False, allow_null=True)
    comment = serializers.CharField(required=False, allow_blank=True, allow_null=True)
    data = serializers.JSONField(required=False, allow_null=True)  # type: ignore[assignment]
    resume_data = serializers.JSONField(required=False, allow_null=True)


class ResumeOut(serializers.Serializer[Any]):
    """What was answered, and where the execution stands now."""

    execution_id = serializers.UUIDField()
    interaction_id = serializers.UUIDField()
    outcome = serializers.CharField()
    status = serializers.CharField()
    has_moved = serializers.BooleanField(help_text="false: the answer is kept, the execution had not gone on in 10 s")
    output = serializers.JSONField(allow_null=True)
    error = serializers.JSONField(allow_null=True)


STATUSES = tuple(InteractionStatus.values)
KINDS = tuple(Kind.values)
