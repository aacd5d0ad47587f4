"""Several people: who may answer, how votes add up, who is asked instead, and what the record keeps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts import selectors as accounts
from apps.accounts import services as account_services
from apps.accounts.access.actor import Actor
from apps.accounts.access.resolve import member_actor
from apps.accounts.models import User, Workspace
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.models import Event
from apps.core.tenancy import tenant
from apps.executions.models import Execution, Wait
from apps.hil import errors, selectors, services
from apps.hil.models import Absence, Ask, AskStatus, Entry, Interaction, InteractionStatus, Via, Vote
from apps.hil.services import Answerer
from tests.cast import Cast
from tests.hil.asking import again, ask, doubt, park

pytestmark = pytest.mark.django_db

ALICE, BOB, DORA, EVE = "alice@example.com", "bob@example.com", "dora@example.com", "eve@outside.example"


@pytest.fixture
def dora(cast: Cast) -> User:
    """An admin of the workspace."""
    user = User.objects.create_user(DORA, "a long enough password", name="Dora")
    account_services.member_add(workspace=cast.workspace, email=DORA, role="admin", actor=cast.owner)
    return user


def who(user: User, role: str = "member") -> Answerer:
    return Answerer.of(member_actor(user, role), Via.APP)


def answer(row: Interaction, answerer: Answerer, outcome: str = "approved", **more: Any) -> Interaction:
    return services.interaction_answer(
        workspace_id=row.workspace_id,
        interaction_id=row.id,
        answerer=answerer,
        outcome=outcome,
        now=clock.now(),
        **more,
    )


def refused(row: Interaction, answerer: Answerer, outcome: str = "approved", **more: Any) -> DomainError:
    with pytest.raises(DomainError) as found:
        answer(row, answerer, outcome, **more)
    return found.value


def asks(row: Interaction) -> dict[str, str]:
    with tenant(row.workspace_id):
        return dict(Ask.objects.filter(interaction=row).order_by("id").values_list("label", "status"))


def told(row: Interaction) -> list[str]:
    with tenant(row.workspace_id):
        return list(Event.objects.filter(subject_id=row.id).order_by("id").values_list("name", flat=True))


def record(row: Interaction) -> list[str]:
    with tenant(row.workspace_id):
        return list(Entry.objects.filter(interaction=row).order_by("id").values_list("text", flat=True))


def test_who_is_named_is_asked_and_nobody_else_may_answer(workspace: Workspace, dora: User, alice: User) -> None:
    row = ask(workspace, people={"assignees": [BOB, DORA, EVE]})
    assert asks(row) == {"Bob": "asked", "Dora": "asked", EVE: "asked"}
    assert record(row) == ["Manager asked Bob, Dora, eve@outside.example"]
    error = refused(row, who(alice, "owner"))
    assert (error.code, error.message) == (
        "hil.not_asked",
        "This question is put to Bob, Dora, eve@outside.example.",
    )
    assert answer(row, who(dora, "admin")).status == InteractionStatus.ANSWERED
    assert told(row) == ["question.asked", "question.decided"]


def test_two_of_three_decide_and_the_last_vote_lets_the_run_go_on_once(
    workspace: Workspace, dora: User, alice: User, bob: User
) -> None:
    row = ask(workspace, people={"assignees": [ALICE, BOB, DORA], "policy": "at_least", "approvals": 2})
    assert again(workspace, row).progress == "0 of 2"
    first = answer(row, who(alice, "owner"), comment="Good customer.")
    assert (first.is_pending, first.progress) == (True, "1 of 2")
    with tenant(workspace.id):
        assert Wait.objects.get(id=row.wait_id).resolved_at is None
        assert Execution.objects.get(id=row.execution_id).runnable_at is None
    assert refused(row, who(alice, "owner")).code == "hil.already_voted"

    assert answer(row, who(bob), "rejected").is_pending
    last = answer(row, who(dora, "admin"))
    assert (last.status, last.outcome, last.answered_by) == ("answered", "approved", "Dora")
    assert [(vote["by"], vote["outcome"]) for vote in last.answer["votes"]] == [
        ("Alice", "approved"),
        ("Bob", "rejected"),
        ("Dora", "approved"),
    ]
    assert told(row) == ["question.asked", "question.voted", "question.voted", "question.decided"]
    with tenant(workspace.id):
        assert list(Vote.objects.order_by("id").values_list("is_deciding", flat=True)) == [False, False, True]
        actions = accounts.audit_events(workspace.id).filter(action__startswith="interaction.")
        assert sorted(actions.values_list("action", flat=True)) == [
            *("interaction.answered", "interaction.voted", "interaction.voted")
        ]


def test_one_rejection_can_be_enough(workspace: Workspace, bob: User) -> None:
    row = ask(workspace, people={"assignees": [ALICE, BOB], "policy": "all"})
    assert answer(row, who(bob), "rejected").outcome == "rejected"


def test_in_a_sequence_everybody_has_a_turn(workspace: Workspace, dora: User, alice: User, bob: User) -> None:
    row = ask(workspace, people={"assignees": [ALICE, BOB, DORA], "policy": "sequence"})
    assert asks(row) == {"Alice": "asked", "Bob": "waiting", "Dora": "waiting"}
    error = refused(row, who(bob))
    assert (error.code, error.message) == ("hil.not_your_turn", "It is the turn of Alice; yours comes later.")

    assert answer(row, who(alice, "owner")).progress == "Step 2 of 3, Bob"
    assert asks(row) == {"Alice": "answered", "Bob": "asked", "Dora": "waiting"}
    with tenant(workspace.id):
        event = Event.objects.get(subject_id=row.id, name="question.asked_more")
        assert (event.data["reason"], len(event.data["ask_ids"])) == ("next", 1)
    answer(row, who(bob))
    assert answer(row, who(dora, "admin")).outcome == "approved"


def test_groups_want_one_of_each(workspace: Workspace, dora: User, alice: User, bob: User) -> None:
    groups = [
        {"name": "Finance", "assignees": [ALICE, BOB], "approvals": 1},
        {"name": "Legal", "assignees": [DORA], "approvals": 1},
    ]
    row = ask(workspace, people={"policy": "groups", "groups": groups})
    assert answer(row, who(bob)).progress == "1 of 1 in Finance, 0 of 1 in Legal"
    assert answer(row, who(alice, "owner")).is_pending
    assert answer(row, who(dora, "admin")).outcome == "approved"


def test_a_role_is_everybody_who_has_it(workspace: Workspace, dora: User, alice: User, bob: User) -> None:
    row = ask(workspace, people={"assignees": ["role:owner", "role:admin"], "assurance": "role"})
    assert sorted(asks(row)) == ["Alice", "Dora"]
    # Dora was an admin when she was asked, and is none any more.
    assert refused(row, who(dora, "member")).code == "hil.not_sure_enough"
    assert answer(row, who(dora, "admin")).outcome == "approved"


def test_several_of_whoever_answers(workspace: Workspace, alice: User, bob: User) -> None:
    row = ask(workspace, people={"policy": "at_least", "approvals": 2})
    assert not row.has_asks
    assert answer(row, who(alice, "owner")).progress == "1 of 2"
    assert refused(row, who(alice, "owner")).code == "hil.already_voted"
    assert answer(row, who(bob)).outcome == "approved"


def started_by(workspace: Workspace, actor: Actor) -> Any:
    execution_id = park(workspace)
    with tenant(workspace.id):
        by = {"kind": actor.kind, "id": str(actor.id), "label": actor.label}
        Execution.objects.filter(id=execution_id).update(started_by=by)
    return execution_id


def test_nobody_approves_their_own_run_not_even_by_a_key_of_theirs(cast: Cast, alice: User, bob: User) -> None:
    execution_id = started_by(cast.workspace, member_actor(bob, "member"))
    people = {"assignees": [ALICE, BOB], "bars_starter": True}
    row = ask(cast.workspace, execution_id=execution_id, people=people)
    assert refused(row, who(bob)).code == "hil.self_approval"
    key = Actor(kind="api_key", id=None, label="key Deploy", maker_id=bob.id)
    assert refused(row, Answerer.of(key, Via.API)).code == "hil.self_approval"
    assert answer(row, who(alice, "owner")).outcome == "approved"

    # Who counts is known from the start: the starter is not among the two that "all" needs.
    everybody = ask(cast.workspace, execution_id=execution_id, people=people | {"policy": "all"})
    assert answer(everybody, who(alice, "owner")).outcome == "approved"


@pytest.mark.parametrize(
    ("people", "message"),
    [
        ({"assignees": []}, "The question cannot be put: One person must agree, and there is nobody to ask."),
        (
            {"assignees": [ALICE, BOB], "policy": "at_least", "approvals": 3},
            "The question cannot be put: 3 people must agree, and there is only 2 to ask.",
        ),
        ({"assignees": ["role:viewer"]}, "Nobody in the workspace who may answer has the role viewer."),
        ({"assignees": ["nobody"]}, "“nobody” names nobody: write an e-mail address"),
        ({"assignees": ["01996a5e-0000-7000-8000-000000000000"]}, "Nobody with the id"),
    ],
)
def test_a_question_nobody_can_answer_lets_the_run_go_on_at_once(
    workspace: Workspace, people: dict[str, Any], message: str
) -> None:
    row = ask(workspace, people=people)
    assert (row.status, row.outcome) == ("withdrawn", "undeliverable")
    with tenant(workspace.id):
        wait = Wait.objects.get(id=row.wait_id)
        assert wait.answer["outcome"] == "undeliverable"
        assert wait.answer["message"].startswith(message)
        assert Execution.objects.get(id=row.execution_id).runnable_at is not None


def test_how_surely_somebody_must_be_known(workspace: Workspace, alice: User, cast: Cast) -> None:
    strict = ask(workspace, people={"assurance": "signed_in"})
    with pytest.raises(errors.LinkTooWeak):
        services.interaction_link_create(
            workspace_id=workspace.id, interaction_id=strict.id, recipient="Eve", actor=cast.owner, now=clock.now()
        )
    row = ask(workspace, people={"assignees": [EVE], "assurance": "recipient"})
    with tenant(workspace.id):
        eve = Ask.objects.get(interaction=row)
    answered = answer(row, Answerer.asked(eve, Via.EMAIL), evidence={"score": 0.9, "quote": "Yes, go ahead"})
    assert (answered.answered_by, answered.answered_via, answered.answered_assurance) == (EVE, "email", 1)
    with tenant(workspace.id):
        event = accounts.audit_events(workspace.id).get(action="interaction.answered")
    assert event.data["evidence"] == {"score": 0.9, "quote": "Yes, go ahead"}
    assert event.data["assurance"] == "known recipient"


def test_a_link_of_somebody_who_is_asked_is_theirs(workspace: Workspace, cast: Cast) -> None:
    row = ask(workspace, people={"assignees": [EVE, BOB], "policy": "all"})
    with tenant(workspace.id):
        eve = Ask.objects.get(interaction=row, address=EVE)
    made = services.interaction_link_create(
        workspace_id=workspace.id, interaction_id=row.id, recipient=EVE, actor=cast.owner, now=clock.now(), ask=eve
    )
    link = services.link_find(token=made.token, now=clock.now())
    voted = services.interaction_answer_by_link(link=link, outcome="approved", comment="", now=clock.now())
    assert (voted.is_pending, voted.progress) == (True, "1 of 2")
    assert asks(row)[EVE] == "answered"
    with pytest.raises(errors.AlreadyVoted):
        services.interaction_answer_by_link(link=link, outcome="approved", comment="", now=clock.now())
    with pytest.raises(errors.NoLinkForAsked):
        services.interaction_link_create(
            workspace_id=workspace.id, interaction_id=row.id, recipient="Eve", actor=cast.owner, now=clock.now()
        )


def test_what_cannot_be_undone_wants_a_button_and_a_reason(workspace: Workspace, alice: User) -> None:
    row = ask(workspace, rules={"needs_button": True, "needs_comment": ["rejected"]})
    assert refused(row, who(alice, "owner"), is_in_words=True).code == "hil.button_needed"
    error = refused(row, who(alice, "owner"), "rejected", comment=" ")
    assert (error.code, [found.path for found in error.errors]) == ("hil.comment_needed", ["comment"])
    assert answer(row, who(alice, "owner"), "rejected", comment="Too much.").outcome == "rejected"


def test_an_answer_is_checked_against_its_form(workspace: Workspace, alice: User) -> None:
    schema = {"type": "object", "required": ["vat"], "properties": {"vat": {"type": "string", "minLength": 4}}}
    from apps.nodes.contract import Outcome

    row = ask(
        workspace,
        question="INPUT",
        outcomes=(Outcome("answered", "Send", "primary"),),
        form={"kind": "fields", "schema": schema, "initial": {}},
    )
    error = refused(row, who(alice, "owner"), "answered", data={})
    assert (error.code, error.errors[0].path) == ("hil.answer_invalid", "data.vat")
    assert answer(row, who(alice, "owner"), "answered", data={"vat": "SE12"}).answer["data"] == {"vat": "SE12"}


# ── Handing on ───────────────────────────────────────────────────────────────────────────────────────────────────────


def hand_on(row: Interaction, actor: Actor, to: str, **more: Any) -> Ask:
    return services.interaction_delegate(
        workspace_id=row.workspace_id, interaction_id=row.id, actor=actor, to=to, now=clock.now(), **more
    )


def test_a_place_is_handed_on_with_its_record(workspace: Workspace, dora: User, alice: User, bob: User) -> None:
    row = ask(workspace, people={"assignees": [ALICE, BOB], "policy": "all"})
    made = hand_on(row, member_actor(bob, "member"), DORA, note="You know the customer.")
    assert asks(row) == {"Alice": "asked", "Bob": "passed", "Dora": "asked"}
    assert (made.reason, made.passed_from_id is not None) == ("delegated", True)
    assert record(row)[-1] == "Bob handed this on to Dora: You know the customer."
    assert sorted(told(row)[-2:]) == ["question.asked_more", "question.passed"]
    assert refused(row, who(bob)).code == "hil.handed_on"
    answer(row, who(dora, "admin"))
    assert answer(row, who(alice, "owner")).outcome == "approved"


def test_owners_hand_on_for_others_and_nobody_else_does(workspace: Workspace, dora: User, alice: User) -> None:
    row = ask(workspace, people={"assignees": [BOB]})
    with pytest.raises(errors.NotAsked):
        hand_on(row, member_actor(dora, "member"), ALICE)
    hand_on(row, member_actor(alice, "owner"), EVE)
    assert asks(row) == {"Bob": "passed", EVE: "asked"}
    assert record(row)[-1] == "Alice handed the place of Bob on to eve@outside.example"


def test_what_cannot_be_handed_on(workspace: Workspace, dora: User, alice: User, bob: User) -> None:
    fixed = ask(workspace, people={"assignees": [BOB], "can_delegate": False})
    with pytest.raises(errors.CannotDelegate, match="author"):
        hand_on(fixed, member_actor(bob, "member"), DORA)
    signed_in = ask(workspace, people={"assignees": [BOB], "assurance": "signed_in"})
    with pytest.raises(errors.CannotDelegate, match="no member"):
        hand_on(signed_in, member_actor(bob, "member"), EVE)
    known = ask(workspace, people={"assignees": [BOB, DORA]})
    with pytest.raises(errors.CannotDelegate, match="asked already"):
        hand_on(known, member_actor(bob, "member"), DORA)
    with pytest.raises(errors.CannotDelegate):
        hand_on(doubt(workspace), member_actor(bob, "member"), DORA)


def test_a_question_to_everybody_can_be_given_to_one(workspace: Workspace, dora: User, alice: User, bob: User) -> None:
    row = ask(workspace)
    hand_on(row, member_actor(bob, "member"), DORA)
    assert refused(row, who(alice, "owner")).code == "hil.not_asked"
    assert answer(row, who(dora, "admin")).outcome == "approved"


def test_deputies_are_asked_for_those_who_are_away(workspace: Workspace, dora: User, alice: User, bob: User) -> None:
    now = clock.now()
    with tenant(workspace.id):
        for user, deputy in ((bob, dora), (dora, alice)):
            Absence.objects.create(
                workspace=workspace, user=user, deputy=deputy, from_at=now - timedelta(days=1), created_at=now
            )
    row = ask(workspace, people={"assignees": [BOB]})
    assert asks(row) == {"Bob": "passed", "Alice": "asked"}
    assert "Bob is away: Alice is asked instead" in record(row)
    assert answer(row, who(alice, "owner")).outcome == "approved"


def test_deputies_of_each_other_are_asked_themselves(workspace: Workspace, alice: User, bob: User) -> None:
    now = clock.now()
    with tenant(workspace.id):
        for user, deputy in ((bob, alice), (alice, bob)):
            Absence.objects.create(workspace=workspace, user=user, deputy=deputy, from_at=now, created_at=now)
    assert asks(ask(workspace, people={"assignees": [BOB]})) == {"Bob": "asked"}


def test_a_question_can_be_given_up_and_says_why(workspace: Workspace, alice: User) -> None:
    row = ask(workspace, people={"assignees": [EVE]})
    services.interaction_give_up(
        workspace_id=workspace.id, interaction_id=row.id, message="No mail could be delivered.", now=clock.now()
    )
    kept = again(workspace, row)
    assert (kept.status, kept.outcome) == ("withdrawn", "undeliverable")
    assert refused(row, who(alice, "owner")).code == "hil.undeliverable"
    assert record(row)[-1] == "No mail could be delivered."
    with tenant(workspace.id):
        assert not Ask.objects.filter(interaction=row).exclude(status=AskStatus.ASKED).exists()
        assert selectors.entries_of(workspace_id=workspace.id, interaction_id=row.id).count() == 2
