"""`manage.py models_update`: write the catalogue of models anew, from the list LiteLLM brings."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.ai.gateway import catalogue, cataloguing


class Command(BaseCommand):
    """Write the catalogue of models anew, from the list the installed LiteLLM brings and from what is kept by hand."""

    help = __doc__ or ""

    def add_arguments(self, parser: Any) -> None:
        """`--check` changes nothing."""
        parser.add_argument("--check", action="store_true", help="only say whether the file is as it would be written")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it, and say what is new and what is gone."""
        was = catalogue.FILE.read_text() if catalogue.FILE.exists() else "{}\n"
        text = cataloguing.written()
        if options["check"]:
            if text != was:
                self.stderr.write("The catalogue of models differs from what LiteLLM brings.")
                raise SystemExit(1)
            return
        catalogue.FILE.write_text(text)
        for line in cataloguing.changes(was, text):
            self.stdout.write(line)
