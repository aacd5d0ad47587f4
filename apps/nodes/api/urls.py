"""Routes under `/api/v1/app/`."""

from __future__ import annotations

from apps.core.api.routers import Router
from apps.nodes.api import views

router = Router()
router.register("node-types", views.NodeTypes, basename="node-type")

urlpatterns = router.urls
