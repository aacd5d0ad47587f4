"""Routes under `/api/v1/app/`."""

from __future__ import annotations

from apps.core.api.routers import Router
from apps.triggers.api import views

router = Router()
router.register("events", views.Events, basename="event")

urlpatterns = router.urls
