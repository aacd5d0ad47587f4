"""Executions, workers, redrives and circuits, for operators. What flowed through an execution is not shown here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.accounts.access.operators import OneOf, OperatorAdmin, TenantAdmin, one_by_one, operator_of
from apps.core import clock
from apps.executions import circuits, launch, redrives
from apps.executions.engine.states import Status
from apps.executions.models import Circuit, Execution, NodeRun, Redrive, Worker
from apps.executions.selectors import has_status

MOST_NODE_RUNS = 200


class _Status(OneOf):
    title = _("status")
    parameter_name = "status"
    values = tuple(str(status) for status in Status)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """As the partial indexes are cut."""
        chosen = self.value()
        return queryset.filter(has_status([chosen])) if chosen in self.values and chosen else queryset


class _Mode(OneOf):
    title = _("mode")
    parameter_name = "mode"
    values = ("production", "test")


@admin.register(Execution)
class ExecutionAdmin(TenantAdmin):
    """The executions of the chosen workspace, the newest first."""

    list_display = ("id", "workflow_name", "status", "mode", "queue", "created_at", "finished_at", "error_code")
    list_filter = (_Status, _Mode)
    found_by = ("id", "workflow_id", "rerun_of", "parent_id")
    search_help_text = _("The id of an execution, or of a workflow")
    fields = (
        *("id", "workflow_name", "version_id", "status", "mode", "trigger_node", "queue", "priority"),
        *("created_at", "started_at", "finished_at", "deadline_at", "runnable_at", "slot_at", "held_by", "owner"),
        *("fence", "seq", "resume_count", "rerun_of", "parent_id", "error", "unknown_writes", "node_runs"),
    )
    readonly_fields = ("workflow_name", "version_id", "error_code", "node_runs")
    actions = ("cancel", "redrive")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without what flowed through them."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.prefetch_related("workflow").defer("input", "output", "response", "started_by", "by_reference")

    @admin.display(description=_("Workflow"))
    def workflow_name(self, row: Execution) -> str:
        """Its name."""
        return row.workflow.name

    @admin.display(description=_("Error"))
    def error_code(self, row: Execution) -> str:
        """The code, which says what kind of error it is and nothing of the data."""
        return str((row.error or {}).get("code", ""))

    @admin.display(description=_("Node runs"))
    def node_runs(self, row: Execution) -> SafeString:
        """Where each of its steps stands, the first two hundred."""
        rows = NodeRun.objects.filter(workspace_id=row.workspace_id, execution_id=row.id)
        names = ("node_id", "path", "state", "attempt", "failures", "started_at", "finished_at", "retry_at")
        found = rows.order_by("started_at", "node_id", "path").values_list(*names)[:MOST_NODE_RUNS]
        head = format_html_join("", '<th class="p-2 text-left">{}</th>', ((name.replace("_", " "),) for name in names))
        lines = (format_html_join("", '<td class="p-2">{}</td>', ((_cell(each),) for each in run)) for run in found)
        body = format_html_join("", "<tr>{}</tr>", ((line,) for line in lines))
        return format_html('<table class="w-full"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>', head, body)

    @admin.action(description=_("Cancel"))
    def cancel(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """End them at once, as their people could."""
        actor = operator_of(request)

        def cancel(row: Execution) -> None:
            launch.execution_stop(workspace_id=row.workspace_id, execution_id=row.id, actor=actor, now=clock.now())

        one_by_one(self, request, rows, cancel, done="cancelled")

    @admin.action(description=_("Redrive: again, from where it failed"))
    def redrive(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Each as a job of its own, so that one that cannot be redriven keeps no other from it."""
        actor = operator_of(request)

        def redrive(row: Execution) -> None:
            redrives.redrive_start(
                workspace_id=row.workspace_id, actor=actor, wanted=redrives.Wanted(ids=(row.id,)), now=clock.now()
            )

        one_by_one(self, request, rows, redrive, done="redriven")


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:%Y-%m-%d %H:%M:%S}" if hasattr(value, "strftime") else str(value)


@admin.register(Worker)
class WorkerAdmin(OperatorAdmin):
    """Processes that run executions, and until when each counts as alive."""

    list_display = ("name", "is_alive", "queues", "started_at", "alive_until")
    ordering = ("-alive_until",)
    found_by = ("name", "id")
    fields = ("id", "name", "is_alive", "queues", "started_at", "alive_until")
    readonly_fields = ("is_alive",)

    @admin.display(description=_("Alive"), boolean=True)
    def is_alive(self, row: Worker) -> bool:
        """Whether it still renews its row."""
        return row.alive_until > clock.now()


@admin.register(Redrive)
class RedriveAdmin(TenantAdmin):
    """Jobs of the chosen workspace that redrive what failed."""

    list_display = ("id", "status", "version", "total", "created_at", "finished_at")
    fields = (*list_display, "asked", "started_by")
    actions = ("cancel",)

    @admin.action(description=_("Cancel"))
    def cancel(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Begin none of the rest."""
        actor = operator_of(request)

        def cancel(row: Redrive) -> None:
            redrives.redrive_cancel(workspace_id=row.workspace_id, redrive_id=row.id, actor=actor, now=clock.now())

        one_by_one(self, request, rows, cancel, done="cancelled")


@admin.register(Circuit)
class CircuitAdmin(TenantAdmin):
    """Other systems that failed, as the chosen workspace knows them."""

    list_display = ("target", "state", "failures", "failed_at", "until", "changed_at")
    found_by = ("target", "id")
    fields = (*list_display, "pause_seconds", "last_error")
    actions = ("reset",)

    @admin.action(description=_("Call again"))
    def reset(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Forget the failures."""
        actor = operator_of(request)

        def reset(row: Circuit) -> None:
            circuits.circuit_reset(workspace_id=row.workspace_id, circuit_id=row.id, actor=actor)

        one_by_one(self, request, rows, reset, done="called again")
