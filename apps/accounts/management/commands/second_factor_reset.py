"""`manage.py second_factor_reset --email ADDRESS`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import services
from apps.accounts.models import User


class Command(BaseCommand):
    """For somebody who lost phone, passkeys and recovery codes."""

    help = "Remove every second factor of a person, who then signs in as before they had one."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose."""
        parser.add_argument("--email", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """One service call."""
        user = User.objects.filter(email=options["email"].strip().lower()).first()
        if user is None:
            raise CommandError(f"Nobody has the address {options['email']}.")
        gone = services.second_factor_reset(user=user)
        self.stdout.write(f"Removed {gone} second factors and recovery codes of {user.email}.")
