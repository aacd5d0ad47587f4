"""Addresses of the webhooks."""

from __future__ import annotations

from django.urls import path

from apps.triggers.webhooks.views import receive

urlpatterns = [path("<str:workspace>/<path:path>", receive, name="webhook")]
