"""`manage.py workspace_limits SLUG [--running N|default] [--queued N|default]`."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import selectors
from apps.accounts.access.actor import system
from apps.core.tenancy import tenant
from apps.executions import quotas
from apps.executions.models import Quota


def _number(text: str) -> int | None:
    if text == "default":
        return None
    if not text.isdecimal() or not 1 <= int(text) <= quotas.MOST:
        raise ArgumentTypeError(f"{text!r} is neither a number from 1 to {quotas.MOST:,} nor “default”")
    return int(text)


class Command(BaseCommand):
    """Show what a workspace may have at once, or change what the operator allows it."""

    help = "Show what a workspace may have at once, or change what it is allowed. Its owner can only go below that."

    def add_arguments(self, parser: CommandParser) -> None:
        """What the command line says."""
        parser.add_argument("workspace", metavar="SLUG")
        parser.add_argument("--running", type=_number, default=..., help="Executions at once, or “default”.")
        parser.add_argument("--queued", type=_number, default=..., help="Executions in line, or “default”.")

    def handle(self, *args: Any, **options: Any) -> None:
        """One service call."""
        workspace = selectors.workspace_by_slug(options["workspace"])
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']!r}.")
        running, queued = options["running"], options["queued"]
        with tenant(workspace.id):
            row = Quota.objects.filter(workspace_id=workspace.id).first() or Quota()
            if running is not ... or queued is not ...:
                quotas.quota_allow(
                    workspace_id=workspace.id,
                    actor=system("manage.py"),
                    most_concurrent=row.most_concurrent if running is ... else running,
                    most_queued=row.most_queued if queued is ... else queued,
                )
            found = quotas.quota_get(workspace.id)
        for name, limit in (("running", found.max_concurrent), ("queued", found.queue_depth)):
            most = "no limit" if limit.effective is None else f"at most {limit.effective:,}"
            self.stdout.write(f"{name}: {limit.used:,}, {most}")
