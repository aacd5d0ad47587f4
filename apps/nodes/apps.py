"""Registration of the nodes app."""

from __future__ import annotations

from django.apps import AppConfig


class NodesConfig(AppConfig):
    """The node contract, the registry, the expression language and the nodes that come with the product."""

    name = "apps.nodes"
    label = "nodes"

    def ready(self) -> None:
        """Register the system checks."""
        from apps.nodes import checks  # noqa: F401
