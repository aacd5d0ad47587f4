"""Schedules and deliveries, for operators. What was delivered is not shown here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.access.operators import OneOf, TenantAdmin
from apps.triggers.models import Delivery, Schedule


class _Verdict(OneOf):
    title = _("verdict")
    parameter_name = "verdict"
    values = ("accepted", "duplicate", "merged", "refused", "limited", "captured")


@admin.register(Delivery)
class DeliveryAdmin(TenantAdmin):
    """What came into the chosen workspace from outside, and what became of it."""

    menu_title = _("Deliveries")
    list_display = ("received_at", "source", "label", "verdict", "code", "status", "size", "execution_id")
    list_filter = (_Verdict,)
    found_by = ("id", "execution_id", "workflow_id")
    fields = (
        *("id", "received_at", "source", "label", "workflow_id", "node_id", "verdict", "code", "message", "status"),
        *("execution_id", "replay_of", "external_id", "size", "repeats"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without what was delivered."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("request", "by_reference", "remote")


@admin.register(Schedule)
class ScheduleAdmin(TenantAdmin):
    """The schedules of the chosen workspace's workflows."""

    list_display = ("workflow", "expression", "timezone", "next_fire_at", "last_fired_at", "is_paused", "error")
    list_select_related = ("workflow",)
    found_by = ("workflow_id", "id")
    fields = ("id", *list_display, "missed", "last_skipped_at", "last_skip_reason", "skipped_count")
