"""Who is asked, what they said, and who stands in for whom."""

from __future__ import annotations

from typing import Any

from django.db import models

from apps.accounts.models import User, Workspace
from apps.core.ids import uuid7
from apps.hil.models.questions import Assurance, Interaction, Via


class AskKind(models.TextChoices):
    """What somebody who is asked is to us."""

    MEMBER = "member", "Member"
    EMAIL = "email", "E-mail address"
    SLACK = "slack", "Slack user"


class AskReason(models.TextChoices):
    """Why somebody is asked."""

    ASSIGNED = "assigned", "Named by the workflow"
    DELEGATED = "delegated", "Handed on by somebody"
    DEPUTY = "deputy", "Stands in for somebody who is away"
    ESCALATED = "escalated", "Added because time was running out"


class AskStatus(models.TextChoices):
    """Where somebody stands with a question. Only who is `asked` can answer."""

    WAITING = "waiting", "Not yet their turn"
    ASKED = "asked", "Asked"
    ANSWERED = "answered", "Answered"
    PASSED = "passed", "Handed on"


class Ask(models.Model):
    """Somebody who is asked: one row per member, address or Slack user of a question.

    `groups` are the groups of the question's policy in which their answer can count. `channels`: where they alone are
    asked, instead of where the question says (null).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="asks")
    kind = models.CharField(max_length=10, choices=AskKind.choices)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    address = models.TextField(help_text="of an e-mail in lower case, or the Slack user's id")
    label = models.TextField(help_text="what people read")
    groups: models.JSONField[Any, Any] = models.JSONField(default=list)
    role = models.CharField(max_length=10, default="", help_text="asked because they have this role")
    reason = models.CharField(max_length=10, choices=AskReason.choices, default=AskReason.ASSIGNED)
    passed_from = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="+")
    note = models.TextField(default="", help_text="what whoever handed it on wrote")
    status = models.CharField(max_length=10, choices=AskStatus.choices, default=AskStatus.ASKED)
    channels: models.JSONField[Any, Any] = models.JSONField(null=True)
    asked_at = models.DateTimeField(null=True, help_text="null: not yet their turn")
    opened_at = models.DateTimeField(null=True, help_text="when they first looked")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "hil_ask"
        constraints = [
            models.UniqueConstraint(fields=["interaction", "kind", "address"], name="hil_ask_once"),
            models.CheckConstraint(condition=models.Q(status__in=AskStatus.values), name="hil_ask_status_exists"),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "user", "interaction"],
                name="hil_ask_of_user",
                condition=models.Q(user__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_open(self) -> bool:
        """Whether their answer is waited for now."""
        return self.status == AskStatus.ASKED


class Vote(models.Model):
    """What somebody said. Rows are added, never changed; a person has one per question.

    The one with `is_deciding` made the outcome. Its proof is the event `audit_id` of the audit log's chain.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="votes")
    ask = models.ForeignKey(Ask, null=True, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    voter = models.TextField(help_text="who it is, the same however they answer: user:<id>, email:<address>, link:<id>")
    label = models.TextField(help_text="what people read")
    via = models.CharField(max_length=10, choices=Via.choices)
    assurance = models.SmallIntegerField(choices=Assurance.choices)
    outcome = models.TextField()
    comment = models.TextField(default="")
    data: models.JSONField[Any, Any] = models.JSONField(null=True)
    evidence: models.JSONField[Any, Any] = models.JSONField(null=True, help_text="how words were understood")
    at = models.DateTimeField()
    is_deciding = models.BooleanField(default=False)
    audit_id = models.UUIDField(null=True)

    class Meta:
        db_table = "hil_vote"
        constraints = [
            models.UniqueConstraint(fields=["interaction", "voter"], name="hil_vote_once"),
            models.UniqueConstraint(
                fields=["interaction"], name="hil_vote_decides_once", condition=models.Q(is_deciding=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.outcome}"


class Absence(models.Model):
    """A time in which a member is away, and who is asked instead (nobody: they are asked all the same).

    Without `until_at` it lasts until it is ended: a standing delegation.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    deputy = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=200, default="")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "hil_absence"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(until_at__isnull=True) | models.Q(until_at__gt=models.F("from_at")),
                name="hil_absence_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=models.Q(deputy__isnull=True) | ~models.Q(deputy=models.F("user")),
                name="hil_absence_deputy_is_another",
            ),
        ]
        indexes = [models.Index(fields=["workspace", "user"], name="hil_absence_of_user")]

    def __str__(self) -> str:
        return f"{self.user_id} from {self.from_at:%Y-%m-%d}"
