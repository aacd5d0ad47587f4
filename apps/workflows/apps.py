"""Registration of the workflows app."""

from __future__ import annotations

from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    """Drafts, immutable versions, the graph and its lint, the pages where they are drawn."""

    name = "apps.workflows"
    label = "workflows"
