"""What the API says about questions."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.api.serializers import Strict
from apps.hil import selectors
from apps.hil.models import Ask, Assurance, Entry, Interaction, InteractionStatus, Kind, Priority, Vote


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
            "progress",
            "answered_by",
            "answered_at",
        ]

    def get_priority(self, row: Interaction) -> str:
        """low, normal, high or critical."""
        return str(Priority(row.priority).label)


class AskOut(serializers.ModelSerializer[Ask]):
    """Somebody who is asked. `reason`: why; `status`: `waiting` until it is their turn, `passed` when handed on."""

    class Meta:
        model = Ask
        fields = [
            *("id", "kind", "label", "address", "role", "groups", "reason", "note", "status"),
            *("asked_at", "opened_at", "answered_at"),
        ]


class VoteOut(serializers.ModelSerializer[Vote]):
    """What somebody said. `audit_id` is the event of the audit log that proves it."""

    by = serializers.CharField(source="label")
    assurance = serializers.SerializerMethodField()

    class Meta:
        model = Vote
        fields = [
            *("id", "by", "outcome", "comment", "data", "via", "assurance", "evidence", "at", "is_deciding"),
            "audit_id",
        ]

    def get_assurance(self, row: Vote) -> str:
        """How surely it was known who said it."""
        return str(Assurance(row.assurance).label)


class EntryOut(serializers.ModelSerializer[Entry]):
    """One line of a question's record."""

    class Meta:
        model = Entry
        fields = ["id", "at", "kind", "text", "data", "audit_id"]


class InteractionOut(InteractionRow):
    """A question with all that was shown and answered. `closed_at`: when it stopped waiting, for whatever reason.

    `form`: what the answer's `data` must be; `deadline_outcome`: what silence comes to; `assurance`: how surely it must
    be known who answers; `asks` is empty for a question to everybody who may answer.
    """

    outcomes = OutcomeOut(many=True)
    form = serializers.JSONField(allow_null=True)
    assurance = serializers.SerializerMethodField()
    asks = serializers.SerializerMethodField()
    votes = serializers.SerializerMethodField()

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
            "form",
            "policy",
            "deadline_outcome",
            "assurance",
            "needs_comment",
            "needs_button",
            "can_bulk",
            "can_delegate",
            "asks",
            "votes",
            "audit_id",
        ]

    def get_assurance(self, row: Interaction) -> str:
        """How surely it must be known who answers."""
        return str(Assurance(row.assurance).label)

    @extend_schema_field(AskOut(many=True))
    def get_asks(self, row: Interaction) -> Any:
        """Who is or was asked."""
        found = selectors.asks_of(workspace_id=row.workspace_id, interaction_id=row.id)
        return AskOut(found, many=True).data

    @extend_schema_field(VoteOut(many=True))
    def get_votes(self, row: Interaction) -> Any:
        """What was said, the oldest first."""
        found = selectors.votes_of(workspace_id=row.workspace_id, interaction_id=row.id)
        return VoteOut(found, many=True).data


class AnswerIn(Strict):
    """An answer."""

    outcome = serializers.CharField(max_length=200)
    comment = serializers.CharField(required=False, allow_blank=True, allow_null=True, trim_whitespace=True)
    data = serializers.JSONField(required=False, allow_null=True)  # type: ignore[assignment]


class DelegateIn(Strict):
    """Who answers instead: a member by e-mail address or id, another e-mail address, or `slack:U012AB3CD`.

    `ask_id`: whose place is handed on; by default one's own.
    """

    to = serializers.CharField(max_length=300)
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, allow_null=True)
    ask_id = serializers.UUIDField(required=False, allow_null=True)


class WithdrawIn(Strict):
    """Why nobody is asked any more; it stands in the record."""

    reason = serializers.CharField(max_length=500)


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
    """What was answered, and where the execution stands now.

    `completed`: it has ended; `paused_again`: it waits for a person; `remaining_nodes`: what has not run yet. With a
    question that needs more people `outcome` is empty, and `progress` says how many have agreed.
    """

    execution_id = serializers.UUIDField()
    interaction_id = serializers.UUIDField()
    outcome = serializers.CharField(allow_null=True)
    progress = serializers.CharField()
    status = serializers.CharField()
    message = serializers.CharField()
    completed = serializers.BooleanField()
    paused_again = serializers.BooleanField()
    remaining_nodes = serializers.ListField(child=serializers.CharField())
    has_moved = serializers.BooleanField(help_text="false: the answer is kept, the execution had not gone on in 10 s")
    output = serializers.JSONField(allow_null=True)
    error = serializers.JSONField(allow_null=True)


STATUSES = tuple(InteractionStatus.values)
KINDS = tuple(Kind.values)
PRIORITIES = tuple(str(each.label) for each in Priority)
