"""n8n's schedules as cron expressions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.workflows.transfer.n8n.given import Given

Json = Any


def crons(given: Given) -> list[str]:
    """One cron expression per rule of the node; what cannot be one is told."""
    found = [_rule(given, row, at) for at, row in enumerate(given.rows("rule", "interval"))]
    found += [_old(given, row, at) for at, row in enumerate(given.rows("triggerTimes", "item"))]
    if not found:
        found = ["0 0 * * *"]
        given.say("check", "It has no rule; it is due every day at midnight.", "Set its expression.")
    return [cron for cron in found if cron]


def _rule(given: Given, row: Mapping[str, Json], at: int) -> str:
    field = str(row.get("field", "days"))
    hour, minute = _whole(row, "triggerAtHour", 0), _whole(row, "triggerAtMinute", 0)
    if field == "cronExpression":
        return _known(given, row.get("expression"), at)
    if field == "seconds":
        return f"*/{_every(given, row, 'secondsInterval', 30, 60, at)} * * * * *"
    if field == "minutes":
        return f"*/{_every(given, row, 'minutesInterval', 5, 60, at)} * * * *"
    if field == "hours":
        return f"{minute} */{_every(given, row, 'hoursInterval', 1, 24, at)} * * *"
    if field == "days":
        every = _every(given, row, "daysInterval", 1, 31, at)
        return f"{minute} {hour} {'*' if every == 1 else f'*/{every}'} * *"
    if field == "weeks":
        days = row.get("triggerAtDay")
        days = [day for day in days if isinstance(day, int)] if isinstance(days, list) else [0]
        if _whole(row, "weeksInterval", 1) != 1:
            given.say("check", "It was due every few weeks; here it is every week.", name=f"rule.interval[{at}]")
        return f"{minute} {hour} * * {','.join(str(day % 7) for day in days) or '0'}"
    if field == "months":
        every = _every(given, row, "monthsInterval", 1, 12, at)
        day = _whole(row, "triggerAtDayOfMonth", 1)
        return f"{minute} {hour} {day} {'*' if every == 1 else f'*/{every}'} *"
    given.say("left_out", f"Its rule “{field[:40]}” has no equivalent.", name=f"rule.interval[{at}]")
    return ""


def _old(given: Given, row: Mapping[str, Json], at: int) -> str:
    mode = str(row.get("mode", "everyDay"))
    hour, minute = _whole(row, "hour", 14), _whole(row, "minute", 0)
    every = _whole(row, "value", 2)
    found = {
        "everyMinute": "* * * * *",
        "everyHour": f"{minute} * * * *",
        "everyDay": f"{minute} {hour} * * *",
        "everyWeek": f"{minute} {hour} * * {_whole(row, 'weekday', 1) % 7}",
        "everyMonth": f"{minute} {hour} {_whole(row, 'dayOfMonth', 1)} * *",
        "everyX": f"0 */{every} * * *" if row.get("unit") == "hours" else f"*/{every} * * * *",
    }
    if mode == "custom":
        return _known(given, row.get("cronExpression"), at)
    if mode not in found:
        given.say("left_out", f"Its time “{mode[:40]}” has no equivalent.", name=f"triggerTimes.item[{at}]")
    return found.get(mode, "")


def _known(given: Given, text: Json, at: int) -> str:
    cron = " ".join(str(text or "").removeprefix("=").split())
    if "{{" in cron:
        given.say(
            "check", "A schedule is fixed: no expression can stand in it.", "Write it out.", f"rule.interval[{at}]"
        )
    return cron


def _every(given: Given, row: Mapping[str, Json], name: str, usual: int, most: int, at: int) -> int:
    every = _whole(row, name, usual)
    if every < 1 or every >= most or (most in (60, 24) and most % every):
        message = f"Every {every} of {name.removesuffix('Interval')} is not even: each time it begins anew."
        given.say("check", message, "Look at its expression.", f"rule.interval[{at}]")
    return min(max(every, 1), most - 1)


def _whole(row: Mapping[str, Json], name: str, usual: int) -> int:
    value = row.get(name, usual)
    return value if isinstance(value, int) and not isinstance(value, bool) else usual
