"""Registration of the nodes app."""

from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class NodesConfig(AppConfig):
    """The node contract, the registry, the expression language and the nodes that come with the product."""

    name = "apps.nodes"
    label = "nodes"

    def ready(self) -> None:
        """Register the system checks, and the packages with an operator's own node types."""
        from apps.nodes import checks, registry  # noqa: F401

        registry.look_into(settings.NODE_PACKAGES)
