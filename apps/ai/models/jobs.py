"""Work that a page asks for and a worker does: a row that says how far it is, and that outlives every process."""

from __future__ import annotations

from django.db import models

from apps.accounts.models import User, Workspace
from apps.core.ids import uuid7
from apps.integrations.models import Credential


class Job(models.Model):
    """Base of both. A worker holds it until `due_at` and says so anew twice a second; after that it is dead.

    What has ended is not due any more. `attempts` counts the workers that took it.
    """

    class Status(models.TextChoices):
        """How far it is."""

        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELED = "canceled"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    due_at = models.DateTimeField(null=True, help_text="when a worker may take it; null: it has ended")
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    error: models.JSONField[dict[str, str] | None, dict[str, str] | None] = models.JSONField(
        null=True, help_text="why it failed: code, message, hint, and the page below the workspace that mends it"
    )
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.status not in (self.Status.WAITING, self.Status.RUNNING)


class Pull(Job):
    """A model that an Ollama server fetches."""

    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="+")
    model = models.CharField(max_length=200)
    message = models.CharField(max_length=200, blank=True, help_text="what the server does at the moment")
    done_bytes = models.BigIntegerField(default=0)
    total_bytes = models.BigIntegerField(default=0, help_text="0 while it is not known")
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        db_table = "ai_pull"
        constraints = [
            models.UniqueConstraint(
                fields=["credential", "model"],
                condition=models.Q(status__in=["waiting", "running"]),
                name="ai_pull_once",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="ai_pull_due")]

    def __str__(self) -> str:
        return f"{self.model}: {self.status}"

    @property
    def percent(self) -> int | None:
        """How much is there, in whole percents; None while that is not known."""
        return min(self.done_bytes * 100 // self.total_bytes, 100) if self.total_bytes else None


class Comparison(models.Model):
    """One prompt for several models. Kept for 30 days."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    system = models.TextField(blank=True)
    prompt = models.TextField()
    sampling: models.JSONField[dict[str, object], dict[str, object]] = models.JSONField(
        default=dict, help_text="a nodes.contract.Sampling, without what is left to the provider"
    )
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "ai_comparison"
        indexes = [models.Index(fields=["workspace", "-id"], name="ai_comparison_newest")]

    def __str__(self) -> str:
        return self.prompt[:80]


class Answer(Job):
    """What one model of a comparison answers, as far as it has come."""

    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="answers")
    place = models.PositiveSmallIntegerField()
    provider = models.CharField(max_length=20)
    model = models.CharField(max_length=200)
    credential = models.ForeignKey(Credential, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.TextField(blank=True)
    finish = models.CharField(max_length=10, blank=True)
    notes: models.JSONField[list[str], list[str]] = models.JSONField(
        default=list, help_text="what of the request the model does not know and was left out"
    )
    usage: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(
        default=dict, help_text="a nodes.contract.Usage"
    )
    cost = models.DecimalField(max_digits=14, decimal_places=8, null=True, help_text="US dollars; null: not known")
    seconds = models.FloatField(null=True)
    first_seconds = models.FloatField(null=True, help_text="until the first piece of text")

    class Meta:
        db_table = "ai_comparison_answer"
        constraints = [models.UniqueConstraint(fields=["comparison", "place"], name="ai_answer_place")]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="ai_answer_due")]

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}: {self.status}"
