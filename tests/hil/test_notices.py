"""Who is told that a question waits, and when nobody needs to know any more."""

from __future__ import annotations

import pytest

from apps.accounts import services as accounts
from apps.accounts.access.resolve import member_actor
from apps.accounts.models import Notice
from apps.core import clock, events
from apps.core.tenancy import tenant
from apps.hil import services
from apps.hil.models import Interaction, Via
from apps.hil.services import Answerer
from tests.cast import Cast
from tests.hil.asking import ask

pytestmark = pytest.mark.django_db


def tell() -> None:
    while events.events_tell():
        pass


def notices(cast: Cast) -> list[tuple[str, str, bool]]:
    with tenant(cast.workspace.id):
        found = Notice.objects.select_related("user").order_by("first_at", "user__email")
        return [(notice.user.email, notice.words, notice.read_at is None) for notice in found]


def answer(cast: Cast, row: Interaction) -> None:
    services.interaction_answer(
        workspace_id=cast.workspace.id,
        interaction_id=row.id,
        answerer=Answerer.of(member_actor(cast.alice, "owner"), Via.APP),
        outcome="approved",
        now=clock.now(),
    )


def test_everybody_who_may_answer_is_told_and_nobody_else(cast: Cast) -> None:
    accounts.member_add(workspace=cast.workspace, email="vera@example.com", role="viewer", actor=cast.owner)
    row = ask(cast.workspace)
    tell()
    assert notices(cast) == [
        ("alice@example.com", "Ship order A-1?", True),
        ("bob@example.com", "Ship order A-1?", True),
    ]
    with tenant(cast.workspace.id):
        assert Notice.objects.values_list("url", flat=True)[0] == f"/w/acme/inbox/{row.id}/"


def test_a_workflow_that_asks_much_is_one_notice(cast: Cast) -> None:
    first = ask(cast.workspace)
    ask(cast.workspace, execution_id=first.execution_id)
    tell()
    assert notices(cast)[0] == ("alice@example.com", "Order approval asked 2 questions", True)


def test_it_is_over_when_the_last_question_is_answered(cast: Cast) -> None:
    first = ask(cast.workspace)
    second = ask(cast.workspace, execution_id=first.execution_id)
    tell()
    answer(cast, first)
    tell()
    assert [is_unread for *_, is_unread in notices(cast)] == [True, True]
    answer(cast, second)
    tell()
    assert [is_unread for *_, is_unread in notices(cast)] == [False, False]


def test_a_question_that_is_answered_at_once_is_told_to_nobody(cast: Cast) -> None:
    answer(cast, ask(cast.workspace))
    tell()
    assert notices(cast) == []


def test_one_that_timed_out_is_over_too(cast: Cast) -> None:
    row = ask(cast.workspace)
    tell()
    with tenant(cast.workspace.id):
        services.interaction_time_out(wait_ids=[row.wait_id])
    tell()
    assert not any(is_unread for *_, is_unread in notices(cast))
