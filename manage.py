#!/usr/bin/env python3
"""The only entry point: `manage.py up` runs the whole product, every other command is Django's."""

import os
import sys

NEEDS_NO_SERVICES = {"help", "--help", "-h", "version", "--version"}


def main() -> int:
    """Run one command. Those of Django find the embedded database running, unless DATABASE_URL names another."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    try:
        if command == "up":
            from config.embedded.supervisor import up

            return up(sys.argv[2:])
        from django.core.management import execute_from_command_line
    except ModuleNotFoundError as error:
        print(f"{error}. `make run` installs what is missing and starts AgentFlow.", file=sys.stderr)
        return 1
    if command not in NEEDS_NO_SERVICES:
        from config.embedded.errors import EmbeddedError
        from config.embedded.services import attach

        try:
            attach()
        except EmbeddedError as error:
            print(error, file=sys.stderr)
            return 1
    execute_from_command_line(sys.argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
