"""Language models: the gateway to them, what they cost, and the agents made of them."""

from __future__ import annotations

from django.apps import AppConfig


class AiConfig(AppConfig):
    """Models, agents, tools and memories."""

    name = "apps.ai"
    label = "ai"
    verbose_name = "AI"
