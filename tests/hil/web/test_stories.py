"""What happens between people, on a real engine: each answers on the page, and the run goes on when all is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions.models import Execution, Wait
from apps.hil import proof, services
from apps.hil.models import Absence, Interaction, Timer
from tests.cast import Cast
from tests.hil.asking import again
from tests.hil.web.test_views import client_of, text_of

if TYPE_CHECKING:
    from tests.executions.conftest import Engine

pytestmark = pytest.mark.integration
NAMES = ("alice", "bob", "carl", "dora", "eve")
ALICE, BOB, CARL, DORA, EVE = (f"{name}@example.com" for name in NAMES)


@dataclass
class Office:
    """Alice, who owns the workspace, Bob, Carl, Dora and Eve, each at a browser; runs are started by Alice."""

    engine: Engine
    people: dict[str, User]
    browsers: dict[str, Client]

    def asks(self, subtype: str = "CONFIRMATION", given: Any = None, **params: Any) -> Interaction:
        """A run that waits for the answer to “Pay?”, started by Alice."""
        (row,) = self.asks_all({"pay": (subtype, {"title": "Pay?", **params})}, given)
        return row

    def asks_all(self, nodes: dict[str, tuple[str, dict[str, Any]]], given: Any = None) -> list[Interaction]:
        """One run with these questions in parallel branches, by the nodes' names."""
        document = {
            "nodes": [
                {"id": "t", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}},
                *(
                    {"id": name, "name": name, "type": "HUMAN_IN_THE_LOOP", "subtype": subtype, "params": params}
                    for name, (subtype, params) in nodes.items()
                ),
            ],
            "connections": [{"from": "t", "port": "main", "to": name} for name in nodes],
            "settings": {"while_paused": "allow"},
        }
        by = {"kind": "user", "id": str(self.people["alice"].id), "label": "Alice"}
        execution_id = self.engine.start(self.engine.publish(document), given, started_by=by)
        self.engine.until(execution_id, "WAITING_FOR_HUMAN")
        with tenant(self.engine.workspace.id):
            return list(Interaction.objects.filter(execution_id=execution_id).order_by("node_id"))

    def says(self, name: str, row: Interaction, outcome: str = "approved", **posted: str) -> str:
        """Somebody presses a button on the page: the page's words afterwards."""
        url = f"/w/acme/inbox/{row.id}/"
        return text_of(self.browsers[name].post(url, {"outcome": outcome, **posted}, follow=True))

    def sees(self, name: str, row: Interaction) -> str:
        """The page's words."""
        return text_of(self.browsers[name].get(f"/w/acme/inbox/{row.id}/"))

    def count(self, name: str) -> int:
        """How many questions wait for somebody, as their menu says."""
        found = re.search(r"\d+", text_of(self.browsers[name].get("/w/acme/inbox/count/")))
        return int(found[0]) if found else 0

    def goes_on(self, row: Interaction, node: str = "pay") -> dict[str, Any]:
        """What became of the question's node, when the run has ended."""
        self.engine.poke()
        done = self.engine.until(row.execution_id)
        found: dict[str, Any] = next(run for run in done["node_runs"] if run["node_id"] == node)
        return found

    def time_is_over(self, execution_id: UUID) -> None:
        """The deadlines of a run's questions are reached."""
        with tenant(self.engine.workspace.id):
            Wait.objects.filter(execution_id=execution_id).update(wake_at=clock.now())
            Execution.objects.filter(id=execution_id).update(runnable_at=clock.now())


@pytest.fixture
def office(engine: Engine, cast: Cast) -> Office:
    """Five people at their browsers."""
    people = {"alice": cast.alice, "bob": cast.bob}
    for name in NAMES[2:]:
        people[name] = User.objects.create_user(f"{name}@example.com", "a long enough password", name=name.title())
        accounts.member_add(workspace=cast.workspace, email=f"{name}@example.com", role="member", actor=cast.owner)
    return Office(engine, people, {name: client_of(user) for name, user in people.items()})


def test_two_of_three_must_agree_one_refuses_and_nobody_approves_their_own_run(office: Office) -> None:
    who = {"assignees": [ALICE, BOB, CARL, DORA], "policy": "at_least", "approvals": 2, "may_approve_own_run": False}
    row = office.asks(who=who)

    assert (office.count("alice"), office.count("bob")) == (0, 1)
    assert "Whoever started this run may not answer" in office.sees("alice", row)
    office.says("alice", row)
    assert "Recorded: 0 of 2, 1 against." in office.says("bob", row, "rejected", comment="Too dear.")
    assert "You have answered" in office.says("bob", row)
    assert (office.count("bob"), office.count("carl")) == (0, 1)
    page = office.sees("carl", row)
    assert "Bob: Reject" in page
    assert "Too dear." in page
    assert "Recorded: 1 of 2, 1 against." in office.says("carl", row)
    assert again(office.engine.workspace, row).is_pending
    assert "Approved: recorded, the run goes on." in office.says("dora", row)

    ran = office.goes_on(row)
    assert ran["port"] == "approved"
    assert [(vote["by"], vote["outcome"]) for vote in ran["output"]["votes"]] == [
        ("Bob", "rejected"),
        ("Carl", "approved"),
        ("Dora", "approved"),
    ]
    assert "Already answered by Dora at" in office.says("bob", row)
    assert proof.verify(row.workspace_id) == proof.Verdict(1, ())


def test_one_after_the_other_with_a_place_handed_on_and_a_deputy_at_their_turn(office: Office) -> None:
    """Who is away counts when the turn comes, not when the first was asked."""
    away = Absence(user=office.people["bob"], deputy=office.people["dora"], workspace=office.engine.workspace)
    away.from_at = away.created_at = clock.now()
    with tenant(away.workspace_id):
        away.save()
    row = office.asks(who={"assignees": [CARL, BOB, ALICE], "policy": "sequence"})

    assert "It is the turn of Carl; yours comes later." in office.sees("bob", row)
    assert [office.count(name) for name in NAMES] == [0, 0, 1, 0, 0]
    handed = office.browsers["carl"].post(
        f"/w/acme/inbox/{row.id}/delegate/", {"to": DORA, "note": "You know them."}, follow=True
    )
    assert "Dora is asked now." in text_of(handed)
    assert "You have handed this question on" in office.sees("carl", row)
    with tenant(row.workspace_id):
        Absence.objects.filter(id=away.id).delete()  # Bob is back
        away.id, away.user, away.deputy = uuid7(), office.people["alice"], office.people["eve"]
        away.save(force_insert=True)
    assert "Recorded: Step 2 of 3, Bob." in office.says("dora", row)
    assert [office.count(name) for name in NAMES] == [0, 1, 0, 0, 0]
    assert "Recorded: Step 3 of 3, Alice." in office.says("bob", row)
    assert "Alice is away: Eve is asked instead" in office.sees("bob", row)
    assert [office.count(name) for name in NAMES] == [0, 0, 0, 0, 1]
    assert "recorded, the run goes on" in office.says("eve", row)
    assert [vote["by"] for vote in office.goes_on(row)["output"]["votes"]] == ["Dora", "Bob", "Eve"]


FORM = {"type": "object", "required": ["vat"], "properties": {"vat": {"type": "string"}}}
OPTIONS = [{"name": "oak"}, {"name": "pine"}]
SILENCE: dict[str, tuple[str, dict[str, Any], str, Any]] = {
    "port": ("CONFIRMATION", {}, "timeout", None),
    "yes": ("CONFIRMATION", {"on_timeout": "approve"}, "approved", None),
    "no": ("CONFIRMATION", {"on_timeout": "reject"}, "rejected", None),
    "form": (
        "INPUT",
        {"form": FORM, "on_timeout": "default", "default_answer": {"vat": "SE1"}},
        "answered",
        {"vat": "SE1"},
    ),
    "choice": ("DECISION", {"options": OPTIONS, "on_timeout": "default", "default": ["pine"]}, "pine", None),
    "text": ("REVIEW", {"content": "Old.", "on_timeout": "approve"}, "approved", {"content": "Old."}),
}


def test_what_silence_comes_to(office: Office) -> None:
    """Every final action, in one run; an author who wants it has the run fail instead."""
    nodes = {name: (subtype, {"title": "Pay?", **params}) for name, (subtype, params, _, _) in SILENCE.items()}
    rows = {row.node_id: row for row in office.asks_all(nodes)}
    failing = office.asks(on_timeout="fail")
    for execution_id in (rows["port"].execution_id, failing.execution_id):
        office.time_is_over(execution_id)
    for name, (_, _, port, data) in SILENCE.items():
        ran = office.goes_on(rows[name], name)
        assert (ran["port"], ran["output"]["decided_by"], ran["output"]["data"]) == (port, "deadline", data)
        assert "Nobody answered in time." in office.sees("bob", rows[name])
        assert "The time to answer ended at" in office.says("bob", rows[name])
    assert office.goes_on(failing)["error"]["code"] == "hil.nobody_answered"
    assert proof.verify(failing.workspace_id).wrong == ()


def test_time_runs_out_and_somebody_else_is_asked_too(office: Office) -> None:
    row = office.asks(who={"assignees": [BOB]}, reminders=[50], escalations=[{"at_percent": 75, "assignees": [CARL]}])
    assert "This question is put to Bob." in office.sees("carl", row)
    with tenant(row.workspace_id):
        Timer.objects.filter(interaction=row).exclude(kind="deadline").update(due_at=clock.now())
    services.timers_fire()
    page = office.sees("carl", row)
    assert "Reminder to Bob" in page
    assert "Escalated: Carl asked, too" in page
    office.says("carl", row, "rejected")
    assert (office.goes_on(row)["port"], office.count("bob")) == ("rejected", 0)
    with tenant(row.workspace_id):
        assert not Timer.objects.filter(interaction=row).exists()


def test_a_cancelled_run_asks_nobody_any_more(office: Office, api: Callable[..., APIClient]) -> None:
    rows = office.asks_all({name: ("CONFIRMATION", {"title": f"{name}?"}) for name in ("left", "right")})
    office.says("bob", rows[0])
    url = f"/api/v1/app/executions/{rows[0].execution_id}/cancel"
    assert api(office.people["alice"]).post(url).status_code == 200
    office.engine.poke()
    office.engine.until(rows[0].execution_id, "CANCELED")
    assert [again(office.engine.workspace, row).status for row in rows] == ["answered", "withdrawn"]
    assert "The run ended before anybody answered" in office.sees("bob", rows[1])
    assert "The run ended" in office.says("bob", rows[1])
    assert office.count("bob") == 0


def test_several_runs_are_approved_together_and_each_is_recorded(office: Office) -> None:
    rows = [office.asks(can_bulk=True, who={"assignees": [BOB]}) for _ in range(3)]
    alone = office.asks()
    page = office.browsers["bob"].get("/w/acme/inbox/bulk/").content.decode()
    assert [str(row.id) in page for row in (*rows, alone)] == [True, True, True, False]
    ticked = {"question": [str(row.id) for row in (*rows, alone)], "outcome": "approved"}
    done = office.browsers["bob"].post("/w/acme/inbox/bulk/", ticked, follow=True)
    assert "3 questions answered." in text_of(done)
    assert [office.goes_on(row)["port"] for row in rows] == ["approved"] * 3
    assert again(office.engine.workspace, alone).is_pending  # its author does not allow it
    assert proof.verify(alone.workspace_id) == proof.Verdict(3, ())


def test_five_in_a_loop_and_two_beside_it_are_answered_in_any_order(office: Office) -> None:
    ask_ = {"type": "HUMAN_IN_THE_LOOP", "subtype": "CONFIRMATION"}
    loop = {"items": "{{ [1, 2, 3, 4, 5] }}", "parallelism": 5}
    document = {
        "nodes": [
            {"id": "t", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}},
            {"id": "left", "name": "Left", **ask_, "params": {"title": "Left?"}},
            {"id": "right", "name": "Right", **ask_, "params": {"title": "Right?"}},
            {"id": "loop", "name": "Each", "type": "FLOW", "subtype": "LOOP", "params": loop},
            {"id": "inner", "name": "Inner", "parent": "loop", **ask_, "params": {"title": "Item {{ $item }}?"}},
        ],
        "connections": [{"from": "t", "port": "main", "to": to} for to in ("left", "right", "loop")],
        "settings": {"while_paused": "allow"},
    }
    execution_id = office.engine.start(office.engine.publish(document))
    office.engine.until(execution_id, "WAITING_FOR_HUMAN")
    with tenant(office.engine.workspace.id):
        rows = list(Interaction.objects.filter(execution_id=execution_id).order_by("-title"))
    assert [row.title for row in rows] == ["Right?", "Left?", *(f"Item {n}?" for n in (5, 4, 3, 2, 1))]
    assert office.count("bob") == 7
    for row in rows:
        office.says("bob", row, "rejected" if row.title == "Item 3?" else "approved")
    done = office.goes_on(rows[0], "loop")
    assert [each["outcome"] for each in done["output"]] == ["approved", "approved", "rejected", "approved", "approved"]
