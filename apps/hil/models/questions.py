"""Questions to people, and the links that let somebody outside answer one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

from apps.accounts.models import User, Workspace
from apps.core.ids import uuid7
from apps.executions.models import Execution, Wait
from apps.hil.facts import label_of
from apps.workflows.models import Workflow


class Kind(models.TextChoices):
    """What is asked for. The first four are what nodes ask, the last is the engine's own question."""

    CONFIRMATION = "CONFIRMATION", "Confirmation"
    INPUT = "INPUT", "Input"
    DECISION = "DECISION", "Decision"
    REVIEW = "REVIEW", "Review"
    REVIEW_UNKNOWN = "REVIEW_UNKNOWN", "Outcome unknown"


class InteractionStatus(models.TextChoices):
    """Where a question stands. Everything but `pending` is final."""

    PENDING = "pending", "Waiting"
    ANSWERED = "answered", "Answered"
    TIMED_OUT = "timed_out", "Timed out"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Priority(models.IntegerChoices):
    """Where a question stands in the inbox. Kept as a number, so that sorting is an index scan."""

    LOW = 0, "low"
    NORMAL = 1, "normal"
    HIGH = 2, "high"
    CRITICAL = 3, "critical"


class Via(models.TextChoices):
    """How an answer came in."""

    APP = "app", "In the app"
    API = "api", "By API"
    LINK = "link", "By link"
    EMAIL = "email", "By e-mail"
    SLACK = "slack", "In Slack"
    WEBHOOK = "webhook", "By webhook"


class Assurance(models.IntegerChoices):
    """How surely it is known who answers. Each level is more than the one before it."""

    LINK = 0, "anyone with the link"
    RECIPIENT = 1, "known recipient"
    SIGNED_IN = 2, "signed in"
    ROLE = 3, "signed in with role"


class Interaction(models.Model):
    """One question, what was shown with it, and what became of it. Written in the transaction that opened its wait.

    Its id is the id of its wait: whoever knows the one can name the other.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="+")
    wait = models.OneToOneField(Wait, on_delete=models.CASCADE, related_name="+")
    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="+")
    node_id = models.TextField()
    node_name = models.TextField()
    path = models.TextField(default="")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    title = models.TextField()
    message = models.TextField(default="")
    data: models.JSONField[Any, Any] = models.JSONField(null=True)
    outcomes: models.JSONField[Any, Any] = models.JSONField(help_text="[{name, label, style}] in the order of buttons")
    priority = models.SmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    shown_digest = models.CharField(max_length=64, help_text="SHA-256 of title, message, data and outcomes")
    created_at = models.DateTimeField()
    deadline_at = models.DateTimeField(null=True)
    deadline_outcome = models.TextField(default="timeout", db_default="timeout", help_text="what silence comes to")

    # What an answer must bring, and from whom. Questions of before have none of it: the first answer decides.
    form: models.JSONField[Any, Any] = models.JSONField(null=True, help_text="see `apps.hil.forms`")
    policy: models.JSONField[Any, Any] = models.JSONField(null=True, help_text="see `apps.hil.policy`")
    timing: models.JSONField[Any, Any] = models.JSONField(null=True, help_text="see `apps.hil.ladder`")
    channels: models.JSONField[Any, Any] = models.JSONField(null=True, help_text="see `apps.hil.channels`")
    has_asks = models.BooleanField(default=False, db_default=False, help_text="only who is asked may answer")
    barred_user_id = models.UUIDField(null=True, help_text="who started the run, where they may not answer")
    assurance = models.SmallIntegerField(choices=Assurance.choices, default=Assurance.LINK, db_default=0)
    needs_button = models.BooleanField(default=False, db_default=False, help_text="no answer in words")
    needs_comment: models.JSONField[Any, Any] = models.JSONField(default=list, db_default=[])
    can_bulk = models.BooleanField(default=False, db_default=False)
    can_delegate = models.BooleanField(default=True, db_default=True)
    progress = models.TextField(default="", db_default="", help_text="the votes so far, in words")

    status = models.CharField(max_length=10, choices=InteractionStatus.choices, default=InteractionStatus.PENDING)
    closed_at = models.DateTimeField(null=True, help_text="when it stopped waiting, for whatever reason")
    outcome = models.TextField(null=True)
    comment = models.TextField(default="")
    answer: models.JSONField[Any, Any] = models.JSONField(null=True, help_text="as the workflow gets it")
    answered_by = models.TextField(null=True)
    answered_by_user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    answered_via = models.CharField(max_length=10, choices=Via.choices, null=True)
    answered_at = models.DateTimeField(null=True)
    answered_assurance = models.SmallIntegerField(choices=Assurance.choices, null=True)
    audit_id = models.UUIDField(null=True, help_text="the event of the audit log that holds the decision")

    class Meta:
        db_table = "hil_interaction"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=InteractionStatus.values), name="hil_interaction_status_exists"
            ),
            models.CheckConstraint(
                condition=models.Q(status="pending", closed_at__isnull=True)
                | (~models.Q(status="pending") & models.Q(closed_at__isnull=False)),
                name="hil_interaction_closed_once",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    status="answered",
                    outcome__isnull=False,
                    answered_at__isnull=False,
                    answered_by__isnull=False,
                    answered_via__isnull=False,
                )
                | (~models.Q(status="answered") & models.Q(answered_at__isnull=True, answered_by__isnull=True)),
                name="hil_interaction_answer_is_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "-priority", "deadline_at", "id"],  # the order of the inbox
                name="hil_interaction_waiting",
                condition=models.Q(status="pending"),
            ),
            models.Index(
                fields=["workspace", "-closed_at"],
                name="hil_interaction_closed",
                condition=~models.Q(status="pending"),
            ),
            models.Index(fields=["workspace", "-id"], name="hil_interaction_newest"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_pending(self) -> bool:
        """Whether it waits for an answer."""
        return self.status == InteractionStatus.PENDING

    @property
    def is_review(self) -> bool:
        """Whether the engine asks what became of a step, rather than a node of the workflow asking."""
        return self.kind == Kind.REVIEW_UNKNOWN

    @property
    def allowed(self) -> list[str]:
        """The outcomes a person may choose. `timeout` is the engine's alone."""
        return [outcome["name"] for outcome in self.outcomes if outcome["name"] != "timeout"]

    @property
    def buttons(self) -> list[str]:
        """The outcomes that have a button of their own: a review becomes `edited` by approving a changed content."""
        return [name for name in self.allowed if self.kind != Kind.REVIEW or name != "edited"]

    @property
    def outcome_style(self) -> str:
        """The style of the chosen button; empty while there is none."""
        return next((str(way["style"]) for way in self.outcomes if way["name"] == self.outcome), "")

    @property
    def outcome_word(self) -> str:
        """The outcome as something that has happened ("Approved"); empty while there is none."""
        return self.word_of(self.outcome) if self.outcome else ""

    def word_of(self, outcome: str) -> str:
        """An answer as something that was said: an option by its label, others from their names."""
        way = next((way for way in self.outcomes if way["name"] == outcome), None)
        is_option = self.kind == Kind.DECISION and self.form is None
        return str(way["label"]) if way and is_option else label_of(outcome)

    def is_overdue(self, now: datetime) -> bool:
        """Whether its time is over, whether or not the engine has taken note yet."""
        return self.deadline_at is not None and self.deadline_at <= now


class InteractionLink(models.Model):
    """A link that lets its holder answer one question, once. Only the SHA-256 of its token is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="+")
    ask = models.ForeignKey("hil.Ask", null=True, on_delete=models.CASCADE, related_name="+")
    recipient = models.CharField(max_length=200)
    hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "hil_interaction_link"

    def __str__(self) -> str:
        return f"link for {self.recipient}"

    @property
    def assurance(self) -> Assurance:
        """How surely its holder is known: one that was sent to somebody who is asked was meant for them alone."""
        return Assurance.LINK if self.ask_id is None else Assurance.RECIPIENT
