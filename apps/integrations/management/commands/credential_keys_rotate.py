"""`manage.py credential_keys_rotate`: encrypt what credentials are encrypted with, with the present key."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.integrations import services
from apps.integrations.vault.local import fresh_key


class Command(BaseCommand):
    """Exchange keys while the product runs."""

    help = "Wrap the keys of all workspaces with the first of CREDENTIAL_KEYS. Works while the product runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do besides."""
        parser.add_argument("--generate", action="store_true", help="Print a new key for CREDENTIAL_KEYS, and stop.")
        parser.add_argument(
            "--new", action="store_true", help="Put a new key in front of those in CREDENTIAL_KEYS_FILE first."
        )
        parser.add_argument(
            "--secrets", action="store_true", help="Give workspaces new keys, too, and encrypt every secret anew."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say how much it was."""
        if options["generate"]:
            self.stdout.write(fresh_key())
            return
        if options["new"]:
            _add_key()
        done = services.keys_rotate()
        self.stdout.write(f"{done.keys} keys of {done.workspaces} workspaces are wrapped with the present key.")
        if options["secrets"]:
            anew = services.data_keys_rotate()
            self.stdout.write(f"{anew.secrets} secrets of {anew.workspaces} workspaces are encrypted with new keys.")


def _add_key() -> None:
    if not settings.CREDENTIAL_KEYS_FILE:
        raise CommandError(
            "There is no CREDENTIAL_KEYS_FILE to add a key to. Put a new one (--generate) in front of CREDENTIAL_KEYS "
            "and restart, then run this again."
        )
    path = Path(settings.CREDENTIAL_KEYS_FILE)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f"{fresh_key()}\n{path.read_text()}")
    fresh.replace(path)
