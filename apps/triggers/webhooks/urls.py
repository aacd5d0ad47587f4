"""Addresses of the webhooks, and of nodes that wait for a call."""

from __future__ import annotations

from django.urls import path

from apps.triggers.webhooks.views import receive, receive_call

urlpatterns = [
    path("webhooks/<str:workspace>/<path:path>", receive, name="webhook"),
    path("callbacks/<str:token>", receive_call, name="callback"),
]
