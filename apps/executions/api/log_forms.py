"""What the API says and takes about logs."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.executions.log_formats import FORMATS
from apps.executions.logbook import Wanted
from apps.executions.story import LEVELS

KINDS = ["execution", "node", "attempt", "wait", "said", "metric"]
VIEWS = ["business", "technical"]
MAX_PAGE = 1_000


class LineOut(serializers.Serializer[Any]):
    """One line of a log. `node_id` is null for what concerns the whole execution."""

    id = serializers.CharField(help_text="`<checkpoint>.<number>`; give it as `after` to read on from here.")
    at = serializers.DateTimeField()
    level = serializers.ChoiceField(choices=list(LEVELS))
    kind = serializers.ChoiceField(choices=KINDS, help_text="`said`: by the node itself. The others are derived.")
    node_id = serializers.CharField(allow_null=True)
    node = serializers.CharField(allow_null=True, help_text="The node's name; of what is repeated, with its round.")
    path = serializers.CharField(allow_blank=True)
    is_milestone = serializers.BooleanField(help_text="The end of a node that its workflow marks as a milestone.")
    message = serializers.CharField()
    data = serializers.JSONField(allow_null=True)  # type: ignore[assignment]


class WorkspaceLineOut(LineOut):
    """One line of a workspace's log, with whose it is."""

    execution_id = serializers.UUIDField()
    workflow_id = serializers.UUIDField()
    workflow_name = serializers.CharField()


class ProgressOut(serializers.Serializer[Any]):
    """How far a running node says it is."""

    node_id = serializers.CharField()
    path = serializers.CharField(allow_blank=True)
    node = serializers.CharField()
    done = serializers.FloatField()
    total = serializers.FloatField(allow_null=True)
    message = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()


class LogOut(serializers.Serializer[Any]):
    """One page of an execution's log, oldest line first.

    `next` is null at the end; more may be written later, so go on with `after=<last>`. A page may be short, or empty,
    and still have a next one when a filter lets little through.
    """

    results = LineOut(many=True)
    next = serializers.URLField(allow_null=True)
    page_size = serializers.IntegerField()
    last = serializers.CharField(help_text="How far was read, also past lines a filter kept back.")
    progress = ProgressOut(many=True)


class WorkspaceLogOut(serializers.Serializer[Any]):
    """One page of a workspace's log, newest line first. A page may be short, or empty, and still have a next one."""

    results = WorkspaceLineOut(many=True)
    next = serializers.URLField(allow_null=True)
    page_size = serializers.IntegerField()


class _Query(serializers.Serializer[Any]):
    view = serializers.ChoiceField(choices=VIEWS, default="business", help_text="Sentences, or every change of state.")
    level = serializers.ChoiceField(choices=list(LEVELS), default="debug", help_text="This grave or graver.")
    q = serializers.CharField(required=False, default="", max_length=200, help_text="Part of message or node name.")
    milestones = serializers.BooleanField(required=False, default=False, help_text="Milestones only.")
    until = serializers.DateTimeField(required=False, help_text="Before this moment.")
    after = serializers.CharField(required=False, default="", max_length=120, help_text="Go on after this cursor.")

    def get_fields(self) -> dict[str, Any]:
        """The fields; one is named by a word that Python keeps for itself."""
        return super().get_fields() | {
            "from": serializers.DateTimeField(required=False, help_text="From this moment on.")
        }


class LogQuery(_Query):
    """Which part of an execution's log."""

    node = serializers.CharField(required=False, default="", max_length=100, help_text="Id or name of a node.")
    page_size = serializers.IntegerField(min_value=1, max_value=MAX_PAGE, default=200)


class DownloadQuery(_Query):
    """Which part of an execution's log, and how it is written."""

    node = serializers.CharField(required=False, default="", max_length=100, help_text="Id or name of a node.")
    format = serializers.ChoiceField(choices=list(FORMATS), default="jsonl")


class StreamQuery(_Query):
    """Which lines to follow."""

    node = serializers.CharField(required=False, default="", max_length=100, help_text="Id or name of a node.")


class WorkspaceLogQuery(_Query):
    """Which part of a workspace's log."""

    workflow = serializers.UUIDField(required=False, help_text="Id of a workflow.")
    workflow_id = serializers.UUIDField(required=False, help_text="As `workflow`.")
    node_type = serializers.CharField(
        required=False, default="", max_length=100, help_text="Such as `ACTION`, `HTTP_REQUEST`, `ACTION.HTTP_REQUEST`."
    )
    page_size = serializers.IntegerField(min_value=1, max_value=MAX_PAGE, default=100)


def wanted(asked: dict[str, Any]) -> Wanted:
    """The filter that a checked query asks for."""
    return Wanted(
        view=asked["view"],
        level=asked["level"],
        node=asked.get("node", ""),
        node_type=asked.get("node_type", ""),
        text=asked["q"],
        since=asked.get("from"),
        until=asked.get("until"),
        only_milestones=asked["milestones"],
    )
