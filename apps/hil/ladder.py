"""What happens before a deadline, and when: reminders and escalations at a share of the time. Pure.

A question's `timing` is `{"seconds": 86400, "business_hours": false, "reminders": [50, 90], "escalations": [{"at": 75,
"assignees": […], "channels": …}]}`, with the shares in percent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.hil import hours as working
from apps.hil.hours import Hours


@dataclass(frozen=True, slots=True)
class Rung:
    """One moment. `number`: which reminder or escalation of `timing`."""

    kind: str  # remind | escalate | deadline
    number: int
    due_at: datetime


def rungs(
    timing: Mapping[str, Any], *, begins_at: datetime, ends_at: datetime | None, hours: Hours | None = None
) -> list[Rung]:
    """The moments of a question, in their order. With `hours` only working time counts, and the deadline is among
    them; without, the engine keeps the deadline itself.
    """
    length = timedelta(seconds=timing["seconds"])

    def at(share: int) -> datetime:
        if hours is not None:
            return working.after(hours, begins_at, length * share / 100)
        return begins_at + ((ends_at or begins_at + length) - begins_at) * share / 100

    found = [Rung("remind", number, at(share)) for number, share in enumerate(timing.get("reminders") or ())]
    steps = timing.get("escalations") or ()
    found += [Rung("escalate", number, at(step["at"])) for number, step in enumerate(steps)]
    if hours is not None:
        found.append(Rung("deadline", 0, at(100)))
    return sorted(found, key=lambda rung: (rung.due_at, rung.kind, rung.number))
