"""`manage.py workspace_create --name NAME --owner ADDRESS [--slug SLUG] [--if-missing]`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import selectors, services
from apps.accounts.access.actor import system
from apps.accounts.models import User
from apps.core.errors import DomainError


class Command(BaseCommand):
    """Make a workspace with an owner; the owner gets an account without a password if there is none."""

    help = "Make a workspace. Its owner gets in with `manage.py sign_in_link` or a password of their own."

    def add_arguments(self, parser: CommandParser) -> None:
        """What the command line says."""
        parser.add_argument("--name", required=True)
        parser.add_argument("--owner", required=True, metavar="ADDRESS")
        parser.add_argument("--slug", default=None)
        parser.add_argument("--if-missing", action="store_true", help="Do nothing when the slug exists already.")

    def handle(self, *args: Any, **options: Any) -> None:
        """One service call."""
        if options["if_missing"] and options["slug"] and selectors.slug_is_taken(options["slug"]):
            return
        address = options["owner"].strip().lower()
        owner = User.objects.filter(email=address).first() or User.objects.create_user(address)
        try:
            made = services.workspace_create(
                name=options["name"], slug=options["slug"], owner=owner, actor=system("manage.py")
            )
        except DomainError as error:
            raise CommandError(f"{error.message} {error.hint}".strip()) from None
        self.stdout.write(made.slug)
