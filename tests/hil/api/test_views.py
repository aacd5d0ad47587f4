"""The API of questions: who may see and answer what, and what each refusal says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts import services as accounts
from apps.accounts.models import User, Workspace
from apps.core.tenancy import tenant
from apps.hil.models import InteractionLink
from apps.nodes.contract import Outcome
from tests.cast import Cast
from tests.hil.asking import again, ask, document, doubt, park, publish

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
URL = "/api/v1/app/interactions/"


def test_a_list_says_what_waits_without_what_is_shown(api: Api, workspace: Workspace, alice: User) -> None:
    row = ask(workspace, data={"order": "A-1"}, priority="high")

    found = api(alice).get(URL, {"status": "pending"}).json()

    assert (found["next"], found["page_size"]) == (None, 50)
    (listed,) = found["results"]
    assert listed == {
        "id": str(row.id),
        "execution_id": str(row.execution_id),
        "workflow_id": str(row.workflow_id),
        "workflow_name": "Order approval",
        "node_id": "ask",
        "node_name": "Manager",
        "kind": "CONFIRMATION",
        "title": "Ship order A-1?",
        "priority": "high",
        "status": "pending",
        "created_at": listed["created_at"],
        "deadline_at": listed["deadline_at"],
        "outcome": None,
        "progress": "",
        "answered_by": None,
        "answered_at": None,
    }


def test_lists_are_filtered_and_say_which_filters_there_are(api: Api, workspace: Workspace, alice: User) -> None:
    first, second = ask(workspace), ask(workspace)
    client = api(alice)
    client.post(f"{URL}{first.id}/answer", {"outcome": "approved"})

    def ids(**query: Any) -> list[str]:
        return [row["id"] for row in client.get(URL, query).json()["results"]]

    assert ids() == [str(second.id), str(first.id)]
    assert ids(status="answered") == [str(first.id)]
    assert ids(execution_id=str(second.execution_id)) == [str(second.id)]
    assert ids(workflow_id=str(first.workflow_id), status="pending") == []
    wrong = client.get(URL, {"status": "open"})
    assert wrong.status_code == 400
    assert wrong.json()["errors"] == [
        {"path": "status", "message": "Allowed: pending, answered, timed_out, withdrawn."}
    ]
    assert client.get(URL, {"execution_id": "x"}).status_code == 400


def test_reviews_can_be_asked_for_alone(api: Api, workspace: Workspace, alice: User) -> None:
    ask(workspace)
    row = doubt(workspace)
    answer = api(alice).get("/api/v1/app/interactions/?kind=REVIEW_UNKNOWN&status=pending")
    assert [found["id"] for found in answer.json()["results"]] == [str(row.id)]
    answer = api(alice).get("/api/v1/app/interactions/?kind=DOUBT")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "kind")


def test_one_question_has_all_that_is_shown_and_then_the_answer(api: Api, workspace: Workspace, alice: User) -> None:
    row = ask(workspace, data={"order": "A-1"})
    client = api(alice)

    asked = client.get(f"{URL}{row.id}").json()
    assert (asked["message"], asked["data"]) == ("Orders over 1000 need a manager.", {"order": "A-1"})
    assert asked["outcomes"] == [
        {"name": "approved", "label": "Approve", "style": "primary"},
        {"name": "rejected", "label": "Reject", "style": "danger"},
    ]

    answered = client.post(f"{URL}{row.id}/answer", {"outcome": "rejected", "comment": "No.", "data": [1]}).json()

    assert (answered["status"], answered["outcome"], answered["comment"]) == ("answered", "rejected", "No.")
    assert (answered["answered_by"], answered["answered_via"]) == ("Alice", "app")
    assert answered["answer"]["data"] == [1]
    assert client.get(f"{URL}{row.id}").json() == answered


def test_a_second_answer_is_409_with_who_and_when(api: Api, workspace: Workspace, alice: User, bob: User) -> None:
    row = ask(workspace)
    first = api(bob).post(f"{URL}{row.id}/answer", {"outcome": "approved"}).json()

    refused = api(alice).post(f"{URL}{row.id}/answer", {"outcome": "rejected"})

    problem = refused.json()
    assert (refused.status_code, refused["Content-Type"]) == (409, "application/problem+json")
    assert (problem["code"], problem["answered_by"], problem["outcome"]) == ("hil.already_answered", "Bob", "approved")
    assert problem["answered_at"][:19] == first["answered_at"][:19]


def test_an_unknown_outcome_is_400_and_names_the_allowed(api: Api, workspace: Workspace, alice: User) -> None:
    row = ask(workspace)

    for body in ({"outcome": "timeout"}, {"outcome": "ship"}):
        problem = api(alice).post(f"{URL}{row.id}/answer", body).json()
        assert (problem["status"], problem["code"]) == (400, "hil.outcome_unknown")
        assert problem["allowed"] == ["approved", "rejected"]
    wrongs: list[Any] = [{}, [], {"outcome": None}, {"outcome": {"a": 1}}, {"outcome": "approved", "comment": {"a": 1}}]
    for wrong in wrongs:
        assert api(alice).post(f"{URL}{row.id}/answer", wrong).status_code == 400
    assert again(workspace, row).is_pending


def test_a_key_answers_as_itself(api: Api, cast: Cast) -> None:
    row = ask(cast.workspace)
    key = accounts.api_key_create(workspace=cast.workspace, name="Bot", scopes=None, expires_at=None, actor=cast.owner)

    answered = api(key.secret).post(f"{URL}{row.id}/answer", {"outcome": "approved"}).json()

    assert (answered["answered_by"], answered["answered_via"]) == ("key Bot", "api")


def test_a_viewer_looks_and_does_not_answer(api: Api, workspace: Workspace, vera: User) -> None:
    row = ask(workspace)

    assert api(vera).get(f"{URL}{row.id}").status_code == 200
    for path, body in ((f"{URL}{row.id}/answer", {"outcome": "approved"}), (f"{URL}{row.id}/link", {"recipient": "x"})):
        assert api(vera).post(path, body).status_code == 403
    assert api(vera).post(f"/api/v1/app/executions/{row.execution_id}/resume", {"approved": True}).status_code == 403
    assert again(workspace, row).is_pending


def test_an_outsider_finds_nothing(api: Api, workspace: Workspace, charlie: User) -> None:
    row = ask(workspace)
    client = api(charlie)

    assert client.get(URL).json()["results"] == []
    assert client.get(f"{URL}{row.id}").status_code == 404
    assert client.post(f"{URL}{row.id}/answer", {"outcome": "approved"}).status_code == 404
    assert client.post(f"{URL}{row.id}/link", {"recipient": "me"}).status_code == 404
    assert client.post(f"/api/v1/app/executions/{row.execution_id}/resume", {"approved": True}).status_code == 404
    assert client.get(URL, headers={"X-Workspace": workspace.slug}).status_code == 404
    assert api().get(URL).status_code == 401
    assert again(workspace, row).is_pending


def test_a_link_is_shown_once_and_kept_out_of_caches(api: Api, workspace: Workspace, alice: User) -> None:
    row = ask(workspace)

    made = api(alice).post(f"{URL}{row.id}/link", {"recipient": "Jonas Weber"})

    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    body = made.json()
    assert body["recipient"] == "Jonas Weber"
    assert "/i/" in body["url"]
    with tenant(workspace.id):
        assert InteractionLink.objects.get(id=body["id"]).created_by_id == alice.id
    assert api(alice).post(f"{URL}{row.id}/link", {}).status_code == 400


# ── Resume ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def resume(api: Api, alice: User, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Resume an execution no engine works on: the wait for it to go on is over at once."""
    monkeypatch.setattr("apps.hil.api.resume.WAIT_SECONDS", 0)

    def post(execution_id: Any, **body: Any) -> Any:
        return api(alice).post(f"/api/v1/app/executions/{execution_id}/resume", body)

    return post


@pytest.mark.parametrize(
    ("body", "outcome", "data"),
    [
        ({"approved": True}, "approved", None),
        ({"approved": False, "resume_data": {"a": 1}}, "rejected", {"a": 1}),
        ({"output_port": "rejected", "data": [2]}, "rejected", [2]),
        ({"outcome": "approved", "approved": True, "comment": "ok"}, "approved", None),
    ],
)
def test_resume_answers_the_one_open_question(
    resume: Callable[..., Any], workspace: Workspace, body: dict[str, Any], outcome: str, data: Any
) -> None:
    row = ask(workspace)

    said = resume(row.execution_id, **body)

    assert said.status_code == 202  # kept, and nobody has gone on with it yet
    assert said.json() == {
        "execution_id": str(row.execution_id),
        "interaction_id": str(row.id),
        "outcome": outcome,
        "progress": "",
        "status": "WAITING_FOR_HUMAN",
        "message": "Recorded. The execution had not gone on within 10 s; it will.",
        "completed": False,
        "paused_again": False,
        "remaining_nodes": ["t", "ask", "ship", "refuse"],
        "has_moved": False,
        "output": None,
        "error": None,
    }
    kept = again(workspace, row)
    assert (kept.outcome, kept.answer["data"]) == (outcome, data)


def test_resume_of_several_open_questions_lists_them(resume: Callable[..., Any], workspace: Workspace) -> None:
    execution_id = park(workspace, publish(workspace, document()))
    first, second = ask(workspace, execution_id=execution_id), doubt(workspace, execution_id=execution_id)

    refused = resume(execution_id, approved=True)

    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "hil.several_open")
    assert [row["id"] for row in problem["interactions"]] == [str(first.id), str(second.id)]
    assert resume(execution_id, approved=True, interaction_id=str(first.id)).status_code == 202
    assert again(workspace, second).is_pending


def test_resume_says_why_it_cannot(resume: Callable[..., Any], workspace: Workspace) -> None:
    row, other = ask(workspace), ask(workspace)

    def code(**body: Any) -> tuple[int, str]:
        said = resume(row.execution_id, **body)
        return said.status_code, said.json()["code"]

    assert code() == (400, "hil.outcome_missing")
    assert code(approved=True, outcome="rejected") == (400, "core.invalid")
    assert code(outcome="timeout") == (400, "hil.outcome_unknown")
    assert code(approved=True, interaction_id=str(other.id)) == (404, "hil.interaction_not_found")
    assert code(approved="perhaps") == (400, "core.invalid")
    assert again(workspace, row).is_pending
    assert resume(row.execution_id, approved=True).status_code == 202
    assert code(approved=True) == (409, "hil.nothing_open")
    assert code(approved=True, interaction_id=str(row.id)) == (409, "hil.already_answered")
    assert resume(row.id, approved=True).status_code == 404


# ── Several people ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_lists_say_whose_turn_it_is(api: Api, workspace: Workspace, alice: User, bob: User) -> None:
    everybody = ask(workspace)
    bobs = ask(workspace, people={"assignees": ["bob@example.com"]}, priority="high")
    client = api(alice)

    def ids(**query: Any) -> list[str]:
        return [row["id"] for row in client.get(URL, query).json()["results"]]

    assert ids(whose="mine") == [str(everybody.id)]
    assert ids(whose="team") == [str(bobs.id)]
    assert ids(priority="high", is_overdue="false") == [str(bobs.id)]
    client.post(f"{URL}{everybody.id}/answer", {"outcome": "approved"})
    assert (ids(whose="mine"), ids(whose="answered")) == ([], [str(everybody.id)])
    assert [row["id"] for row in api(bob).get(URL, {"whose": "mine"}).json()["results"]] == [str(bobs.id)]


def test_votes_handing_on_and_the_record(api: Api, workspace: Workspace, alice: User, bob: User) -> None:
    people = {"assignees": ["alice@example.com", "bob@example.com"], "policy": "all"}
    row = ask(workspace, people=people)
    voted = api(alice).post(f"{URL}{row.id}/answer", {"outcome": "approved"}).json()
    assert (voted["status"], voted["progress"]) == ("pending", "1 of 2")
    assert [(each["label"], each["status"]) for each in voted["asks"]] == [("Alice", "answered"), ("Bob", "asked")]
    assert [(each["by"], each["assurance"]) for each in voted["votes"]] == [("Alice", "signed in with role")]

    handed = api(bob).post(f"{URL}{row.id}/delegate", {"to": "eve@outside.example", "note": "Please look."})
    assert handed.status_code == 200
    assert [each["status"] for each in handed.json()["asks"]] == ["answered", "passed", "asked"]
    assert api(bob).post(f"{URL}{row.id}/answer", {"outcome": "approved"}).json()["code"] == "hil.handed_on"
    assert api(bob).post(f"{URL}{row.id}/delegate", {"to": "nobody"}).json()["code"] == "hil.not_asked"

    lines = api(alice).get(f"{URL}{row.id}/history").json()["results"]
    assert [line["text"] for line in lines] == [
        "Bob handed this on to eve@outside.example: Please look.",
        "Alice: Approve",
        "Manager asked Alice, Bob",
    ]
    assert [bool(line["audit_id"]) for line in lines] == [True, True, False]


def test_a_question_can_be_withdrawn(api: Api, workspace: Workspace, alice: User) -> None:
    row = ask(workspace)
    client = api(alice)
    gone = client.post(f"{URL}{row.id}/withdraw", {"reason": "Ordered twice."})
    assert (gone.status_code, gone.json()["status"], gone.json()["outcome"]) == (200, "withdrawn", "undeliverable")
    assert client.post(f"{URL}{row.id}/withdraw", {"reason": "Again."}).json()["code"] == "hil.undeliverable"
    assert (
        client.post(f"{URL}{doubt(workspace).id}/withdraw", {"reason": "No."}).json()["code"] == "hil.cannot_withdraw"
    )


def test_a_form_says_what_is_wrong_field_by_field(resume: Callable[..., Any], workspace: Workspace) -> None:
    schema = {"type": "object", "required": ["budget"], "properties": {"budget": {"type": "integer", "minimum": 1}}}
    row = ask(
        workspace,
        question="INPUT",
        outcomes=(Outcome("answered", "Send", "primary"),),
        form={"kind": "fields", "schema": schema, "initial": {}},
    )
    refused = resume(row.execution_id, resume_data={"budget": 0})
    assert (refused.status_code, refused.json()["errors"]) == (
        400,
        [{"path": "data.budget", "message": "This should be at least 1."}],
    )
    assert resume(row.execution_id, resume_data={"budget": 50_000}).json()["outcome"] == "answered"


def test_resume_takes_the_choice_and_comment_of_the_source_documents(
    resume: Callable[..., Any], workspace: Workspace
) -> None:
    ways = (Outcome("escalate", "Escalate"), Outcome("close", "Close"))
    row = ask(workspace, question="DECISION", outcomes=ways)
    said = resume(row.execution_id, resume_data={"selected_option": "escalate", "comment": "Director."})
    assert (said.json()["outcome"], again(workspace, row).comment) == ("escalate", "Director.")


def test_resume_with_others_still_to_answer_does_not_wait(resume: Callable[..., Any], workspace: Workspace) -> None:
    row = ask(workspace, people={"assignees": ["alice@example.com", "bob@example.com"], "policy": "all"})
    said = resume(row.execution_id, approved=True)
    assert (said.status_code, said.json()["paused_again"], said.json()["outcome"]) == (200, True, None)
    assert said.json()["message"] == "Recorded. The execution goes on when others have answered, too: 1 of 2."
