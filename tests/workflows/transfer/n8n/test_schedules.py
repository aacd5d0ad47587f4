"""n8n's schedules as cron expressions."""

from __future__ import annotations

from typing import Any

import pytest
from cronsim import CronSim

from apps.core.clock import now
from apps.workflows.transfer import import_document


def crons(parameters: dict[str, Any], type_: str = "scheduleTrigger") -> tuple[list[str], list[str]]:
    row = {"name": "S", "type": f"n8n-nodes-base.{type_}", "parameters": parameters}
    parcel = import_document({"nodes": [row], "connections": {}})
    return [node["params"]["expression"] for node in parcel.definition["nodes"]], [r.kind for r in parcel.remarks]


@pytest.mark.parametrize(
    ("rule", "cron", "is_told"),
    [
        ({"field": "seconds", "secondsInterval": 30}, "*/30 * * * * *", False),
        ({"field": "minutes", "minutesInterval": 15}, "*/15 * * * *", False),
        ({"field": "minutes", "minutesInterval": 7}, "*/7 * * * *", True),
        ({"field": "hours", "hoursInterval": 6, "triggerAtMinute": 30}, "30 */6 * * *", False),
        ({"field": "days", "triggerAtHour": 9}, "0 9 * * *", False),
        ({}, "0 0 * * *", False),
        ({"field": "weeks", "triggerAtDay": [1, 5], "triggerAtHour": 7}, "0 7 * * 1,5", False),
        ({"field": "weeks", "weeksInterval": 2, "triggerAtDay": [0]}, "0 0 * * 0", True),
        ({"field": "months", "monthsInterval": 3, "triggerAtDayOfMonth": 15}, "0 0 15 */3 *", False),
        ({"field": "cronExpression", "expression": "0 9 * * 1-5"}, "0 9 * * 1-5", False),
    ],
)
def test_rules(rule: dict[str, Any], cron: str, is_told: bool) -> None:
    assert crons({"rule": {"interval": [rule]}}) == ([cron], ["check"] if is_told else [])
    next(CronSim(cron, now()))


def test_several_rules_and_the_older_node() -> None:
    two = {"rule": {"interval": [{"field": "days"}, {"field": "hours"}]}}
    assert crons(two)[0] == ["0 0 * * *", "0 */1 * * *"]
    times = {"triggerTimes": {"item": [{"mode": "everyWeek", "hour": 8, "weekday": "1"}, {"mode": "everyMonth"}]}}
    assert crons(times, "cron")[0] == ["0 8 * * 1", "0 14 1 * *"]
    assert crons({}) == (["0 0 * * *"], ["check"])
