"""Routes under `/api/v1/app/`."""

from __future__ import annotations

from django.urls import path

from apps.core.api.routers import Router
from apps.executions.api import events, execute, views

router = Router()
router.register("executions", views.Executions, basename="execution")

urlpatterns = [
    path("workflows/<uuid:pk>/execute/", execute.view(), name="workflow-execute"),
    path("executions/<uuid:pk>/events/", events.view, name="execution-events"),
    *router.urls,
]
