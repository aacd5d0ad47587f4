"""Routes under `/api/v1/app/`."""

from __future__ import annotations

from django.urls import path

from apps.core.api.routers import Router
from apps.triggers.api import deliveries, triggers, views

router = Router()
router.register("events", views.Events, basename="event")
router.register("deliveries", deliveries.Deliveries, basename="inbox-delivery")
router.register("replays", deliveries.Replays, basename="replay")
router.register("webhooks", triggers.Webhooks, basename="webhook-list")

_ONE = "workflows/<uuid:pk>/triggers/<str:node>/"

urlpatterns = [
    path("schedules/preview/", triggers.SchedulePreview.as_view(), name="schedule-preview"),
    path("workflows/<uuid:pk>/triggers/", triggers.TriggerList.as_view(), name="workflow-trigger-list"),
    path(_ONE, triggers.TriggerOne.as_view(), name="workflow-trigger"),
    path(f"{_ONE}pause/", triggers.TriggerPause.as_view(), name="workflow-trigger-pause"),
    path(f"{_ONE}resume/", triggers.TriggerResume.as_view(), name="workflow-trigger-resume"),
    path(f"{_ONE}try/", triggers.TriggerTry.as_view(), name="workflow-trigger-try"),
    *router.urls,
]
