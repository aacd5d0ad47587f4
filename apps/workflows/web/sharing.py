"""The page on which a workflow is shared with chosen people."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from apps.accounts.access.objects import Kind
from apps.accounts.access.permissions import Permission
from apps.accounts.access.sharing import SharingPage
from apps.workflows import selectors
from apps.workflows.models import Workflow
from apps.workflows.web.views import OneWorkflow


class WorkflowSharing(SharingPage, OneWorkflow):
    """Who may look at it, run it and change it."""

    permission = Permission.WORKFLOW_READ
    post_permission = Permission.WORKFLOW_UPDATE
    kind = Kind.WORKFLOW
    tab = "sharing"

    def found(self, object_id: UUID) -> Workflow:
        """The workflow. Raises `WorkflowUnknown`."""
        return selectors.workflow_get(self.workspace.id, object_id)

    def here(self, object_id: UUID) -> str:
        """The address of this page."""
        return reverse("workflow-sharing", args=[self.workspace.slug, object_id])

    def drawn(self, found: Any, context: dict[str, Any]) -> HttpResponse:
        """The page with the workflow's header."""
        return self.show("workflows/sharing.html", found, context)
