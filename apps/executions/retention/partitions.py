"""Weekly partitions of the tables that only grow: made four weeks ahead, dropped when nothing needs them."""

from __future__ import annotations

import logging
import time

from django.db import OperationalError, connection

from apps.executions.retention.policy import standard

logger = logging.getLogger(__name__)

WEEKS_AHEAD = 4
ATTEMPTS = 5


def partitions_keep() -> tuple[list[str], list[str]]:
    """Make what is missing and drop what is over. Returns the names of both.

    Each asks for its locks for a second at most, and again a few times: who runs executions is not kept waiting. What
    falls between partitions meanwhile is in the one for everything else, and gets its own later.
    """
    usual = standard()
    longest = max(usual.success_days, usual.failure_days, usual.test_days)
    made = _asked("SELECT executions_partitions_ensure(%s)", WEEKS_AHEAD)
    dropped = _asked("SELECT executions_partitions_drop(%s)", longest)
    if made or dropped:
        logger.info("partitions made: %s; dropped: %s", ", ".join(made) or "none", ", ".join(dropped) or "none")
    return made, dropped


def _asked(statement: str, number: int) -> list[str]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, [number])
                return [row[0] for row in cursor.fetchall()]
        except OperationalError as busy:
            if attempt == ATTEMPTS:
                logger.warning("partitions are left for later: %s", str(busy).partition("\n")[0])
            else:
                time.sleep(attempt)
    return []
