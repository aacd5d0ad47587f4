"""What answers set off, read from the graph."""

from __future__ import annotations

from typing import Any

import pytest

from apps.hil import consequences
from apps.hil.services import REVIEW_OUTCOMES
from apps.workflows import graph
from tests.hil.asking import document

WAYS = [
    {"name": "approved", "label": "Approve", "style": "primary"},
    {"name": "rejected", "label": "Reject", "style": "danger"},
    {"name": "timeout", "label": "Time out", "style": "secondary"},
]


def test_answers_name_the_nodes_behind_their_ports_and_silence_is_no_answer() -> None:
    compiled = graph.compile(document())

    found = consequences.of_question(compiled, "ask", WAYS)

    assert [(way.label, way.runs) for way in found] == [("Approve", ("Ship",)), ("Reject", ("Refuse",))]
    assert consequences.of_timeout(compiled, "ask") == ("Refuse",)
    assert consequences.of_question(compiled, "gone", WAYS)[0].runs == ()


@pytest.mark.parametrize(
    ("on_error", "failed"),
    [("stop", ((), True)), ("continue", (("Next",), False)), ("route", (("Mend",), False))],
)
def test_a_failed_review_follows_the_nodes_error_handling(on_error: str, failed: Any) -> None:
    step = {"type": "ACTION", "subtype": "TRANSFORM", "params": {"fields": []}}
    nodes = [
        {"id": "t", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}},
        {"id": "a", "name": "Ship", **step, "on_error": on_error},
        {"id": "b", "name": "Next", **step},
        {"id": "c", "name": "Mend", **step},
    ]
    edges = [("t", "main", "a"), ("a", "main", "b")] + ([("a", "error", "c")] if on_error == "route" else [])
    connections = [{"from": source, "port": port, "to": target} for source, port, target in edges]
    compiled = graph.compile({"nodes": nodes, "connections": connections, "settings": {}})

    happened, again, refused = consequences.of_review(compiled, "a", REVIEW_OUTCOMES)

    assert happened.runs == ("Next",)
    assert (again.runs, again.again) == (("Ship",), True)
    assert (refused.runs, refused.fails) == failed


def test_an_agent_goes_on_with_every_answer() -> None:
    agent = {"id": "desk", "name": "Desk", "type": "AI_AGENT", "subtype": "CUSTOM", "params": {"prompt": "Help."}}
    start = {"id": "t", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}}
    nodes, edges = [start, agent], [{"from": "t", "port": "main", "to": "desk"}]
    compiled = graph.compile({"nodes": nodes, "connections": edges, "settings": {}})

    found = consequences.of_question(compiled, "desk", WAYS)

    assert [(way.outcome, way.runs, way.resumes) for way in found] == [
        ("approved", ("Desk",), True),
        ("rejected", ("Desk",), True),
    ]
    assert consequences.of_timeout(compiled, "desk") == ("Desk",)
