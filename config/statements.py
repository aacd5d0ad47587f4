"""No statement of a web request takes longer than WEB_STATEMENT_SECONDS: nobody waits for its answer any more."""

from __future__ import annotations

from django.conf import settings


def bound_statements() -> None:
    """Let the database stop them, in this process. Before its first connection."""
    seconds = settings.WEB_STATEMENT_SECONDS
    if not seconds:
        return
    for alias, database in settings.DATABASES.items():
        options = database["OPTIONS"]
        if alias != "owner" and "statement_timeout" not in options.get("options", ""):
            options["options"] = f"{options.get('options', '')} -c statement_timeout={seconds}s".strip()
