"""`manage.py decisions_verify`: whether people's decisions are what they were when they were made."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import selectors
from apps.hil import proof


class Command(BaseCommand):
    """Holds every decision and vote against its event in the audit log, and what was shown against its digest."""

    help = "Check people's decisions against the audit log. Run audit_verify, too: it proves the log itself."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which workspace."""
        parser.add_argument("--workspace", metavar="SLUG", help="Only this one.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check; ends with an error when a decision is not what its event says."""
        broken = 0
        for workspace in selectors.audited_workspaces():
            if options["workspace"] not in (None, workspace.slug):
                continue
            found = proof.verify(workspace.id)
            broken += len(found.wrong)
            for id_, wrong in found.wrong:
                self.stderr.write(f"{workspace.slug}: question {id_}: {wrong}.")
            more = f"; {found.forgotten:,} are older than the log" if found.forgotten else ""
            self.stdout.write(
                f"{workspace.slug}: {found.checked - len(found.wrong):,} of {found.checked:,} decisions hold{more}"
            )
        if broken:
            raise CommandError("Decisions were changed behind the product's back.")
