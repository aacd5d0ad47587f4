"""Routes under `/api/v1/app/`."""

from __future__ import annotations

from apps.core.api.routers import Router
from apps.workflows.api import converting, credentials, draft, folders, variables, views

router = Router()
router.register("workflows", converting.Conversions, basename="workflow-conversion")
router.register("workflows", views.Workflows, basename="workflow")
router.register("workflows", credentials.WorkflowCredentials, basename="workflow-credential")
router.register("workflows", draft.Drafts, basename="workflow-draft")
router.register("folders", folders.Folders, basename="folder")
router.register("variables", variables.Variables, basename="variable")

urlpatterns = router.urls
