"""Registration of the triggers app."""

from __future__ import annotations

from django.apps import AppConfig


class TriggersConfig(AppConfig):
    """How executions start by themselves: webhooks and schedules."""

    name = "apps.triggers"
    label = "triggers"
    verbose_name = "Triggers"
