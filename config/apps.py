"""What must be loaded in every process of the product, whichever way it was started."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig

from apps.core.telemetry import spans


class CompositionConfig(AppConfig):
    """Makes our Celery application the current one: web processes and commands poke workers through it, too."""

    name = "config"

    def ready(self) -> None:
        """Load the Celery application; record spans if somebody wants them."""
        import_module("config.celery")
        if settings.TRACES_ENDPOINT or settings.LANGFUSE:
            spans.configure(
                service="agentflow",
                version=settings.REVISION,
                is_sent=bool(settings.TRACES_ENDPOINT),
                models=spans.Sink(*settings.LANGFUSE) if settings.LANGFUSE else None,
            )


class OperatorsConfig(AdminConfig):
    """Django's admin with the site of our operators."""

    default_site = "apps.accounts.access.operators.site.OperatorSite"
