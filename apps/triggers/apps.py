"""Registration of the triggers app."""

from __future__ import annotations

from django.apps import AppConfig


class TriggersConfig(AppConfig):
    """How executions start by themselves and what reaches them from outside: webhooks, schedules, calls, events."""

    name = "apps.triggers"
    label = "triggers"
    verbose_name = "Triggers"

    def ready(self) -> None:
        """Plug into the engine's seam: who waits for an event is known in the moment the wait opens."""
        from apps.executions import wait_kinds
        from apps.triggers.handlers import Events

        wait_kinds.register("event", Events())
