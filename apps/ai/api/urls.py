"""Routes under `/api/v1/app/`."""

from __future__ import annotations

from django.urls import path

from apps.ai.api import comparisons, memories, models, servers
from apps.core.api.routers import Router

router = Router()
router.register("ai/memories", memories.Memories, basename="ai-memory")
router.register("ai/models", models.Models, basename="ai-model")
router.register("ai/compare", comparisons.Comparisons, basename="ai-comparison")
router.register("ai/ollama", servers.Servers, basename="ai-ollama")

urlpatterns = [path("ai/settings/", models.Settings.as_view(), name="ai-settings"), *router.urls]
