"""`manage.py api_key_create --workspace SLUG --name NAME [--scopes a,b]`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import selectors, services
from apps.accounts.access.actor import system
from apps.core.errors import DomainError


class Command(BaseCommand):
    """Make an API key and print it, and nothing else, on standard output."""

    help = "Make an API key for a workspace and print it (nothing else) on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        """What the command line says."""
        parser.add_argument("--workspace", required=True, metavar="SLUG")
        parser.add_argument("--name", required=True)
        parser.add_argument("--scopes", default="", help="Comma-separated; without it the key may do everything.")

    def handle(self, *args: Any, **options: Any) -> None:
        """One service call."""
        workspace = selectors.workspace_by_slug(options["workspace"])
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']!r}.")
        scopes = [scope.strip() for scope in options["scopes"].split(",") if scope.strip()]
        try:
            created = services.api_key_create(
                workspace=workspace, name=options["name"], scopes=scopes or None, actor=system("manage.py")
            )
        except DomainError as error:
            raise CommandError(f"{error.message} {error.hint}".strip()) from None
        self.stdout.write(created.secret)
