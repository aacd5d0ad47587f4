"""Registration of the ground floor."""

from __future__ import annotations

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """What every other app stands on."""

    name = "apps.core"
    label = "core"
