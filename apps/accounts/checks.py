"""System checks of this app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def runtime_role_is_assumed(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The product must not run as the owner of its tables: the owner could look past the tenant wall."""
    return [
        Error(
            f"The database alias `{alias}` does not run as agentflow_app.",
            hint='Put `-c role=agentflow_app` into OPTIONS["options"]; migrations use the alias `owner`.',
            id="accounts.E001",
        )
        for alias, given in settings.DATABASES.items()
        if alias != "owner" and "role=agentflow_app" not in given["OPTIONS"].get("options", "")
    ]
