"""Many answer one question, and two questions of one execution are answered at the same moment."""

from __future__ import annotations

import asyncio
import time

from tests.chaos.checker import Effects, Judge
from tests.chaos.drawing import drawn, effect, hook, node
from tests.chaos.scenario import Outcome, Scenario, Sizes
from tests.chaos.traffic import Traffic, percentile, volleys
from tests.chaos.world import World

QUESTIONS = """
    SELECT i.execution_id::text, array_agg(i.id::text ORDER BY i.node_id) FROM hil_interaction i
    JOIN mine ON mine.id = i.execution_id WHERE i.status = 'pending' GROUP BY 1"""
GAPS = """
    SELECT extract(epoch FROM max(i.answered_at) - min(i.answered_at)) * 1000 FROM hil_interaction i
    JOIN mine ON mine.id = i.execution_id GROUP BY i.execution_id HAVING count(*) = 2"""
ASKING = "HUMAN_IN_THE_LOOP.CONFIRMATION"


class AnswersRace(Scenario):
    """By way of two web processes, so that the answers meet in the database and not in a line before it."""

    row = "R6"
    fault = "100 answers at once to one wait; two confirmations in two branches answered at once, to two web processes"
    must = "exactly one accepted; always continues once"
    small = {"answers": 100, "pairs": 20}
    full = {"answers": 100, "pairs": 500}

    def run(self, world: World, size: Sizes) -> Outcome:
        """One question for all, then the pairs."""
        outcome = Outcome()
        second, base = world.add_web()
        try:
            self._many(world, size["answers"], base, outcome)
            self._pairs(world, size["pairs"], base, outcome)
        finally:
            second.end()
        return outcome

    def _many(self, world: World, answers: int, second: str, outcome: Outcome) -> None:
        receiver = f"http://127.0.0.1:{world.receiver_port}"
        nodes = [hook("one"), node("ask", ASKING, title="Go on?"), effect("go", "POST", receiver)]
        judge = Judge(world.database_url, [world.publish("One", drawn(nodes, "hook ask, ask.approved go"))])
        traffic = Traffic(world, "one", count=1, per_second=10).start()
        outcome.blame(traffic.finish())
        (_, [question]) = questions(judge, 1)[0]
        given = [(f"/api/v1/app/interactions/{question}/answer", {"outcome": "approved"})] * answers
        statuses = asyncio.run(volleys(world, [given], bases=[world.base, second]))
        outcome.must(statuses.count(200) == 1, f"{statuses.count(200)} of {answers} answers were accepted")
        outcome.must(statuses.count(409) == answers - 1, f"refused with {sorted(set(statuses))}")
        self._judge(world, judge, traffic, outcome)
        outcome.figures |= {"answers": answers, "accepted": statuses.count(200), "409": statuses.count(409)}

    def _pairs(self, world: World, pairs: int, second: str, outcome: Outcome) -> None:
        receiver = f"http://127.0.0.1:{world.receiver_port}"
        nodes = [
            hook("pairs"),
            node("left", ASKING, title="Left?"),
            node("right", ASKING, title="Right?"),
            node("join", "FLOW.MERGE", mode="all"),
            effect("go", "POST", receiver),
        ]
        edges = "hook left, hook right, left.approved join, right.approved join, join go"
        judge = Judge(world.database_url, [world.publish("Pairs", drawn(nodes, edges))])
        traffic = Traffic(world, "pairs", count=pairs, per_second=100).start()
        outcome.blame(traffic.finish())
        asked = questions(judge, pairs)
        rounds = [
            [(f"/api/v1/app/interactions/{question}/answer", {"outcome": "approved"}) for question in pair]
            for _, pair in asked
        ]
        statuses = asyncio.run(volleys(world, rounds, bases=[world.base, second]))
        outcome.must(statuses == [200] * 2 * pairs, f"answers were given {sorted(set(statuses))}")
        self._judge(world, judge, traffic, outcome)
        gaps = [float(row[0]) for row in judge.rows(GAPS)]
        within = sum(gap <= 1 for gap in gaps)
        outcome.figures |= {
            "pairs": len(gaps),
            "median apart (ms)": round(percentile(gaps, 50), 2),
            "within 1 ms": within,
        }

    def _judge(self, world: World, judge: Judge, traffic: Traffic, outcome: Outcome) -> None:
        judge.await_end(30)
        effects = Effects(world.effects)
        outcome.blame(
            judge.complaints(),
            judge.losses(traffic.accepted),
            effects.complaints(traffic.accepted.values(), once=["go"]),
        )


def questions(judge: Judge, executions: int) -> list[tuple[str, list[str]]]:
    """What is asked, by execution, as soon as so many ask."""
    until = time.monotonic() + 30
    while len(found := judge.rows(QUESTIONS)) < executions:
        assert time.monotonic() < until, f"only {len(found)} of {executions} executions ask"
        time.sleep(0.1)
    return [(row[0], row[1]) for row in found]
