"""Pages for several people: forms, whose turn it is, handing on, answering together, being away, working hours."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import Permission
from apps.accounts.models import User, Workspace
from apps.core import clock
from apps.core.tenancy import tenant
from apps.hil import selectors, services
from apps.hil.models import Absence, Ask, Interaction, InteractionLink
from apps.hil.web import views
from apps.nodes.contract import Outcome
from tests.hil.asking import again, ask
from tests.hil.web.test_views import client_of, text_of

pytestmark = pytest.mark.django_db

URL = "/w/acme/inbox/"
ALICE, BOB = "alice@example.com", "bob@example.com"
SCHEMA = {
    "type": "object",
    "required": ["vat"],
    "properties": {
        "vat": {"type": "string", "title": "VAT number", "pattern": "^[A-Z]{2}"},
        "days": {"type": "integer", "maximum": 90},
    },
}


def form_question(workspace: Workspace) -> Interaction:
    ways = (Outcome("answered", "Send", "primary"),)
    form = {"kind": "fields", "schema": SCHEMA, "initial": {"days": 30}}
    return ask(workspace, question="INPUT", outcomes=ways, form=form)


def test_a_form_is_drawn_refused_field_by_field_and_taken(workspace: Workspace, alice: User) -> None:
    row, client = form_question(workspace), client_of(alice)
    page = client.get(f"{URL}{row.id}/").content.decode()
    assert 'name="field.vat"' in page
    assert 'form="answer-form"' in page
    assert 'value="30"' in page

    sent = {"outcome": "answered", "field.vat": "se", "field.days": "91"}
    refused = client.post(f"{URL}{row.id}/", sent)
    assert refused.status_code == 422
    assert "This should look like ^[A-Z]{2}." in refused.content.decode()
    assert 'value="se"' in refused.content.decode(), "what was typed stays"

    assert client.post(f"{URL}{row.id}/", sent | {"field.vat": "SE12", "field.days": "14"}).status_code == 302
    assert again(workspace, row).answer["data"] == {"vat": "SE12", "days": 14}


def test_the_link_of_somebody_who_is_asked_has_the_form_and_counts_as_theirs(cast: Any, workspace: Workspace) -> None:
    ways = (Outcome("approved", "Approve", "primary"), Outcome("rejected", "Reject", "danger"))
    form = {"kind": "content", "content": "Old.", "is_editable": True, "scores": []}
    people = {"assignees": ["eve@outside.example", BOB], "policy": "all", "stronger": "edited"}
    row = ask(workspace, question="REVIEW", outcomes=(*ways, Outcome("edited", "Edit")), form=form, people=people)
    with tenant(workspace.id):
        eve = Ask.objects.get(interaction=row, kind="email")
    made = services.interaction_link_create(
        workspace_id=workspace.id, interaction_id=row.id, recipient="Eve", actor=cast.owner, now=clock.now(), ask=eve
    )
    client = Client()
    page = client.get(made.path).content.decode()
    assert "Old." in page
    assert page.count('name="outcome"') == 2, "a review is edited by approving a changed content"
    thanks = client.post(made.path, {"outcome": "approved", "field.content": "New."})
    assert "Others have to answer, too: 1 of 2." in thanks.content.decode()
    with tenant(workspace.id):
        (vote,) = selectors.votes_of(workspace_id=workspace.id, interaction_id=row.id)
    assert (vote.outcome, vote.data, vote.label) == ("edited", {"content": "New."}, "eve@outside.example")
    assert "You have answered this" in client.get(made.path).content.decode()


def test_the_page_says_who_is_asked_and_why_one_may_not_answer(workspace: Workspace, alice: User, bob: User) -> None:
    row = ask(workspace, people={"assignees": [ALICE, BOB], "policy": "sequence"})
    page = text_of(client_of(bob).get(f"{URL}{row.id}/"))
    assert "It is the turn of Alice; yours comes later." in page
    assert "One after the other" in page
    assert "Waiting for others" in page
    assert "Alice Asked" in page
    client_of(alice).get(f"{URL}{row.id}/")
    assert "Alice Opened" in text_of(client_of(bob).get(f"{URL}{row.id}/"))


def test_tabs_say_what_is_for_me_and_what_for_others(workspace: Workspace, alice: User) -> None:
    ask(workspace, title="Mine?")
    ask(workspace, title="Bobs?", people={"assignees": [BOB]})
    both = ask(workspace, title="Both?", people={"assignees": [ALICE, BOB], "policy": "all"})
    client = client_of(alice)
    mine = text_of(client.get(URL))
    assert "For me 2" in mine
    assert "My team 1" in mine
    assert "Bobs?" not in mine
    assert "Bobs?" in text_of(client.get(f"{URL}?tab=team"))
    client.post(f"{URL}{both.id}/", {"outcome": "approved"})
    assert "You answered, others have not yet" in text_of(client.get(URL))
    assert "Nothing fits" in text_of(client.get(f"{URL}?q=nothing+of+the+kind"))
    assert "Mine?" in text_of(client.get(f"{URL}?q=mine&kind=CONFIRMATION&priority=normal"))


def test_a_question_is_handed_on_and_withdrawn_on_its_page(workspace: Workspace, alice: User, bob: User) -> None:
    row = ask(workspace, people={"assignees": [BOB]})
    client = client_of(bob)
    assert client.post(f"{URL}{row.id}/delegate/", {"to": "nobody"}).status_code == 422
    assert client.post(f"{URL}{row.id}/delegate/", {"to": ALICE, "note": "Please."}).status_code == 302
    assert "Bob handed this on to Alice: Please." in text_of(client.get(f"{URL}{row.id}/"))
    assert client.post(f"{URL}{row.id}/withdraw/", {"reason": "Ordered twice."}).status_code == 302
    assert again(workspace, row).outcome == "undeliverable"


def test_several_are_answered_together_where_their_authors_allow_it(workspace: Workspace, alice: User) -> None:
    rows = [ask(workspace, title=f"Refund {n}?", rules={"can_bulk": True}) for n in (1, 2)]
    alone = ask(workspace, title="Alone?")
    client = client_of(alice)
    page = text_of(client.get(f"{URL}bulk/"))
    assert "Refund 1?" in page
    assert "Alone?" not in page
    ids = [str(row.id) for row in (*rows, alone)]
    client.post(f"{URL}bulk/", {"question": [*ids, "x"], "outcome": "approved", "comment": "All fine."})
    assert [again(workspace, row).status for row in (*rows, alone)] == ["answered", "answered", "pending"]
    assert "Nothing to answer together" in text_of(client.get(f"{URL}bulk/"))


def test_times_and_the_record(workspace: Workspace, alice: User, bob: User) -> None:
    done, _ = ask(workspace), ask(workspace, title="Soon?", lasts=timedelta(minutes=5))
    client = client_of(alice)
    client.post(f"{URL}{done.id}/", {"outcome": "approved"})
    page = text_of(client.get(f"{URL}times/"))
    assert "Answered 1" in page
    assert "Soon?" in page
    head, line = client.get(f"{URL}record.csv").content.decode().splitlines()
    assert (head.split(",")[0], line.split(",")[0]) == ("id", str(done.id))
    assert client.get(f"{URL}record.json?since=2020-01-01").json()[0]["answered_by"] == "Alice"
    assert client.get(f"{URL}record.json?until=2020-01-01").json() == []
    assert client_of(bob).get(f"{URL}record.csv").status_code == 403


def test_being_away_names_a_deputy_until_one_is_back(workspace: Workspace, alice: User, bob: User) -> None:
    client, url = client_of(bob), "/w/acme/settings/away/"
    begins = timezone.localtime(clock.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    wrong = client.post(url, {"from_at": begins, "until": "2020-01-01T00:00", "deputy": ALICE})
    assert wrong.status_code == 422
    assert "later than the beginning" in wrong.content.decode()
    assert client.post(url, {"from_at": begins, "deputy": ALICE, "note": "At sea"}).status_code == 302
    page = text_of(client.get(url))
    assert "Alice is asked instead, At sea" in page
    assert "Away now" in page
    with tenant(workspace.id):
        absence = Absence.objects.get()
    client_of(alice).post(f"{url}{absence.id}/end/")
    with tenant(workspace.id):
        assert Absence.objects.exists(), "only one's own"
    client.post(f"{url}{absence.id}/end/")
    with tenant(workspace.id):
        assert not Absence.objects.exists()


def test_working_hours_are_kept_and_checked(workspace: Workspace, alice: User) -> None:
    client, url = client_of(alice), "/w/acme/settings/working-hours/"
    good = {"days": ["1", "2"], "opens": "08:00", "closes": "16:30", "zone": "Europe/Berlin", "holidays": "2026-12-25"}
    assert client.post(url, good | {"holidays": "soon"}).status_code == 422
    assert "Choose the days" in client.post(url, good | {"days": []}).content.decode()
    assert client.post(url, good).status_code == 302
    with tenant(workspace.id):
        hours = selectors.hours_of(workspace.id)
    assert (hours.zone, set(hours.days), hours.opens, len(hours.holidays)) == ("Europe/Berlin", {1, 2}, time(8), 1)


def test_a_key_whose_maker_is_asked_counts_as_them(workspace: Workspace, bob: User) -> None:
    row = ask(workspace, people={"assignees": [BOB]})
    key = Actor(kind="api_key", id=None, label="key Deploy", maker_id=bob.id)
    from apps.hil.models import Via
    from apps.hil.services import Answerer

    answered = services.interaction_answer(
        workspace_id=workspace.id,
        interaction_id=row.id,
        answerer=Answerer.of(key, Via.API),
        outcome="approved",
        now=clock.now(),
    )
    assert (answered.answered_by, answered.answered_by_user_id) == ("key Deploy", bob.id)


def test_a_link_is_offered_where_it_can_be_made_and_withdrawing_is_cancelling(
    workspace: Workspace, alice: User
) -> None:
    client = client_of(alice)
    several = ask(workspace, people={"policy": "at_least", "approvals": 2})
    assert "Make a link" in text_of(client.get(f"{URL}{ask(workspace).id}/"))
    assert "Make a link" not in text_of(client.get(f"{URL}{several.id}/"))
    client.post(f"{URL}{several.id}/link/", {"recipient": "Jonas"})
    with tenant(workspace.id):
        assert not InteractionLink.objects.exists()
    assert views.Withdrawal.post_permission == Permission.EXECUTION_CANCEL
