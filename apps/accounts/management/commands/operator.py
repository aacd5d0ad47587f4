"""`manage.py operator ADDRESS [--revoke]`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import services
from apps.accounts.models import User


class Command(BaseCommand):
    """Let somebody with an account operate this installation at /admin/, or no more."""

    help = "Let somebody operate this installation at /admin/ (--revoke: no more). They sign in as always."

    def add_arguments(self, parser: CommandParser) -> None:
        """What the command line says."""
        parser.add_argument("address")
        parser.add_argument("--revoke", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """One service call."""
        address = options["address"].strip().lower()
        user = User.objects.filter(email=address).first()
        if user is None:
            raise CommandError(f"Nobody here has the address {address}.")
        services.operator_set(user=user, is_operator=not options["revoke"])
        self.stdout.write(f"{address} {'no longer operates' if options['revoke'] else 'operates'} this installation.")
