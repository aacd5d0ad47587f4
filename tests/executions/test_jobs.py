"""What jobs have in common: turns, holding back, and what becomes of an item."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import OperationalError

from apps.core.errors import Conflict, Unavailable
from apps.core.ids import uuid7
from apps.executions.jobs import asked_by, outcome_of
from apps.executions.limits import QueueFull


def raising(error: Exception) -> UUID:
    raise error


@pytest.mark.django_db
def test_an_item_is_started_or_refused_with_the_reason() -> None:
    made = uuid7()
    assert outcome_of(lambda: made, "it") == {"state": "started", "execution_id": made}
    refused = outcome_of(lambda: raising(Conflict("Taken.")), "it")
    assert refused == {"state": "refused", "code": "core.conflict", "message": "Taken."}


@pytest.mark.django_db
@pytest.mark.parametrize("error", [QueueFull("Full."), Unavailable("Away.")])
def test_what_may_pass_is_left_for_later(error: Exception) -> None:
    assert outcome_of(lambda: raising(error), "it") is None


@pytest.mark.django_db
def test_a_fault_of_ours_is_logged_and_told_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    given = outcome_of(lambda: raising(RuntimeError("secret")), "the replay of x")
    assert given is not None
    assert given["code"] == "core.fault"
    assert "secret" not in given["message"]
    assert "the replay of x could not be started" in caplog.text


@pytest.mark.django_db
def test_a_database_that_is_away_is_no_refusal() -> None:
    with pytest.raises(OperationalError):
        outcome_of(lambda: raising(OperationalError("gone")), "it")


def test_whoever_asked_is_named_and_may_do_nothing() -> None:
    person = uuid7()
    actor = asked_by({"kind": "user", "id": str(person), "label": "Alice"})
    assert (actor.kind, actor.id, actor.label, set(actor.permissions)) == ("user", person, "Alice", set())
    assert asked_by(None).kind == "system"
