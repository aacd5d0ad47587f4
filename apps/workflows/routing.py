"""WebSocket routes."""

from __future__ import annotations

from django.urls import path

from apps.workflows.consumers import WorkflowConsumer

websocket_urlpatterns = [path("ws/workflows/<uuid:workflow_id>/", WorkflowConsumer.as_asgi())]
