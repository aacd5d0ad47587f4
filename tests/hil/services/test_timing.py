"""What falls due: reminders, escalations, deadlines in working hours; and what silence comes to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.access.resolve import member_actor
from apps.accounts.models import User, Workspace
from apps.core import clock
from apps.core.models import Event
from apps.core.tenancy import tenant
from apps.executions.models import Execution, Wait
from apps.hil import services
from apps.hil.models import Ask, Calendar, Interaction, Timer, Via
from apps.hil.services import Answerer
from tests.hil.asking import again, ask

pytestmark = pytest.mark.django_db

ALICE, BOB = "alice@example.com", "bob@example.com"
LADDER = {
    "seconds": 3600,
    "business_hours": False,
    "reminders": [50, 90],
    "escalations": [{"at": 75, "assignees": [ALICE]}],
}
OFFICE = {"seconds": 3600, "business_hours": True, "reminders": [], "escalations": []}


def make_due(row: Interaction, kind: str, number: int = 0) -> None:
    with tenant(row.workspace_id):
        Timer.objects.filter(interaction=row, kind=kind, number=number).update(due_at=clock.now() - timedelta(days=1))


def fire() -> None:
    while services.timers_fire():
        pass


def events(row: Interaction, name: str) -> list[dict[str, Any]]:
    with tenant(row.workspace_id):
        return list(Event.objects.filter(subject_id=row.id, name=name).values_list("data", flat=True))


def kinds(row: Interaction) -> list[str]:
    with tenant(row.workspace_id):
        return list(Timer.objects.filter(interaction=row).order_by("due_at").values_list("kind", flat=True))


def test_reminders_go_to_those_who_have_not_answered_and_once(workspace: Workspace, bob: User) -> None:
    row = ask(workspace, people={"assignees": [ALICE, BOB], "policy": "all"}, timing=LADDER)
    assert kinds(row) == ["remind", "escalate", "remind"]
    services.interaction_answer(
        workspace_id=workspace.id,
        interaction_id=row.id,
        answerer=Answerer.of(member_actor(bob, "member"), Via.APP),
        outcome="approved",
        now=clock.now(),
    )
    make_due(row, "remind")
    fire()
    fire()
    (told,) = events(row, "question.reminded")
    with tenant(workspace.id):
        (silent,) = Ask.objects.filter(id__in=told["ask_ids"])
    assert (silent.label, told["share"]) == ("Alice", 50)
    assert kinds(row) == ["escalate", "remind"]


def test_escalation_asks_somebody_else_whose_answer_counts(workspace: Workspace, alice: User) -> None:
    row = ask(workspace, people={"assignees": [BOB]}, timing=LADDER)
    make_due(row, "escalate")
    fire()
    (told,) = events(row, "question.escalated")
    assert (len(told["ask_ids"]), told["step"]) == (1, 0)
    answered = services.interaction_answer(
        workspace_id=workspace.id,
        interaction_id=row.id,
        answerer=Answerer.of(member_actor(alice, "owner"), Via.APP),
        outcome="approved",
        now=clock.now(),
    )
    assert answered.outcome == "approved"
    assert kinds(row) == []


def test_escalation_can_change_the_channel_for_everybody_who_is_silent(workspace: Workspace) -> None:
    timing = LADDER | {"escalations": [{"at": 75, "assignees": [], "channels": ["slack"]}]}
    row = ask(workspace, people={"assignees": [ALICE, BOB]}, timing=timing)
    make_due(row, "escalate")
    fire()
    (told,) = events(row, "question.escalated")
    assert (len(told["ask_ids"]), told["channels"]) == (2, ["slack"])


def test_a_deadline_in_working_hours_is_ours_and_ends_the_wait(workspace: Workspace) -> None:
    with tenant(workspace.id):
        Calendar.objects.create(workspace=workspace, zone="Europe/Berlin", days=[1, 2, 3, 4, 5])
    row = ask(workspace, lasts=None, timing=OFFICE, deadline_outcome="rejected")
    assert row.deadline_at is not None
    assert row.deadline_at > clock.now()
    make_due(row, "deadline")
    with tenant(workspace.id):
        Interaction.objects.filter(id=row.id).update(deadline_at=clock.now())
    fire()
    kept = again(workspace, row)
    assert (kept.status, kept.outcome) == ("timed_out", "rejected")
    with tenant(workspace.id):
        wait = Wait.objects.get(id=row.wait_id)
        assert (wait.resolved_by, wait.answer) == ("deadline", {"outcome": "timeout"})
        assert Execution.objects.get(id=row.execution_id).runnable_at is not None
    assert events(row, "question.timed_out") == [{"workflow_id": str(row.workflow_id), "outcome": "rejected"}]


def test_a_click_before_the_deadline_stands_and_the_timer_does_nothing(workspace: Workspace, alice: User) -> None:
    row = ask(workspace, lasts=None, timing=OFFICE)
    with tenant(workspace.id):
        timer = Timer.objects.get(interaction=row)
    services.interaction_answer(
        workspace_id=workspace.id,
        interaction_id=row.id,
        answerer=Answerer.of(member_actor(alice, "owner"), Via.APP),
        outcome="approved",
        now=clock.now(),
    )
    with tenant(workspace.id):  # as if it had been taken just before
        Timer.objects.create(workspace=workspace, interaction=row, kind=timer.kind, due_at=clock.now())
    fire()
    assert again(workspace, row).status == "answered"
    assert kinds(row) == []


def test_many_deadlines_at_once_are_one_look(workspace: Workspace, django_assert_max_num_queries: Any) -> None:
    rows = [ask(workspace, lasts=None, timing=OFFICE) for _ in range(5)]
    for row in rows:
        make_due(row, "deadline")
    fire()
    assert {again(workspace, row).status for row in rows} == {"timed_out"}
