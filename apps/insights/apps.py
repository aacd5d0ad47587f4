"""Registration of the insights app."""

from __future__ import annotations

from django.apps import AppConfig


class InsightsConfig(AppConfig):
    """How the product is doing: health, the home page, and the demo workspace that shows all of it."""

    name = "apps.insights"
    label = "insights"
    verbose_name = "Insights"
