"""Routes under `/api/v1/app/`."""

from __future__ import annotations

from django.urls import path

from apps.insights.api.search import Search

urlpatterns = [path("search/", Search.as_view(), name="search")]
