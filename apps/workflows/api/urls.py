"""Routes under `/api/v1/app/`."""

from __future__ import annotations

from apps.core.api.routers import Router
from apps.workflows.api import views

router = Router()
router.register("workflows", views.Workflows, basename="workflow")

urlpatterns = router.urls
