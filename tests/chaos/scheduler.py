"""A scheduler on a day that passes faster: what beat and workers tick, with a time of its own. Run by the nursery."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from apps.triggers.services import schedules_fire


def main(began: float, begin: datetime, end: datetime, speed: float) -> None:
    """Tick until the last minute of the day is over and nothing is due any more."""
    settings.WORKSPACE_QUEUE_DEPTH = 10_000_000  # nobody works off what is started here
    idle = 0
    while idle < 3:
        now = min(begin + timedelta(seconds=(time.time() - began) * speed), end)
        try:
            started = schedules_fire(now=now)
        except (OperationalError, InterfaceError):
            connection.close()
            started = 1
        idle = idle + 1 if now == end and not started else 0
        time.sleep(0.02)


if __name__ == "__main__":
    main(
        float(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), datetime.fromisoformat(sys.argv[3]), float(sys.argv[4])
    )
