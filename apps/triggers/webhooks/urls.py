"""Addresses of the webhooks, and of nodes that wait for a call."""

from __future__ import annotations

from django.urls import path

from apps.triggers.webhooks.views import receive, receive_call, receive_test

urlpatterns = [
    path("webhooks/<str:workspace>/<path:path>", receive, name="webhook"),
    path("webhooks-test/<str:workspace>/<path:path>", receive_test, name="webhook-test"),
    path("callbacks/<str:token>", receive_call, name="callback"),
]
