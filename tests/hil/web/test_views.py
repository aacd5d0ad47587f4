"""The inbox and one question, as a browser without JavaScript gets them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User, Workspace
from apps.core.tenancy import tenant
from apps.hil.models import InteractionLink
from apps.nodes.contract import Outcome
from apps.workflows import graph
from tests.hil.asking import again, answer, ask, doubt, park

pytestmark = pytest.mark.django_db
URL = "/w/acme/inbox/"


def client_of(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    """The words of a page, on one line."""
    html = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_an_empty_inbox_says_what_will_come(workspace: Workspace, alice: User) -> None:
    page = text_of(client_of(alice).get(URL))

    assert "Nobody waits for you" in page
    assert "Runs ask here" in page


def test_questions_stand_in_groups(workspace: Workspace, alice: User) -> None:
    execution_id = park(workspace)
    ask(workspace, execution_id=execution_id, title="Next week?", lasts=timedelta(days=7))
    ask(workspace, execution_id=execution_id, title="Today?", lasts=timedelta(minutes=90))
    doubt(workspace, execution_id=execution_id)

    page = text_of(client_of(alice).get(URL))

    order = ["Outcome unknown", "Did “Ship” happen?", "Due today and tomorrow", "Today?", "Later", "Next week?"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert re.search(r"For me 3\b", page)
    assert re.search(r"1 h \d\d min left", page)


def test_the_inbox_opens_its_first_question_and_stays_the_inbox(workspace: Workspace, alice: User) -> None:
    execution_id = park(workspace)
    ask(workspace, execution_id=execution_id, title="Next week?", lasts=timedelta(days=7), data={"order": "A-2"})
    first = ask(workspace, execution_id=execution_id, title="Today?", lasts=timedelta(hours=1), data={"order": "A-1"})

    page = client_of(alice).get(URL).content.decode()

    assert f'action="{URL}{first.id}/"' in page
    assert "A-1" in page
    assert "A-2" not in page
    # Phones show the list: what is opened beside it is hidden there.
    assert 'class="inbox"' in page
    assert "<h1>Inbox</h1>" in page
    assert page.count("<h1") == 1
    assert "Runs ask here" not in page
    answer(workspace, first, alice)
    assert "by Alice" in text_of(client_of(alice).get(f"{URL}?tab=answered"))


def test_the_live_list_answers_204_until_something_changes(workspace: Workspace, alice: User) -> None:
    client = client_of(alice)
    ask(workspace)
    poll = re.search(r'hx-get="(/w/acme/inbox/list/[^"]+)"', client.get(URL).content.decode())
    assert poll is not None
    url = poll[1].replace("&amp;", "&")

    assert client.get(url).status_code == 204
    ask(workspace, title="Another one?")
    fresh = client.get(url)

    assert fresh.status_code == 200
    assert "Another one?" in text_of(fresh)
    assert '<small id="inbox-waiting" hx-swap-oob="true">2</small>' in fresh.content.decode()


def test_the_count_for_the_sidebar(workspace: Workspace, alice: User, charlie: User) -> None:
    ask(workspace)

    assert text_of(client_of(alice).get(f"{URL}count/")).startswith("1 ")
    assert (
        'id="inbox-count" class="count" hidden' in client_of(charlie).get("/w/umbrella/inbox/count/").content.decode()
    )


def test_what_stands_in_the_fields_is_not_shown_beside_them(workspace: Workspace, alice: User) -> None:
    given = {"amount": 70}
    schema = {"type": "object", "properties": {"amount": {"type": "integer"}}}
    row = ask(
        workspace,
        data={"tool": "Shop", "arguments": given},
        form={"kind": "fields", "schema": schema, "initial": given, "is_answer": True},
    )

    asked = client_of(alice).get(f"{URL}{row.id}/")
    assert "Tool Shop Arguments Amount" in text_of(asked)
    assert "Amount 70" not in text_of(asked)
    assert 'value="70"' in asked.content.decode()

    answered = client_of(alice).post(f"{URL}{row.id}/", {"outcome": "approved", "amount": "40"}, follow=True)
    assert "Tool Shop Arguments Amount 70" in text_of(answered)


def test_a_question_shows_its_facts_and_what_each_answer_sets_off(workspace: Workspace, alice: User) -> None:
    data = {
        "customer_name": "Lindqvist Möbel",
        "items": [{"name": "Chair", "quantity": 4}, {"name": "Lamp", "quantity": 1}],
        "meta": {"deep": {"er": [1]}},
        "invoice": "https://example.com/1",
        "script": "<script>alert(1)</script>",
        "link": "javascript:alert(1)",
    }
    row = ask(workspace, data=data)

    response = client_of(alice).get(f"{URL}{row.id}/")
    html, page = response.content.decode(), text_of(response)

    assert "Approve runs Ship . Reject runs Refuse ." in page
    assert "Without an answer the run goes on to Refuse ." in page
    assert "Any one of 2 can answer" in page
    assert "Alice, you" in page
    assert "Customer name Lindqvist Möbel" in page
    assert "Name Quantity Chair 4 Lamp 1" in page
    assert '<a class="link" href="https://example.com/1"' in html
    assert "<script>alert" not in html
    assert 'href="javascript:' not in html


def test_an_answer_by_plain_form_leads_to_the_record(workspace: Workspace, alice: User) -> None:
    row = ask(workspace)
    client = client_of(alice)

    done = client.post(f"{URL}{row.id}/", {"outcome": "rejected", "comment": "Too dear."}, follow=True)

    page = text_of(done)
    assert done.redirect_chain == [(f"{URL}{row.id}/", 302)]
    assert "Rejected by Alice, in the app," in page
    assert "Too dear." in page
    assert "<textarea" not in done.content.decode()
    assert again(workspace, row).outcome == "rejected"


def test_an_answer_needs_the_csrf_token(workspace: Workspace, alice: User) -> None:
    row = ask(workspace)

    assert (
        client_of(alice, enforce_csrf_checks=True).post(f"{URL}{row.id}/", {"outcome": "approved"}).status_code == 403
    )
    assert again(workspace, row).is_pending


def test_whoever_is_late_sees_who_was_quicker(workspace: Workspace, alice: User, bob: User) -> None:
    row = ask(workspace)
    answer(workspace, row, bob)

    done = client_of(alice).post(f"{URL}{row.id}/", {"outcome": "rejected"}, follow=True)

    assert "Already answered by Bob at" in text_of(done)
    assert again(workspace, row).outcome == "approved"


def test_what_was_typed_survives_a_refusal(workspace: Workspace, alice: User) -> None:
    row = doubt(workspace)

    refused = client_of(alice).post(f"{URL}{row.id}/", {"outcome": "happened", "data": "{oops", "comment": "I looked."})

    assert refused.status_code == 422
    assert "not JSON" in text_of(refused)
    assert "{oops" in refused.content.decode()
    assert "I looked." in refused.content.decode()
    assert again(workspace, row).is_pending


def test_an_unknown_outcome_has_its_ways_out_and_takes_the_output(workspace: Workspace, alice: User) -> None:
    row = doubt(workspace)
    client = client_of(alice)

    page = text_of(client.get(f"{URL}{row.id}/"))
    for words in (
        "Needs review",
        "The process was lost.",
        "https://api.example.com/shipments",
        "Run it again sends Ship",
    ):
        assert words in page
    assert "It failed ends the run as failed." in page
    assert "Ask somebody outside" not in page

    client.post(f"{URL}{row.id}/", {"outcome": "happened", "data": '{"id": "S-1"}'})
    assert again(workspace, row).answer["data"] == {"id": "S-1"}


def test_a_doubt_shows_by_what_the_call_can_be_found(workspace: Workspace, alice: User) -> None:
    page = text_of(client_of(alice).get(f"{URL}{doubt(workspace).id}/"))
    assert "https://api.example.com/shipments" in page
    assert "9f86d081884c7d659a2feaa0c55ad015" in page
    assert "Sent 2 Mar 2026" in page or "Sent 2026-03-02" in page, page
    assert "Try 2" in page


def test_doubts_have_a_tab_of_their_own(workspace: Workspace, alice: User) -> None:
    client = client_of(alice)
    assert "tab=unknown" not in client.get(URL).content.decode(), "nothing is in doubt"
    assert "Nothing is in doubt" in text_of(client.get(f"{URL}?tab=unknown"))
    question, row = ask(workspace), doubt(workspace)
    assert "tab=unknown" in client.get(URL).content.decode()
    page = client.get(f"{URL}?tab=unknown").content.decode()
    assert f"{row.id}/?tab=unknown" in page
    assert str(question.id) not in page
    assert '<small id="inbox-waiting">2</small>' in page


def test_the_answer_bar_is_replaced_once_somebody_has_answered(workspace: Workspace, alice: User, bob: User) -> None:
    row = ask(workspace)
    client = client_of(alice)

    assert client.get(f"{URL}{row.id}/standing/").status_code == 204
    answer(workspace, row, bob)

    bar = client.get(f"{URL}{row.id}/standing/")
    assert "Approved by Bob" in text_of(bar)
    assert "hx-get" not in bar.content.decode()


def test_answered_questions_stay(workspace: Workspace, alice: User) -> None:
    row = ask(workspace, title="Ship it?")
    answer(workspace, row, alice)

    assert "Ship it?" not in text_of(client_of(alice).get(URL))
    page = text_of(client_of(alice).get(URL, {"tab": "answered"}))
    assert "Ship it?" in page
    assert "Approved" in page


def test_a_viewer_reads_and_is_refused_to_answer(workspace: Workspace, vera: User) -> None:
    row = ask(workspace)
    client = client_of(vera)

    page = client.get(f"{URL}{row.id}/")
    assert "Answering needs the role" in text_of(page)
    assert 'name="outcome"' not in page.content.decode()
    assert client.post(f"{URL}{row.id}/", {"outcome": "approved"}).status_code == 403
    assert client.post(f"{URL}{row.id}/link/", {"recipient": "me"}).status_code == 403
    assert again(workspace, row).is_pending


def test_outsiders_find_nothing_and_strangers_sign_in(workspace: Workspace, charlie: User) -> None:
    row = ask(workspace)
    paths = ["", "list/", "count/", f"{row.id}/", f"{row.id}/standing/"]

    for path in paths:
        assert client_of(charlie).get(URL + path).status_code == 404, path
        assert client_of(charlie).get(f"/w/umbrella/inbox/{path}").status_code == (404 if str(row.id) in path else 200)
        assert Client().get(URL + path).status_code == 302, path
    assert client_of(charlie).post(f"/w/umbrella/inbox/{row.id}/", {"outcome": "approved"}).status_code == 404
    assert again(workspace, row).is_pending


def test_a_link_is_made_and_shown_once(workspace: Workspace, alice: User) -> None:
    row = ask(workspace)
    client = client_of(alice)

    made = client.post(f"{URL}{row.id}/link/", {"recipient": "Jonas Weber"})

    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    assert re.search(r"/i/[\w-]{43}/", made.content.decode())
    later = client.get(f"{URL}{row.id}/")
    assert "/i/" not in later.content.decode()
    assert "Link for Jonas Weber made" in text_of(later)
    assert client.post(f"{URL}{row.id}/link/", {"recipient": ""}).status_code == 422
    with tenant(workspace.id):
        assert InteractionLink.objects.count() == 1


def test_a_node_type_that_is_gone_does_not_keep_anybody_from_answering(
    workspace: Workspace, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask(workspace, outcomes=(Outcome("yes", "Yes"), Outcome("no", "No")))

    def refuse(definition: Any) -> None:
        raise graph.GraphInvalid([])

    monkeypatch.setattr(graph, "compile", refuse)

    assert 'value="yes"' in client_of(alice).get(f"{URL}{row.id}/").content.decode()


@pytest.mark.parametrize("many", [1, 30])
def test_pages_cost_few_queries_however_much_they_show(workspace: Workspace, alice: User, many: int) -> None:
    execution_id = park(workspace)
    rows = [ask(workspace, execution_id=execution_id, title=f"Question {n}?") for n in range(many)]
    client = client_of(alice)
    client.get(URL)  # notes the workspace in the session

    for path in ("", f"{rows[0].id}/", "?tab=answered", "list/", "count/"):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(URL + path).status_code == 200
        # In a test the page's transaction is nested in the test's, which costs four statements more.
        own = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
        assert len(own) <= 12, own
