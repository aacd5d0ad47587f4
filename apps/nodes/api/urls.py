"""Routes under `/api/v1/app/`."""

from __future__ import annotations

from django.urls import path

from apps.core.api.routers import Router
from apps.nodes.api import expressions, views

router = Router()
router.register("node-types", views.NodeTypes, basename="node-type")

urlpatterns = [
    path("expression-language/", expressions.ExpressionLanguage.as_view(), name="expression-language"),
    *router.urls,
]
