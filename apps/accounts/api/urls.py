"""Routes under `/api/v1/app/`."""

from __future__ import annotations

from django.urls import path

from apps.accounts.api import notices, views
from apps.core.api.routers import Router

router = Router()
router.register("members", views.Members, basename="member")
router.register("keys", views.Keys, basename="key")
router.register("notices", notices.Notices, basename="notice")
router.register("audit-events", views.AuditLog, basename="audit-event")

urlpatterns = [path("me/", views.Me.as_view(), name="me"), *router.urls]
