"""Addresses that need no sign-in."""

from __future__ import annotations

from django.urls import path

from apps.insights.api.public_views import read_health

urlpatterns = [path("health/", read_health, name="health")]
