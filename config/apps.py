"""What must be loaded in every process of the product, whichever way it was started."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class CompositionConfig(AppConfig):
    """Makes our Celery application the current one: web processes and commands poke workers through it, too."""

    name = "config"

    def ready(self) -> None:
        """Load the Celery application."""
        import_module("config.celery")
