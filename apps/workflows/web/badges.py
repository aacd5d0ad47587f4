"""The words and badges that stand for a workflow's status, and the way back to the list."""

from __future__ import annotations

from django.http import HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.workflows.models import Status, Workflow


def badge(workflow: Workflow) -> str:
    """Its status as `components/status.html` takes it."""
    return workflow.status.upper()


def badge_label(workflow: Workflow) -> str:
    """What its badge says where that is more than the status; else empty."""
    if workflow.status == Status.ACTIVE and workflow.active_version:
        return _("v%(number)s live") % {"number": workflow.active_version.number}
    return ""


def status_word(status: str) -> str:
    """A status as people read it."""
    words = {"draft": _("Draft"), "active": _("Live"), "paused": _("Paused"), "archived": _("Archived")}
    return words[status]


def to_list(slug: str, query: str) -> HttpResponseRedirect:
    """Back to the list of workflows, searched and filtered as it was: `query` is what stood after its `?`."""
    url, kept = reverse("workflows", args=[slug]), QueryDict(query[:2_000]).urlencode()
    return HttpResponseRedirect(f"{url}?{kept}" if kept else url)
