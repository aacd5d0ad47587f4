"""An agent of ten turns whose worker is killed in each of them."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import datetime
from typing import Any

from tests.chaos.checker import Effects, Judge
from tests.chaos.drawing import Json, drawn, hook, node
from tests.chaos.scenario import SEED, Outcome, Scenario, Sizes
from tests.chaos.traffic import Traffic
from tests.chaos.world import World
from tests.fakes.openai import OpenAI, openai_server
from tests.fakes.scripted import KEY, Asked, Call, Say

TURN_SECONDS, TOOL_MS = 0.3, 200
STEPS = """
    SELECT s.key, s.finished_at FROM executions_step s JOIN mine ON mine.id = s.execution_id
    WHERE s.state = 'DONE' AND s.key LIKE 'turn:%%'"""
RUN = """
    SELECT n.output -> 'turns', n.losses FROM executions_noderun n JOIN mine ON mine.id = n.execution_id
    WHERE n.node_id = 'desk'"""


class AgentKilled(Scenario):
    """In each turn the model wants a write. Whoever owns the run is killed once per turn: while the model thinks, while
    the tool works, or between the two. Each successor loads the library that speaks to models anew.

    `make test` plays it with owners that are lost instead of killed (`tests/ai/agents/test_lost.py`).
    """

    row = "R19"
    fault = "the worker of an agent killed in each of its turns, while its model thinks or its tool writes"
    must = "no turn and no call of a tool seen again once it was recorded; each written once; never taken for poison"
    small = {}
    full = {"turns": 10, "seconds": 400}

    def run(self, world: World, size: Sizes) -> Outcome:
        """One run of the agent, and a kill in every turn but the last, which answers."""
        outcome, turns = Outcome(), size["turns"]
        with openai_server() as model:
            model.answers(lambda asked: _said(asked, turns))
            judge = Judge(world.database_url, [world.publish("Agent", _document(world, model))])
            traffic = Traffic(world, "agent", count=1, per_second=1).start()
            began = time.monotonic()
            outcome.blame(traffic.finish())
            killed = _kill_in_every_turn(world, model, traffic.accepted[0], turns, size["seconds"])
            judge.await_end(60)
            took = time.monotonic() - began
            offset = time.time() - time.monotonic()
            asked = [(turn_of(each), each.at + offset) for each in model.asked]
        effects, ids = Effects(world.effects), list(traffic.accepted.values())
        notes = [f"note-{turn}" for turn in range(1, turns + 1)]
        outcome.blame(judge.complaints(), judge.losses(traffic.accepted), effects.complaints(ids, once=notes))
        recorded = {key: finished for key, finished in judge.rows(STEPS)}
        late = _seen_late(recorded, asked, effects, ids[0])
        outcome.must(not late, f"seen again after they were recorded: {', '.join(late)}")
        ((done, losses),) = judge.rows(RUN)
        outcome.must(done == turns + 1, f"it ended after {done} turns")
        outcome.must(killed == turns, f"only {killed} workers were killed")
        outcome.must(losses < 2, f"it was taken for poison after {losses} losses in a row")
        outcome.figures |= {
            "killed": killed,
            "turns": done,
            "asked of the model": len(asked),
            "of those in flight when killed": sum(n - 1 for n in Counter(turn for turn, _ in asked).values()),
            "writes sent again, recognised": sum(effects.repeats(name, ids) for name in notes),
            "took (s)": round(took, 1),
        }
        return outcome


def turn_of(asked: Asked) -> int:
    """Which turn of the agent this is."""
    return 1 + sum(each.role == "assistant" for each in asked.said)


def _said(asked: Asked, turns: int) -> Say:
    turn = turn_of(asked)
    if turn > turns:
        return Say("Done.")
    return Say(calls=(Call("note", {"node": f"note-{turn}"}),), delay=TURN_SECONDS)


def _document(world: World, model: OpenAI) -> Json:
    fields = {"base_url": model.base, "api_key": KEY}
    body = {"name": "OpenAI", "type": "openai", "fields": fields, "allow_unverified": True}
    status, made = world.insist("POST", "/api/v1/app/credentials", body)
    assert status == 201, made
    credential = {"kind": "credential", "credential": made["id"], "name": "OpenAI"}
    url = f"http://127.0.0.1:{world.receiver_port}/effect?honours=1&ms={TOOL_MS}"
    writes: dict[str, Any] = {"method": "PUT", "url": url, "json": {"execution": "{{ $execution.id }}"}}
    nodes = [
        hook("agent"),
        node("desk", "AI_AGENT.OPENAI", model="gpt-5-mini", prompt="Go.", credential=credential, _attached=["note"]),
        node(
            "note",
            "TOOL.NODE",
            node="ACTION.HTTP_REQUEST",
            title="note",
            description="Write something down.",
            fills=[{"name": "node", "parameter": "json.node"}],
            params=writes,
            approval="never",
        ),
    ]
    return drawn(nodes, "hook desk")


def _kill_in_every_turn(world: World, model: OpenAI, execution: str, turns: int, seconds: float) -> int:
    rng, killed, seen = random.Random(SEED), 0, 0
    until = time.monotonic() + seconds
    while killed < turns and time.monotonic() < until:
        time.sleep(0.005)
        if len(model.asked) == seen or turn_of(model.asked[-1]) <= killed:
            continue
        time.sleep(rng.uniform(0, TURN_SECONDS + TOOL_MS / 1000))
        ((owner,),) = world.sql("SELECT owner FROM executions_execution WHERE id = %s", execution)
        for worker in world.workers:
            if worker.id == str(owner):
                worker.kill()
                killed += 1
        seen = len(model.asked)
    return killed


def _seen_late(
    recorded: dict[str, datetime], asked: list[tuple[int, float]], effects: Effects, execution: str
) -> list[str]:
    """What was asked for after its result had been committed."""
    late = [f"turn {turn}" for turn, at in asked if at > recorded[f"turn:{turn}"].timestamp()]
    for key, finished in recorded.items():
        turn, _, tool = key.removeprefix("turn:").partition("/")
        if tool:
            entries = effects.asked.get((execution, f"note-{turn}"), ())
            late += [f"tool of turn {turn}" for entry in entries if entry["at"] > finished.timestamp()]
    return late
