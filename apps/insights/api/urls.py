"""Routes under `/api/v1/app/`."""

from __future__ import annotations

from django.urls import path

from apps.core.api.routers import Router
from apps.insights.api.ai_budgets import AiBudgets
from apps.insights.api.ai_costs import AiCalls, AiExecution, AiUsage
from apps.insights.api.search import Search

router = Router()
router.register("ai/calls", AiCalls, basename="ai-call")
router.register("ai/budgets", AiBudgets, basename="ai-budget")

urlpatterns = [
    path("search/", Search.as_view(), name="search"),
    path("ai/usage/", AiUsage.as_view(), name="ai-usage-api"),
    path("ai/executions/<uuid:pk>/", AiExecution.as_view(), name="ai-execution"),
    *router.urls,
]
