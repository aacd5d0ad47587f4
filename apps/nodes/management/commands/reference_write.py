"""`manage.py reference_write [--check]`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.api.reference import api_page
from apps.nodes.reference import pages


class Command(BaseCommand):
    """Write the generated pages of `docs/reference/`, or say which of them are stale."""

    help = "Write the generated pages of docs/reference/ from the code; --check only says whether they are fresh."

    def add_arguments(self, parser: CommandParser) -> None:
        """What the command line says."""
        parser.add_argument("--check", action="store_true", help="Write nothing; fail when a page is stale.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare each page with what it should be."""
        folder = settings.BASE_DIR / "docs" / "reference"
        stale = {
            folder / name: text
            for name, text in (pages() | {"api.md": api_page()}).items()
            if not (folder / name).exists() or (folder / name).read_text() != text
        }
        if options["check"]:
            if stale:
                names = ", ".join(path.name for path in stale)
                raise CommandError(f"Stale: {names} in docs/reference. Run: python manage.py reference_write")
            return
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in stale.items():
            path.write_text(text)
            self.stdout.write(str(path.relative_to(settings.BASE_DIR)))
