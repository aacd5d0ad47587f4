"""Two runs on one page: their states and times side by side, where they went apart, and what differs in each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core.errors import Invalid
from apps.executions import comparing, selectors, story
from apps.executions.comparing import COLUMNS, Compared
from apps.executions.engine.states import Status
from apps.executions.models import Execution
from apps.executions.web.rows import short_id, took
from apps.nodes.registry import node_type

OTHERS = 25
"""So many other runs of the workflow are offered to compare with."""


class ExecutionCompare(WorkspacePage):
    """Two runs side by side. Of one alone (`?b=`) it takes the run it did again, else the one before it."""

    permission = Permission.EXECUTION_READ
    active = "executions"
    may_lag = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page. `node` is the step that is looked at; without it, where they first differ."""
        asked = [found for raw in [*request.GET.getlist("ids"), *_pair(request)] if (found := _uuid(raw))]
        asked = list(dict.fromkeys(asked))
        if len(asked) == 1:
            other = self._other(asked[0])
            if not other:
                messages.info(request, _("There is no other run of this workflow yet"))
                return redirect("execution", workspace=self.workspace.slug, execution=asked[0])
            asked = [*other, asked[0]]
        if len(asked) != 2:
            raise Invalid(
                _("Two different runs are compared; %(n)s are named.") % {"n": len(asked)},
                hint=_("Tick two in the list of executions."),
            )
        if request.GET.getlist("ids") or not all(_pair(request)):
            url = reverse("execution-compare", args=[self.workspace.slug])
            return HttpResponseRedirect(f"{url}?a={min(asked)}&b={max(asked)}")
        runs = [selectors.execution_get(workspace_id=self.workspace.id, execution_id=each) for each in asked]
        snapshots = [selectors.execution_snapshot(execution=run, with_payloads=True) for run in runs]
        rows = comparing.compare(*snapshots)
        first = comparing.first_difference(rows)
        chosen = next((row for row in rows if row.node_id == request.GET.get("node")), first)
        context = {
            "runs": self._heads(runs),
            "a": runs[0],
            "b": runs[1],
            "slower": _difference(*(_seconds(run) for run in runs)),
            "rows": [_line(row) for row in rows],
            "same_count": sum(row.is_same for row in rows),
            "first": first,
            "first_words": _words(first) if first else "",
            "chosen": chosen,
            "parts": _parts(chosen, snapshots) if chosen else [],
        }
        return self.render("executions/compare.html", context)

    def _heads(self, runs: list[Execution]) -> list[dict[str, Any]]:
        """What stands above the two, with the runs of their workflows that could stand there instead."""
        others: dict[UUID, list[Execution]] = {}
        for workflow_id in {run.workflow_id for run in runs}:
            found = selectors.execution_list(workspace_id=self.workspace.id, workflow_id=workflow_id)
            others[workflow_id] = list(found[:OTHERS])
        heads = []
        for run, other in zip(runs, reversed(runs), strict=True):
            offered = [each for each in others[run.workflow_id] if each.id not in (run.id, other.id)]
            offered = sorted([*offered, run], key=lambda each: each.id, reverse=True)
            choices = [(each.id, _called(each)) for each in offered]
            heads.append({"execution": run, "short_id": short_id(run), "took": took(run), "choices": choices})
        return heads

    def _other(self, execution_id: UUID) -> list[UUID]:
        run = selectors.execution_get(workspace_id=self.workspace.id, execution_id=execution_id)
        if run.rerun_of:
            return [run.rerun_of]
        rows = selectors.execution_list(workspace_id=self.workspace.id, workflow_id=run.workflow_id)
        before = rows.filter(id__lt=run.id).values_list("id", flat=True)[:1]
        return list(before) or list(rows.filter(id__gt=run.id).values_list("id", flat=True)[:1])


def _called(run: Execution) -> str:
    """A run in one line of a list to choose from."""
    words = {
        Status.SUCCESS: _("success"),
        Status.ERROR: _("failed"),
        Status.TIMED_OUT: _("timed out"),
        Status.CANCELED: _("cancelled"),
        Status.WAITING_FOR_HUMAN: _("waiting for a person"),
        Status.WAITING: _("waiting"),
        Status.PAUSED: _("paused"),
    }
    at = date_format(timezone.localtime(run.created_at), "j M, H:i:s")
    return f"{short_id(run)} · {at} · {words.get(Status(run.status), _('running'))}"


def _pair(request: HttpRequest) -> list[str]:
    return [request.GET.get("a", ""), request.GET.get("b", "")]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _seconds(run: Execution) -> float | None:
    return (run.finished_at - run.created_at).total_seconds() if run.finished_at else None


def _difference(first: float | None, second: float | None) -> str:
    """`+1.2 s`, as the second against the first; empty where one goes on, or nobody could tell."""
    if first is None or second is None or abs(second - first) < 0.001:
        return ""
    return f"{'+' if second > first else '−'}{story.length(abs(second - first))}"


def _line(row: Compared) -> dict[str, Any]:
    cls = node_type(row.type, row.subtype)
    sides = [{"side": side, "took": "" if side.seconds is None else story.length(side.seconds)} for side in row.sides]
    return {
        "row": row,
        "icon": cls.icon if cls else "box",
        "sides": sides,
        "slower": _difference(*(side.seconds for side in row.sides)),
        "words": _words(row),
    }


def _words(row: Compared) -> str:
    """What is not the same, in words."""
    words = {
        "state": _("state"),
        "port": _("outcome"),
        "error": _("error"),
        "params": _("parameters"),
        "input": _("input"),
        "output": _("output"),
    }
    return ", ".join(words[each] for each in row.differs)


def _parts(row: Compared, snapshots: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What went in, was told and came out of a step: where both differ, and where the whole can be seen."""
    headings = {"input": _("Input"), "params": _("Parameters"), "output": _("Output")}
    first, second = (_run(each, row.node_id) for each in snapshots)
    if first is None or second is None:
        return []
    found = []
    for column in COLUMNS:
        large = [(run.get("large") or {}).get(column) for run in (first, second)]
        is_alike = comparing.alike(first, second, column)
        changes = [] if any(large) else comparing.changes(first.get(column), second.get(column))
        if is_alike:
            changes = []
        found.append(
            {
                "heading": headings[column],
                "is_alike": is_alike,
                "changes": changes,
                "is_cut": len(changes) == comparing.MOST_CHANGES,
                "large": [each["url"] if each else "" for each in large] if any(large) else [],
            }
        )
    return found


def _run(snapshot: Mapping[str, Any], node_id: str) -> Mapping[str, Any] | None:
    return next((run for run in snapshot["node_runs"] if run["node_id"] == node_id and run["path"] == ""), None)
