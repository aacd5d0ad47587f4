"""People who try to have two votes, to approve their own, or to answer what is no longer theirs."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any
from uuid import UUID

import pytest

from apps.accounts import services as account_services
from apps.accounts.access.actor import Actor
from apps.accounts.access.resolve import member_actor
from apps.accounts.models import Membership, ObjectGrant, User, Workspace
from apps.core import clock, events
from apps.core.errors import DomainError
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.hil import errors, proof, services
from apps.hil.channels.answerers import of_slack_user
from apps.hil.models import Absence, Ask, Delivery, Interaction, InteractionLink, Timer, Via, Vote
from apps.hil.services import Answerer, timing
from tests.cast import Cast
from tests.hil.asking import again, ask, park

pytestmark = pytest.mark.django_db

ALICE, BOB, EVE = "alice@example.com", "bob@example.com", "eve@outside.example"


def answer(row: Interaction, answerer: Answerer, outcome: str = "approved", **more: Any) -> Interaction:
    return services.interaction_answer(
        workspace_id=row.workspace_id,
        interaction_id=row.id,
        answerer=answerer,
        outcome=outcome,
        now=clock.now(),
        **more,
    )


def link(row: Interaction, actor: Actor, ask: Ask | None = None) -> InteractionLink:
    made = services.interaction_link_create(
        workspace_id=row.workspace_id,
        interaction_id=row.id,
        recipient="Somebody",
        actor=actor,
        now=clock.now(),
        ask=ask,
    )
    return made.link


def in_app(user: User, role: str = "member") -> Answerer:
    return Answerer.of(member_actor(user, role), Via.APP)


def places(row: Interaction) -> list[Ask]:
    with tenant(row.workspace_id):
        return list(Ask.objects.filter(interaction=row).select_related("user").order_by("id"))


def started(workspace: Workspace, by: dict[str, Any]) -> UUID:
    """A parked run that somebody, or another run, has started."""
    execution_id = park(workspace)
    with tenant(workspace.id):
        Execution.objects.filter(id=execution_id).update(started_by=by)
    return execution_id


# ── One's own run ──


def test_who_started_the_run_makes_no_link_and_hands_nobodys_place_on(cast: Cast, alice: User, bob: User) -> None:
    run = started(cast.workspace, {"kind": "user", "id": str(alice.id), "label": alice.email})
    everybody = ask(cast.workspace, execution_id=run, people={"bars_starter": True})
    with pytest.raises(errors.SelfApproval):
        link(everybody, cast.owner)  # she would open it herself
    assert link(everybody, member_actor(bob, "member")).ask_id is None

    bobs = ask(cast.workspace, execution_id=run, people={"assignees": [BOB], "bars_starter": True})
    for row in (everybody, bobs):
        with pytest.raises(errors.SelfApproval):
            services.interaction_delegate(
                workspace_id=row.workspace_id, interaction_id=row.id, actor=cast.owner, to=EVE, now=clock.now()
            )


def test_what_a_run_calls_was_started_by_whoever_started_the_run(cast: Cast, alice: User) -> None:
    parent = started(cast.workspace, {"kind": "user", "id": str(alice.id), "label": alice.email})
    child = started(cast.workspace, {"kind": "execution", "id": str(parent), "label": "Order approval"})
    grandchild = started(cast.workspace, {"kind": "execution", "id": str(child), "label": "Order approval"})
    row = ask(cast.workspace, execution_id=grandchild, people={"bars_starter": True})
    with pytest.raises(errors.SelfApproval):
        answer(row, in_app(alice, "owner"))


# ── Two votes ──


def test_links_for_just_anybody_are_no_way_to_several_votes(cast: Cast, alice: User) -> None:
    row = ask(cast.workspace, people={"policy": "at_least", "approvals": 2})
    with pytest.raises(errors.NoLinkForSeveral):
        link(row, cast.owner)


def test_one_person_under_two_names_has_one_vote(workspace: Workspace, bob: User) -> None:
    row = ask(workspace, people={"assignees": ["slack:U0BOB000", BOB, EVE], "policy": "at_least", "approvals": 2})
    slack, member, _ = places(row)
    answer(row, Answerer.asked(slack, Via.SLACK, user=bob))
    for again_ in (in_app(bob), Answerer.asked(member, Via.EMAIL)):
        with pytest.raises(errors.AlreadyVoted):
            answer(row, again_)
    assert again(workspace, row).is_pending


def test_groups_that_can_never_all_agree_are_said_and_not_rejected(workspace: Workspace, bob: User) -> None:
    groups = [{"name": name, "assignees": [BOB], "approvals": 1} for name in ("Finance", "Legal")]
    row = again(workspace, ask(workspace, people={"policy": "groups", "groups": groups}))
    assert (row.status, row.outcome) == ("withdrawn", "undeliverable")


def test_more_than_there_are_in_the_workspace_is_said_at_once(workspace: Workspace) -> None:
    enough, too_many = (ask(workspace, people={"policy": "at_least", "approvals": count}) for count in (2, 3))
    assert (enough.is_pending, again(workspace, too_many).outcome) == (True, "undeliverable")


# ── Those who left ──


def test_who_has_left_answers_by_no_way(cast: Cast, bob: User) -> None:
    row = ask(cast.workspace, people={"assignees": [BOB, EVE]})
    (bobs, _eves) = places(row)
    by_link = link(row, cast.owner, bobs)
    with tenant(cast.workspace.id):
        Membership.objects.filter(workspace=cast.workspace, user=bob).delete()
    for answerer in (Answerer.asked(bobs, Via.EMAIL), Answerer.asked(bobs, Via.LINK, link_id=by_link.id)):
        with pytest.raises(errors.NoLongerAsked, match="no member"):
            answer(row, answerer)
    assert again(cast.workspace, row).is_pending


def test_who_was_asked_for_a_role_and_lost_it_does_not_answer(cast: Cast, alice: User, bob: User) -> None:
    with tenant(cast.workspace.id):
        Membership.objects.filter(workspace=cast.workspace, user=bob).update(role="admin")
    row = ask(cast.workspace, people={"assignees": ["role:admin"]})
    with tenant(cast.workspace.id):
        Membership.objects.filter(workspace=cast.workspace, user=bob).update(role="owner")
    (bobs,) = places(row)
    with tenant(cast.workspace.id):
        assert services.objection(interaction=row, answerer=Answerer.asked(bobs, Via.EMAIL)) is None  # more, not less
        Membership.objects.filter(workspace=cast.workspace, user=bob).update(role="member")
    with pytest.raises(errors.NoLongerAsked, match="admin"):
        answer(row, in_app(bob))


def test_a_deputy_whose_account_is_off_is_asked_nothing(workspace: Workspace, alice: User, bob: User) -> None:
    with tenant(workspace.id):
        Absence.objects.create(
            workspace=workspace, user=bob, deputy=alice, from_at=clock.now() - timedelta(days=1), created_at=clock.now()
        )
    User.objects.filter(id=alice.id).update(is_active=False)
    (bobs,) = places(ask(workspace, people={"assignees": [BOB]}))
    assert (bobs.user_id, bobs.status) == (bob.id, "asked")


def test_a_viewer_is_not_asked(workspace: Workspace, vera: User) -> None:
    row = again(workspace, ask(workspace, people={"assignees": ["vera@example.com"]}))
    assert (row.status, row.outcome) == ("withdrawn", "undeliverable")


def test_a_link_into_a_closed_workspace_leads_nowhere(cast: Cast) -> None:
    made = services.interaction_link_create(
        workspace_id=cast.workspace.id,
        interaction_id=ask(cast.workspace).id,
        recipient="Jonas",
        actor=cast.owner,
        now=clock.now(),
    )
    account_services.workspace_close(workspace=cast.workspace, confirmation=cast.workspace.slug, actor=cast.owner)
    with pytest.raises(errors.LinkUnknown):
        services.link_find(token=made.token, now=clock.now())


# ── What several chose ──


def test_what_several_chose_keeps_to_how_many_may_be_chosen(workspace: Workspace, alice: User, bob: User) -> None:
    options = [{"name": name, "label": name} for name in "abc"]
    everybody = {"assignees": [ALICE, BOB, EVE], "policy": "all"}
    ways = ask(workspace).outcomes[:1]

    def chosen(least: int, most: int, *said: str) -> Any:
        form = {"kind": "options", "options": options, "least": least, "most": most}
        row = ask(workspace, question="DECISION", people=everybody, form=form)
        for person, names in zip(places(row), said, strict=True):
            answer(row, Answerer.asked(person, Via.LINK), ways[0]["name"], data=list(names))
        return again(workspace, row).answer["data"]

    assert chosen(1, 2, "ab", "bc", "ac") == ["a", "b"]  # all three have more than half
    assert chosen(1, 1, "a", "b", "b") == ["b"]
    assert chosen(1, 1, "c", "b", "a") == ["a"]  # nobody has more than half, and one must be


# ── The clock ──


def test_a_workspace_whose_timers_fail_keeps_nobody_waiting(
    workspace: Workspace, other_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ladder = {"seconds": 3600, "business_hours": False, "reminders": [50], "escalations": []}
    for each in (workspace, other_workspace):
        row = ask(each, people={"assignees": [EVE]}, timing=ladder)
        with tenant(each.id):
            Timer.objects.filter(interaction=row).update(due_at=clock.now() - timedelta(days=1))
    looked_at = []

    def remind(workspace_id: UUID, ids: Any, now: Any) -> None:
        looked_at.append(workspace_id)
        raise DomainError("The first and any other.")

    monkeypatch.setattr(timing, "_remind", remind)
    services.timers_fire()
    assert set(looked_at) == {workspace.id, other_workspace.id}


def test_more_working_time_than_there_is_ends_nothing_in_an_error(workspace: Workspace, alice: User) -> None:
    actor = member_actor(alice, "owner")
    services.hours_set(workspace_id=workspace.id, actor=actor, zone="UTC", days=[1], opens=time(9), closes=time(9, 1))
    month = {"seconds": 30 * 86_400, "business_hours": True, "reminders": [], "escalations": []}
    row = again(workspace, ask(workspace, people={"assignees": [ALICE]}, timing=month, lasts=None))
    assert (row.status, row.outcome) == ("withdrawn", "undeliverable")


# ── Hidden workflows ──


def test_a_hidden_workflow_is_mailed_to_those_who_may_see_it_and_to_those_it_names(
    workspace: Workspace, alice: User, bob: User
) -> None:
    everybody = ask(workspace, channels=["email"])
    named = ask(workspace, execution_id=everybody.execution_id, people={"assignees": [ALICE, BOB]})
    with tenant(workspace.id):
        ObjectGrant.objects.create(
            workspace=workspace, kind="workflow", object_id=everybody.workflow_id, user=bob, level="none"
        )
    while events.events_tell():
        pass
    with tenant(workspace.id):
        sent = Delivery.objects.order_by("id").values_list("interaction_id", "target")
        assert list(sent) == [(everybody.id, ALICE), (named.id, BOB)]
        assert of_slack_user(everybody, "U0BOB", BOB) is None
        assert of_slack_user(named, "U0BOB", BOB) is not None


# ── The record ──


def test_a_changed_name_in_the_record_is_found(workspace: Workspace, alice: User) -> None:
    row = answer(ask(workspace), in_app(alice, "owner"), comment="Fine.")
    assert not proof.verify(workspace.id).wrong
    for rows, changed in (
        (Interaction.objects.filter(id=row.id), {"answered_by": "Mallory"}),
        (Interaction.objects.filter(id=row.id), {"comment": "Never."}),
        (Vote.objects.filter(interaction=row), {"label": "Mallory"}),
    ):
        with tenant(workspace.id):
            before = rows.values(*changed).get()
            rows.update(**changed)
        assert [id_ for id_, _ in proof.verify(workspace.id).wrong] == [row.id]
        with tenant(workspace.id):
            rows.update(**before)


def test_a_decision_older_than_the_log_is_not_taken_for_a_forged_one(
    workspace: Workspace, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = answer(ask(workspace), in_app(alice, "owner"))
    with tenant(workspace.id):
        Interaction.objects.filter(id=row.id).update(audit_id=uuid7(), closed_at=clock.now() - timedelta(days=900))
        Vote.objects.filter(interaction=row).update(audit_id=uuid7(), at=clock.now() - timedelta(days=900))
    assert len(proof.verify(workspace.id).wrong) == 1  # the log keeps all, so it should be there
    monkeypatch.setattr(proof, "_kept_from", lambda workspace_id: clock.now() - timedelta(days=400))
    assert proof.verify(workspace.id) == proof.Verdict(0, (), forgotten=1)
