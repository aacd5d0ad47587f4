"""Registration of the workflows app."""

from __future__ import annotations

from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    """Drafts, immutable versions, the graph and its lint, the pages where they are drawn."""

    name = "apps.workflows"
    label = "workflows"

    def ready(self) -> None:
        """Say which workflows name a credential."""
        from apps.integrations import uses
        from apps.workflows.credential_checks import uses_of

        uses.register(uses_of)
