"""Decisions held against the audit log, and as a file."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.access.resolve import member_actor
from apps.accounts.models import User, Workspace
from apps.core import clock
from apps.core.tenancy import tenant
from apps.hil import exports, proof, selectors, services
from apps.hil.models import Interaction, Via, Vote
from apps.hil.services import Answerer
from tests.hil.asking import ask

pytestmark = pytest.mark.django_db


@pytest.fixture
def decided(workspace: Workspace, alice: User, bob: User) -> Interaction:
    """Two votes, one of them with a formula for a comment, on a question with figures of every spelling."""
    people = {"assignees": ["alice@example.com", "bob@example.com"], "policy": "all"}
    row = ask(workspace, people=people, data={"total": 1200.0, "rate": 0.1, "huge": 1e22, "name": "Möbel"})
    for user, comment in ((alice, ""), (bob, "=1+1")):
        services.interaction_answer(
            workspace_id=workspace.id,
            interaction_id=row.id,
            answerer=Answerer.of(member_actor(user, "member"), Via.APP),
            outcome="approved",
            comment=comment,
            now=clock.now(),
        )
    return row


def change(row: Interaction, model: Any, **fields: Any) -> None:
    with tenant(row.workspace_id):
        key = {"id": row.id} if model is Interaction else {"interaction": row}
        model.objects.filter(**key).update(**fields)


def test_what_nobody_touched_holds(decided: Interaction, capsys: pytest.CaptureFixture[str]) -> None:
    assert proof.verify(decided.workspace_id) == proof.Verdict(1, ())
    call_command("decisions_verify")
    assert "acme: 1 of 1 decisions hold" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("model", "fields", "wrong"),
    [
        (Interaction, {"title": "Ship nothing?"}, "what is shown is not what was asked"),
        (Interaction, {"data": {"total": 1}}, "what is shown is not what was asked"),
        (Interaction, {"outcome": "rejected"}, "the outcome is rejected, its event says approved"),
        (Vote, {"outcome": "rejected"}, "is not what its event says"),
        (Vote, {"comment": "I never said so."}, "wrote is not what the event says"),
        (Vote, {"audit_id": None}, "is not in the audit log"),
    ],
)
def test_what_was_changed_is_found(decided: Interaction, model: Any, fields: dict[str, Any], wrong: str) -> None:
    change(decided, model, **fields)
    ((id_, found),) = proof.verify(decided.workspace_id).wrong
    assert id_ == decided.id
    assert wrong in found
    with pytest.raises(CommandError):
        call_command("decisions_verify", workspace="acme")


def test_as_a_file(decided: Interaction, workspace: Workspace) -> None:
    with tenant(workspace.id):
        rows = list(selectors.decisions(workspace_id=workspace.id, since=None, until=None))
        (found,) = json.loads(exports.as_json(rows))
        (line,) = csv.DictReader(io.StringIO(exports.as_csv(rows)))
    assert (found["status"], found["outcome"], found["answered_by"], found["version"]) == (
        "answered",
        "approved",
        "Bob",
        1,
    )
    assert [vote["by"] for vote in found["votes"]] == ["Alice", "Bob"]
    assert (line["comment"], line["audit_id"]) == ("'=1+1", found["audit_id"])
