"""Events as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import Strict
from apps.nodes.contract import EVENT_NAME
from apps.triggers.models import Event


class StartedOut(serializers.Serializer[Any]):
    """A workflow that an event started."""

    workflow_id = serializers.UUIDField()
    execution_id = serializers.UUIDField()


class RefusedOut(serializers.Serializer[Any]):
    """A workflow that refused to be started, and why."""

    workflow_id = serializers.UUIDField()
    code = serializers.CharField()
    message = serializers.CharField()


class EventOut(serializers.ModelSerializer[Event]):
    """An event and what followed from it. `delivered_at` is null while that is still being found out."""

    id = serializers.UUIDField(help_text="Our id of the event.")
    external_id = serializers.CharField(allow_null=True, help_text="What the sender calls it.")
    data = serializers.JSONField(allow_null=True)  # type: ignore[assignment]
    resolved_count = serializers.IntegerField(help_text="How many waiting executions went on with it.")
    started = StartedOut(many=True)
    refused = RefusedOut(many=True)

    class Meta:
        model = Event
        fields = [
            "id",
            "external_id",
            "name",
            "data",
            "posted_at",
            "posted_by",
            "delivered_at",
            "resolved_count",
            "started",
            "refused",
        ]


class EventIn(Strict):
    """Something that happened."""

    name = serializers.RegexField(EVENT_NAME, help_text="Letters, digits, `_`, `.`, `:`, `-`; at most 100.")
    data = serializers.JSONField(required=False, allow_null=True, default=None, help_text="At most 64 KB.")  # type: ignore[assignment]
    id = serializers.CharField(
        required=False,
        allow_null=True,
        default=None,
        max_length=200,
        help_text="What you call it. Posted again under the same id within a week, it is no new event.",
    )


class ListQuery(serializers.Serializer[Any]):
    """Filters of the list."""

    name = serializers.CharField(required=False, default="", max_length=100)
