"""Pages under `/w/<workspace>/`."""

from __future__ import annotations

from django.urls import path

from apps.insights.web import ai_budgets, ai_usage, views

urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("settings/ai-usage/", ai_usage.AiUsage.as_view(), name="ai-usage"),
    path("settings/ai-budgets/", ai_budgets.AiBudgets.as_view(), name="ai-budgets"),
    path("settings/ai-budgets/<uuid:budget>/", ai_budgets.AiBudget.as_view(), name="ai-budget"),
    path("settings/ai-budgets/<uuid:budget>/delete/", ai_budgets.AiBudgetDelete.as_view(), name="ai-budget-delete"),
    path("executions/<uuid:execution>/costs/", ai_usage.ExecutionCosts.as_view(), name="execution-costs"),
]
