"""Routes under `/api/v1/app/`."""

from __future__ import annotations

from django.urls import path

from apps.core.api.routers import Router
from apps.hil.api import resume, views

router = Router()
router.register("interactions", views.Interactions, basename="interaction")

urlpatterns = [
    path("executions/<uuid:execution>/resume/", resume.Resume.as_view(), name="execution-resume"),
    *router.urls,
]
