"""Answering: one compare-and-set, the declared outcomes, the record, the links."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts import selectors as accounts
from apps.accounts.access.resolve import member_actor
from apps.accounts.models import User, Workspace
from apps.core import clock
from apps.core.errors import Invalid
from apps.core.tenancy import tenant
from apps.executions import services as executions
from apps.executions.models import Execution, Wait
from apps.hil import errors, selectors, services
from apps.hil.models import Interaction, InteractionLink, InteractionStatus, Via
from apps.hil.services import Answerer
from tests.hil.asking import again, ask, doubt, park

pytestmark = pytest.mark.django_db


def answer(
    workspace: Workspace, row: Interaction, user: User, outcome: str = "approved", **more: object
) -> Interaction:
    return services.interaction_answer(
        workspace_id=workspace.id,
        interaction_id=row.id,
        answerer=Answerer.of(member_actor(user, "owner"), Via.APP),
        outcome=outcome,
        now=clock.now(),
        **more,  # type: ignore[arg-type]
    )


def test_an_answer_resolves_the_wait_makes_the_execution_due_and_is_recorded(workspace: Workspace, alice: User) -> None:
    row = ask(workspace)

    answered = answer(workspace, row, alice, comment=" Good customer. ", data={"priority": 1})

    with tenant(workspace.id):
        wait, execution = Wait.objects.get(id=row.wait_id), Execution.objects.get(id=row.execution_id)
        events = list(accounts.audit_events(workspace.id).filter(action="interaction.answered"))
    assert wait.resolved_at is not None
    assert wait.answer == answered.answer
    assert wait.answer["answered_by"] == {
        "label": "Alice",
        "kind": "user",
        "via": "app",
        "id": str(alice.id),
        "email": "alice@example.com",
        "assurance": "signed in with role",
    }
    assert (wait.answer["outcome"], wait.answer["comment"], wait.answer["data"]) == (
        "approved",
        "Good customer.",
        {"priority": 1},
    )
    assert execution.runnable_at is not None
    kept = again(workspace, row)
    assert (kept.status, kept.outcome, kept.answered_by, kept.answered_by_user_id) == (
        InteractionStatus.ANSWERED,
        "approved",
        "Alice",
        alice.id,
    )
    assert [(event.actor_label, event.data["outcome"]) for event in events] == [("alice@example.com", "approved")]


def test_the_second_answer_is_told_who_answered_when_and_how(workspace: Workspace, alice: User, bob: User) -> None:
    row = ask(workspace)
    first = answer(workspace, row, alice)

    with pytest.raises(errors.AlreadyAnswered) as refused:
        answer(workspace, row, bob, "rejected")

    assert first.answered_at is not None
    assert refused.value.status == 409
    assert refused.value.extra == {
        "answered_by": "Alice",
        "answered_at": first.answered_at.isoformat(),
        "outcome": "approved",
    }
    assert again(workspace, row).outcome == "approved"


@pytest.mark.parametrize("outcome", ["timeout", "", "APPROVED", "shipped", "x" * 500])
def test_only_declared_outcomes_are_answers_and_the_refusal_names_them(
    workspace: Workspace, alice: User, outcome: str
) -> None:
    row = ask(workspace)

    with pytest.raises(errors.OutcomeUnknown, match=r"Allowed: approved, rejected\."):
        answer(workspace, row, alice, outcome)

    assert again(workspace, row).is_pending


def test_what_cannot_be_stored_is_refused(workspace: Workspace, alice: User) -> None:
    row = ask(workspace)

    with pytest.raises(errors.CommentTooLong):
        answer(workspace, row, alice, comment="x" * 10_001)
    with pytest.raises(Invalid, match="NUL"):
        answer(workspace, row, alice, comment="a\x00b")
    with pytest.raises(Invalid, match="not finite"):
        answer(workspace, row, alice, data={"n": float("nan")})

    assert again(workspace, row).is_pending


def test_nobody_can_answer_after_the_deadline_even_before_the_engine_noticed(workspace: Workspace, alice: User) -> None:
    row = ask(workspace, lasts=timedelta(seconds=-1))

    with pytest.raises(errors.TimedOut):
        answer(workspace, row, alice)


def test_nobody_can_answer_for_an_execution_that_was_cancelled(workspace: Workspace, alice: User) -> None:
    row = ask(workspace)
    executions.execution_cancel(
        workspace_id=workspace.id, execution_id=row.execution_id, now=clock.now(), by="alice@example.com"
    )

    assert again(workspace, row).status == InteractionStatus.WITHDRAWN
    with pytest.raises(errors.Withdrawn):
        answer(workspace, row, alice)


def test_a_name_the_engine_uses_itself_is_not_taken_for_a_timeout(workspace: Workspace, alice: User) -> None:
    row = ask(workspace)
    alice.name = "Deadline"

    answer(workspace, row, alice)

    with tenant(workspace.id):
        assert Wait.objects.get(id=row.wait_id).resolved_by == "“Deadline”"


def test_a_step_whose_outcome_is_unknown_has_three_ways_out(workspace: Workspace, alice: User) -> None:
    row = doubt(workspace)
    assert row.allowed == ["happened", "run_again", "failed"]

    answer(workspace, row, alice, "happened", data={"id": "S-1"})

    with tenant(workspace.id):
        assert Wait.objects.get(id=row.wait_id).answer["data"] == {"id": "S-1"}


def test_what_was_shown_has_a_digest_that_changes_with_it(workspace: Workspace) -> None:
    execution_id = park(workspace)
    first, same, other = (
        ask(workspace, execution_id=execution_id, data=data).shown_digest for data in ({"a": 1}, {"a": 1}, {"a": 2})
    )

    assert first == same != other


# ── Links ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def link_for(
    workspace: Workspace, row: Interaction, user: User, recipient: str = "Jonas Weber"
) -> services.CreatedLink:
    return services.interaction_link_create(
        workspace_id=workspace.id,
        interaction_id=row.id,
        recipient=recipient,
        actor=member_actor(user, "owner"),
        now=clock.now(),
    )


def test_a_link_is_kept_as_a_hash_and_ends_with_the_question(workspace: Workspace, alice: User) -> None:
    row = ask(workspace)

    created = link_for(workspace, row, alice)

    assert len(created.token) >= 43  # 256 bits
    with tenant(workspace.id):
        kept = InteractionLink.objects.values().get()
    assert created.token not in str(kept)
    assert kept["expires_at"] == row.deadline_at


def test_an_answer_by_link_is_the_recipients_and_spends_the_link(workspace: Workspace, alice: User) -> None:
    row = ask(workspace)
    link = services.link_find(token=link_for(workspace, row, alice).token, now=clock.now())

    answered = services.interaction_answer_by_link(link=link, outcome="rejected", comment="", now=clock.now())

    assert (answered.answered_by, answered.answered_via, answered.answered_by_user) == ("Jonas Weber", "link", None)
    with tenant(workspace.id):
        assert InteractionLink.objects.get().used_at is not None
    with pytest.raises(errors.AlreadyAnswered, match="Jonas Weber"):
        services.interaction_answer_by_link(link=link, outcome="approved", comment="", now=clock.now())


def test_a_link_that_expired_or_never_was_leads_nowhere(workspace: Workspace, alice: User) -> None:
    row = ask(workspace)
    created = link_for(workspace, row, alice)

    with pytest.raises(errors.LinkExpired):
        services.link_find(token=created.token, now=clock.now() + timedelta(hours=2))
    for wrong in ("", "x", created.token[:-1], created.token + "a", "\ud800"):
        with pytest.raises(errors.LinkUnknown):
            services.link_find(token=wrong, now=clock.now())


def test_no_link_is_made_for_what_is_decided_or_is_a_matter_of_members(workspace: Workspace, alice: User) -> None:
    row = ask(workspace)
    answer(workspace, row, alice)

    with pytest.raises(errors.AlreadyAnswered):
        link_for(workspace, row, alice)
    with pytest.raises(errors.NoLinkForReviews):
        link_for(workspace, doubt(workspace), alice)
    with pytest.raises(Invalid, match="who the link is for"):
        link_for(workspace, ask(workspace), alice, recipient="  ")


# ── Tenants ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_another_workspace_sees_nothing(workspace: Workspace, other_workspace: Workspace, alice: User) -> None:
    row = ask(workspace)
    link_for(workspace, row, alice)

    with tenant(other_workspace.id):
        assert not Interaction.objects.exists()
        assert not InteractionLink.objects.exists()
        assert selectors.interaction_pending_count(workspace_id=workspace.id) == 0
        with pytest.raises(errors.InteractionNotFound):
            selectors.interaction_get(workspace_id=workspace.id, interaction_id=row.id)


def test_the_inbox_puts_the_urgent_first_and_then_what_is_due_first(workspace: Workspace) -> None:
    execution_id = park(workspace)

    def made(title: str, hours: int | None, priority: str = "normal") -> None:
        lasts = timedelta(hours=hours) if hours is not None else None
        ask(workspace, execution_id=execution_id, title=title, lasts=lasts, priority=priority)

    made("whenever", None)
    made("late", 48)
    made("soon", 1)
    made("urgent", 72, "critical")

    with tenant(workspace.id):
        found = [row.title for row in selectors.inbox_waiting(workspace_id=workspace.id)]
    assert found == ["urgent", "soon", "late", "whenever"]
