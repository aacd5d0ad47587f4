"""Registration of the accounts app."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, workspaces, roles, API keys and the audit log."""

    name = "apps.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Register the system checks."""
        from apps.accounts import checks  # noqa: F401
