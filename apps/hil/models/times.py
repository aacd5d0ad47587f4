"""When people are reminded, and when they work."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from django.db import models

from apps.accounts.models import Workspace
from apps.core.ids import uuid7
from apps.hil.models.questions import Interaction


class TimerKind(models.TextChoices):
    """What falls due. A deadline that runs day and night is the engine's wait instead."""

    REMIND = "remind", "Reminder"
    ESCALATE = "escalate", "Escalation"
    DEADLINE = "deadline", "Deadline"


class Timer(models.Model):
    """A moment in the life of an open question. Gone once it was acted on, or the question is closed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=TimerKind.choices)
    number = models.SmallIntegerField(default=0, help_text="which step of the ladder")
    due_at = models.DateTimeField()

    class Meta:
        db_table = "hil_timer"
        constraints = [models.UniqueConstraint(fields=["interaction", "kind", "number"], name="hil_timer_once")]
        indexes = [models.Index(fields=["due_at"], name="hil_timer_due")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.due_at:%Y-%m-%d %H:%M}"


class Calendar(models.Model):
    """The hours in which a workspace works. Without a row: Monday to Friday, 9 to 17, UTC."""

    workspace = models.OneToOneField(Workspace, primary_key=True, on_delete=models.CASCADE, related_name="+")
    zone = models.CharField(max_length=64, default="UTC")
    days: models.JSONField[Any, Any] = models.JSONField(default=list, help_text="1 (Monday) to 7")
    opens = models.TimeField(default=time(9))
    closes = models.TimeField(default=time(17), help_text="00:00: midnight")
    holidays: models.JSONField[Any, Any] = models.JSONField(default=list, help_text="dates, as 2026-12-25")

    class Meta:
        db_table = "hil_calendar"

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}–{self.closes:%H:%M} {self.zone}"

    @property
    def free_days(self) -> frozenset[date]:
        """The holidays."""
        return frozenset(date.fromisoformat(each) for each in self.holidays)
