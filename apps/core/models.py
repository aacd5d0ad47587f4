"""Rows of no workspace that the whole installation shares."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models


class Pulse(models.Model):
    """The last sign of life of something there is one of per installation, such as `beat`."""

    name = models.CharField(max_length=100, primary_key=True)
    at = models.DateTimeField()
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "core_pulse"

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%H:%M:%S}"

    def is_fresh(self, *, now: datetime, within_seconds: float) -> bool:
        """Whether the last sign of life is at most `within_seconds` old."""
        return now - self.at <= timedelta(seconds=within_seconds)
