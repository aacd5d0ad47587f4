"""`manage.py startnode ACTION MY_NODE`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.nodes.scaffold import scaffold


class Command(BaseCommand):
    """Write a new node type with its passing test."""

    help = "Write a new node type with its passing test. There is nothing to register."

    def add_arguments(self, parser: CommandParser) -> None:
        """What the command line says."""
        parser.add_argument("type", help="TRIGGER, FLOW, ACTION, …")
        parser.add_argument("subtype", help="its name, like HTTP_REQUEST")
        parser.add_argument("--vendor", default="", help="folder of an EXTERNAL_ACTION's vendor")
        parser.add_argument("--into", default=str(settings.BASE_DIR), help="the repository (default: this one)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the files; those that exist are left alone."""
        try:
            files = scaffold(options["type"], options["subtype"], vendor=options["vendor"]).files
        except DomainError as error:
            raise CommandError(error.message) from None
        root = Path(options["into"])
        for name in files:
            if (root / name).exists():
                raise CommandError(f"{name} exists already.")
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            for folder in [path.parent, *path.parent.parents]:
                if folder in (root, root.parent) or (folder / "__init__.py").exists():
                    break
                (folder / "__init__.py").touch()
            path.write_text(text)
            self.stdout.write(name)
