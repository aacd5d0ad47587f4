"""What became of a file that was imported, told once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.workflows import selectors
from apps.workflows.models import Workflow
from apps.workflows.transfer import Parcel

MOST_REMARKS = 300
_KEPT = "workflow_imported"
"""Where the session keeps what became of the last import."""


def keep_remarks(request: HttpRequest, workflow: Workflow, parcel: Parcel) -> None:
    """Keep what there is to say about an import until its page is asked for, or until the next import."""
    remarks = [remark.as_dict() for remark in parcel.remarks[:MOST_REMARKS]]
    request.session[_KEPT] = {
        "workflow": str(workflow.id),
        "source": parcel.source,
        "remarks": remarks,
        "more": len(parcel.remarks) - len(remarks),
    }


class WorkflowImported(WorkspacePage):
    """What was left out of a file that was just imported, what is in another form, and what needs a look."""

    permission = Permission.WORKFLOW_READ
    active = "workflows"

    def get(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """The report, as long as this is the last import of the session; else the workflow itself."""
        found = selectors.workflow_get(self.workspace.id, workflow)
        kept = request.session.get(_KEPT)
        if not isinstance(kept, dict) or kept.get("workflow") != str(workflow):
            return redirect("workflow", workspace=self.workspace.slug, workflow=workflow)
        headings = {"left_out": _("Left out"), "check": _("To be looked at"), "changed": _("In another form")}
        groups = [
            {"heading": heading, "nodes": _by_node(of_it), "count": len(of_it)}
            for kind, heading in headings.items()
            if (of_it := [remark for remark in kept["remarks"] if remark["kind"] == kind])
        ]
        context = {"workflow": found, "source": kept["source"], "groups": groups, "more": kept["more"]}
        return self.render("workflows/imported.html", context)


def _by_node(remarks: list[dict[str, str]]) -> list[dict[str, Any]]:
    nodes: dict[str, list[dict[str, str]]] = {}
    for remark in remarks:
        nodes.setdefault(remark["node"], []).append(remark)
    return [{"name": name, "remarks": found} for name, found in nodes.items()]
