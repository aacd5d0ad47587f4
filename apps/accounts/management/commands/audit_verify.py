"""`manage.py audit_verify`: whether the audit log is what it was when it was written."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import chain, selectors
from apps.accounts.models import Workspace


class Command(BaseCommand):
    """Follows the chain of every workspace, or of one, and names the first row that is broken."""

    help = (
        "Check the audit log. Prints the head of each chain: keep it elsewhere, and a chain that was written anew as a "
        "whole can be told from this one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which workspace."""
        parser.add_argument("--workspace", metavar="SLUG", help="Only this one.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Follow the chains; ends with an error when one is broken."""
        broken = 0
        for workspace in self._workspaces(options["workspace"]):
            found = chain.verify(workspace.id)
            if found.wrong:
                broken += 1
                row = f" ({found.event_id})" if found.event_id else ""
                self.stderr.write(
                    f"{workspace.slug}: event {found.seq}{row} {found.wrong}. {found.checked:,} before it hold."
                )
            else:
                self.stdout.write(f"{workspace.slug}: {found.checked:,} events hold; head {found.seq} {found.hash}")
        if broken:
            raise CommandError("The audit log was changed behind the product's back.")

    def _workspaces(self, slug: str | None) -> list[Workspace]:
        every = selectors.audited_workspaces()
        if slug is None:
            return every
        workspace = next((each for each in every if each.slug == slug), None)
        if workspace is None:
            raise CommandError(f"There is no workspace {slug!r}.")
        return [workspace]
