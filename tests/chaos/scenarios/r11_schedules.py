"""A thousand schedules on a day on which clocks change, with three schedulers that are killed again and again."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.chaos.process import Process
from tests.chaos.scenario import SEED, Outcome, Scenario, Sizes
from tests.chaos.traffic import percentile
from tests.chaos.world import World

DAYS = {"skipped": datetime(2027, 3, 28, tzinfo=UTC), "doubled": datetime(2027, 10, 31, tzinfo=UTC)}
"""The Sundays on which the clocks of Europe change."""

ZONES = ("Europe/Berlin", "Europe/London", "UTC", "Asia/Kolkata", "America/New_York", "Pacific/Chatham")
PER_WORKFLOW = 50
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Planned:
    """One schedule, as it is written down and as the judge understands it: minutes of the local day, or a rhythm."""

    zone: str
    expression: str
    at: tuple[tuple[int, int], ...] = ()  # wall clock
    minutes: tuple[int, ...] = ()  # of every hour
    every: int = 0  # minutes of elapsed time
    hours: tuple[int, int] | None = None
    jitter: int = 0

    def params(self) -> dict[str, Any]:
        """The CRON node's."""
        found: dict[str, Any] = {"expression": self.expression, "timezone": self.zone, "missed": "all"}
        if self.hours:
            windows = [{"begins": f"{self.hours[0]:02}:00", "ends": f"{self.hours[1]:02}:00", "days": ["sun"]}]
            found |= {"windows": windows}
        return found | {"jitter_seconds": self.jitter}

    def due(self, begin: datetime) -> list[datetime]:
        """Every due time of the day, counted minute by minute, with nothing of what the product does it with."""
        zone = ZoneInfo(self.zone)
        moments = [begin - DAY + MINUTE * n for n in range(3 * 1440)]
        walls = [moment.astimezone(zone).replace(tzinfo=None) for moment in moments]
        if self.at:
            first: dict[datetime, datetime] = {}
            for moment, wall in zip(moments, walls, strict=True):
                first.setdefault(wall, moment)
            found = set()
            for day in {wall.date() for wall in walls}:
                for hour, minute in self.at:
                    wanted = datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001  # a wall clock's
                    later = [moment for wall, moment in first.items() if wall >= wanted]
                    if later and wanted >= min(walls):
                        found.add(first.get(wanted, min(later)))
        elif self.every:
            found = {moment for moment in moments if int(moment.timestamp()) // 60 % self.every == 0}
        else:
            found = {moment for moment, wall in zip(moments, walls, strict=True) if wall.minute in self.minutes}
        if self.hours:
            first_hour, last_hour = self.hours
            local = {moment: moment.astimezone(zone) for moment in found}
            found = {m for m, at in local.items() if first_hour <= at.hour < last_hour and at.weekday() == 6}
        return sorted(moment for moment in found if begin <= moment < begin + DAY)


def planned(count: int, rng: random.Random) -> list[Planned]:
    """So many schedules of every kind, most of them around the hour that is skipped or doubled."""
    found = []
    for number in range(count):
        zone = ZONES[0] if rng.random() < 0.5 else rng.choice(ZONES)
        minute, kind = rng.randrange(60), number % 8
        jitter = rng.choice((0, 0, 0, 45))
        if kind in (0, 1):
            found.append(Planned(zone, f"{minute} * * * *", minutes=(minute,), jitter=jitter))
        elif kind == 2:
            found.append(Planned(zone, "*/20 * * * *", minutes=(0, 20, 40)))
        elif kind == 3:
            found.append(Planned(zone, "every 90 minutes", every=90, jitter=jitter))
        elif kind == 4:
            found.append(Planned(zone, f"{minute} 2 * * *", at=((2, minute),)))
        elif kind == 5:
            found.append(Planned(zone, "every day at 1:30, 2:00, 2:30, 3:00", at=((1, 30), (2, 0), (2, 30), (3, 0))))
        elif kind == 6:
            hour = rng.randrange(24)
            text = f"{minute} {hour} * * *; every day at 2:15"
            found.append(Planned(zone, text, at=((hour, minute), (2, 15))))
        else:
            found.append(Planned(zone, f"{minute} * * * *", minutes=(minute,), hours=(9, 17)))
    return found


class Schedules(Scenario):
    """Each due time of each schedule is exactly one execution."""

    row = "R11"
    fault = (
        "three schedulers, one of them killed or frozen every second, on days on which clocks skip and double an hour"
    )
    must = "each due time exactly one execution and one delivery"
    small = {"schedules": 48, "seconds": 6, "days": 1}
    full = {"schedules": 1_000, "seconds": 150, "days": 2}
    workers = 0  # each would be one more scheduler, on today's clock
    small_seconds = 12

    def run(self, world: World, size: Sizes) -> Outcome:
        """One day after the other; a day takes `seconds`, and as long as the schedulers need to catch up."""
        outcome, rng = Outcome(), random.Random(SEED)
        world.start_workers(0)
        plans = planned(size["schedules"], rng)
        figures: Counter[str] = Counter()
        late: list[float] = []
        for name, begin in list(DAYS.items())[: size["days"]]:
            published = _publish(world, plans, name)
            late += self._play(world, size, begin, rng, figures)
            figures["due times"] += _judged(world, published, begin, name, outcome)
            for workflow in {workflow for workflow, _ in published}:
                status, _ = world.insist("POST", f"/api/v1/app/workflows/{workflow}/pause")
                assert status == 200
        late.sort()
        outcome.figures |= {"schedules": len(plans), "days": size["days"], **figures}
        outcome.figures["started late p50/p95 (s)"] = f"{percentile(late, 50):.2f}/{percentile(late, 95):.2f}"
        return outcome

    def _play(
        self, world: World, size: Sizes, begin: datetime, rng: random.Random, figures: Counter[str]
    ) -> list[float]:
        """The day, and how late each start was, in seconds of ours."""
        end, speed = begin + DAY - timedelta(seconds=1), 86_400 / size["seconds"]
        world.sql("UPDATE workflows_active_trigger SET active_since = %s", begin - timedelta(seconds=1))
        began = time.time() + 0.5
        arguments = [str(began), begin.isoformat(), (end + timedelta(minutes=1)).isoformat(), str(speed)]
        schedulers = [
            Process(world.nursery, "tests.chaos.scheduler", arguments, world.folder / f"scheduler{number}.log")
            for number in range(3)
        ]
        frozen: list[Process] = []
        until = time.time() + size["seconds"] + 120
        try:
            while time.time() < began + size["seconds"]:
                time.sleep(rng.uniform(0.3, 1.2))
                for process in frozen:
                    process.thaw()
                frozen.clear()
                victim = rng.choice(schedulers)
                if rng.random() < 0.2:
                    victim.freeze()
                    frozen.append(victim)
                    figures["frozen"] += 1
                else:
                    victim.kill()
                    figures["killed"] += 1
            for process in frozen:
                process.thaw()
            while any(process.is_alive for process in schedulers) and time.time() < until:
                time.sleep(0.1)
        finally:
            for process in schedulers:
                process.end(2)
        rows = world.sql(
            """SELECT extract(epoch FROM created_at - (input ->> 'due_at')::timestamptz) FROM executions_execution
               WHERE dedupe_key LIKE 'cron:%%' AND created_at >= %s""",
            begin,
        )
        return [float(row[0]) / speed for row in rows]


def _publish(world: World, plans: list[Planned], name: str) -> dict[tuple[str, str], Planned]:
    found: dict[tuple[str, str], Planned] = {}
    for at in range(0, len(plans), PER_WORKFLOW):
        batch = {f"clock{number}": plan for number, plan in enumerate(plans[at : at + PER_WORKFLOW])}
        nodes: list[dict[str, Any]] = [
            {"id": node_id, "name": node_id, "type": "TRIGGER", "subtype": "CRON", "params": plan.params()}
            for node_id, plan in batch.items()
        ]
        nodes.append({"id": "end", "name": "end", "type": "FLOW", "subtype": "STOP", "params": {}})
        connections = [{"from": node_id, "port": "main", "to": "end"} for node_id in batch]
        settings = {"while_paused": "allow"}
        definition = {"nodes": nodes, "connections": connections, "settings": settings}
        workflow = world.publish(f"Clocks {name} {at}", definition)
        found |= {(workflow, node_id): plan for node_id, plan in batch.items()}
    return found


def _judged(
    world: World, published: dict[tuple[str, str], Planned], begin: datetime, name: str, outcome: Outcome
) -> int:
    """Compare what was started with what the plan says. How many due times there were."""
    rows = world.sql(
        """SELECT e.workflow_id::text, e.trigger_node, (e.input ->> 'due_at')::timestamptz, d.id IS NOT NULL
           FROM executions_execution e LEFT JOIN triggers_delivery d ON d.id = e.id AND d.source = 'schedule'
           WHERE e.dedupe_key LIKE 'cron:%%' AND e.created_at >= %s AND e.created_at < %s""",
        begin,
        begin + 2 * DAY,
    )
    started: dict[tuple[str, str], list[datetime]] = {key: [] for key in published}
    for workflow, node, due, _ in rows:
        started.setdefault((workflow, node), []).append(due.astimezone(UTC))
    undelivered = sum(1 for row in rows if not row[3])
    outcome.must(undelivered == 0, f"{undelivered} executions without a delivery")
    total = 0
    for key, plan in published.items():
        # The day is followed by a minute for those with a jitter; what comes due in it belongs to the next one.
        wanted, found = plan.due(begin), sorted(due for due in started[key] if due < begin + DAY)
        total += len(wanted)
        if found != wanted:
            counted = Counter(found)
            twice = [str(due) for due, count in counted.items() if count > 1]
            lost = [str(due) for due in wanted if due not in counted]
            more = [str(due) for due in counted if due not in wanted]
            outcome.breaches.append(
                f"{name}: {plan.expression} in {plan.zone}: lost {lost[:3]}, twice {twice[:3]}, not due {more[:3]}"
            )
    return total
