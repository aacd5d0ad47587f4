"""WebSocket routes."""

from __future__ import annotations

from django.urls import path, re_path

from apps.executions.consumers import ExecutionConsumer, Nowhere

websocket_urlpatterns = [
    path("ws/executions/<uuid:execution_id>/", ExecutionConsumer.as_asgi()),
    re_path("", Nowhere.as_asgi()),
]
