"""`manage.py sign_in_link --workspace SLUG [--email ADDRESS]`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import selectors, services
from apps.accounts.access.actor import system
from apps.accounts.models import User
from apps.core.tenancy import tenant


class Command(BaseCommand):
    """Print a one-time sign-in link for a member, by default the first owner."""

    help = "Print a link that signs in a member of a workspace (its first owner, or --email), once, within 24 h."

    def add_arguments(self, parser: CommandParser) -> None:
        """What the command line says."""
        parser.add_argument("--workspace", required=True, metavar="SLUG")
        parser.add_argument("--email", default="", help="Which member; without it the first owner.")

    def handle(self, *args: Any, **options: Any) -> None:
        """One service call."""
        workspace = selectors.workspace_by_slug(options["workspace"])
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']!r}.")
        with tenant(workspace.id):
            user: User | None
            if options["email"]:
                found = selectors.members(workspace.id).filter(user__email=options["email"].strip().lower()).first()
                user = found.user if found else None
            else:
                user = selectors.first_owner(workspace.id)
            if user is None or not user.is_active:
                raise CommandError(f"{options['email'] or 'An owner'} is not a member of {workspace.slug}.")
            token = services.sign_in_link_create(workspace=workspace, user=user, actor=system("manage.py"))
        self.stdout.write(f"{settings.BASE_URL}/enter/{token}/")
