"""`manage.py startintegration acme_crm --title "Acme CRM"`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.integrations.scaffold import scaffold


class Command(BaseCommand):
    """Write a vendor's folder: client, credential type, one node, a fake server, and tests that pass."""

    help = "Write a new integration with its passing tests. There is nothing to register."

    def add_arguments(self, parser: CommandParser) -> None:
        """What the command line says."""
        parser.add_argument("vendor", help="name of its folder, like acme_crm")
        parser.add_argument("--title", default="", help="what people call it, like “Acme CRM”")
        parser.add_argument("--auth", default="oauth2", help="oauth2 (an account is connected) or token (pasted)")
        parser.add_argument("--into", default=str(settings.BASE_DIR), help="the repository (default: this one)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the files; when one exists already, none is written."""
        try:
            files = scaffold(options["vendor"], title=options["title"], auth=options["auth"])
        except DomainError as error:
            raise CommandError(error.message) from None
        root = Path(options["into"])
        for name in files:
            if (root / name).exists():
                raise CommandError(f"{name} exists already.")
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            self.stdout.write(name)
        for folder in ("apps/integrations/vendors", "tests/integrations/vendors"):
            (root / folder / "__init__.py").touch()
        self.stdout.write("\nIt works already: run its tests, then make it true, from client.py outwards.")
