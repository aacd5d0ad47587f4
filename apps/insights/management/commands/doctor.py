"""`manage.py doctor`."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from apps.insights.doctor import examine


class Command(BaseCommand):
    """Say of every part of the installation how it is, and of the others how to mend them."""

    help = "Check this installation, one line per part, with the mend of what is wrong. Exit code 1 when something is."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line per part as soon as it is known."""
        wrong = 0
        for diagnosis in examine():
            wrong += not diagnosis.is_ok
            self.stdout.write(str(diagnosis))
        if wrong:
            self.stdout.write(f"{wrong} to mend.")
            sys.exit(1)
        self.stdout.write("All is well.")
