"""Connections to other systems: credentials, how they are obtained, and the vendors."""

from __future__ import annotations

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Credentials, OAuth and vendors."""

    name = "apps.integrations"
    label = "integrations"
