"""Routes under `/api/v1/app/`."""

from __future__ import annotations

from apps.ai.api import memories
from apps.core.api.routers import Router

router = Router()
router.register("ai/memories", memories.Memories, basename="ai-memory")

urlpatterns = router.urls
