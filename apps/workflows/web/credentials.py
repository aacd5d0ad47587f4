"""The credentials of a workflow: choosing them, and moving secrets out of the draft."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.accounts.access.permissions import Permission
from apps.core.errors import DomainError
from apps.core.tenancy import tenant
from apps.workflows import binding, selectors
from apps.workflows.graph import draft_of
from apps.workflows.literals import literals
from apps.workflows.models import Workflow
from apps.workflows.web.views import OneWorkflow


class WorkflowCredentials(OneWorkflow):
    """Every node that can use a credential, and every secret that stands in the draft."""

    permission = Permission.WORKFLOW_READ
    post_permission = Permission.WORKFLOW_UPDATE
    manages_transaction = True
    tab = "credentials"

    def get(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """The page."""
        with tenant(self.workspace.id):
            return self._page(selectors.workflow_get(self.workspace.id, workflow))

    def post(self, request: HttpRequest, workflow: UUID) -> HttpResponse:
        """Choose a credential for a node, or make one of a secret."""
        path = request.POST.get("path", "")[:1_000].replace("\0", "")
        try:
            if "name" in request.POST:
                made = binding.secret_move(
                    workspace_id=self.workspace.id,
                    workflow_id=workflow,
                    actor=self.actor,
                    path=path,
                    name=request.POST["name"].replace("\0", ""),
                    scope="workspace" if self.actor.can(Permission.CREDENTIAL_MANAGE) else "user",
                )
                messages.success(
                    request,
                    _(
                        "“%(name)s” is kept as a credential, and the draft names it. Published versions and past "
                        "executions still hold the text: get a fresh secret from the other side."
                    )
                    % {"name": made.name},
                )
            else:
                binding.credential_bind(
                    workspace_id=self.workspace.id,
                    workflow_id=workflow,
                    actor=self.actor,
                    path=path,
                    credential_id=_chosen(request.POST.get("credential", "")),
                )
                messages.success(request, _("Saved in the draft."))
        except DomainError as refused:
            messages.error(request, f"{refused.message} {refused.hint}".strip())
        return redirect("workflow-credentials", self.workspace.slug, workflow)

    def _page(self, workflow: Workflow) -> HttpResponse:
        context: dict[str, Any] = {
            "choices": binding.choices(self.workspace.id, workflow.draft, self.actor),
            "secrets": literals(draft_of(workflow.draft)[0]),
        }
        return self.show("workflows/credentials.html", workflow, context)


def _chosen(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
