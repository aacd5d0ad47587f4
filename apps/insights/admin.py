"""What beat ticks, for operators."""

from __future__ import annotations

from typing import Any

from celery import current_app
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import PeriodicTask

from apps.accounts.access.operators import OperatorAdmin, one_by_one


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(OperatorAdmin):
    """What beat ticks and when it did last. Schedules of workflows are triggers, not these."""

    menu_title = _("Beat schedules")
    list_display = ("name", "task", "schedule", "enabled", "last_run_at", "total_run_count")
    ordering = ("name",)
    found_by = ("name",)
    fields = ("name", "task", "schedule", "enabled", "expire_seconds", "last_run_at", "total_run_count", "description")
    readonly_fields = ("schedule",)
    actions = ("run_now",)

    @admin.display(description=_("Every"))
    def schedule(self, row: PeriodicTask) -> str:
        """When it is due, in words."""
        return str(row.schedule)

    @admin.action(description=_("Run now"))
    def run_now(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Give it to a worker at once, whatever its schedule says."""
        one_by_one(self, request, rows, lambda row: current_app.send_task(row.task), done="handed to a worker")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what their schedules are, in one query."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("interval", "crontab", "solar", "clocked")
