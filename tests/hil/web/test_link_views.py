"""The page behind a link: looking changes nothing, a form answers once, nothing else is told."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.accounts.access.resolve import member_actor
from apps.accounts.models import User, Workspace
from apps.core import clock
from apps.core.tenancy import tenant
from apps.hil import services
from apps.hil.models import Interaction, InteractionLink
from tests.hil.asking import again, answer, ask
from tests.hil.web.test_views import text_of

pytestmark = pytest.mark.django_db


def link_to(workspace: Workspace, row: Interaction, user: User, recipient: str = "Jonas Weber") -> str:
    return services.interaction_link_create(
        workspace_id=workspace.id,
        interaction_id=row.id,
        recipient=recipient,
        actor=member_actor(user, "owner"),
        now=clock.now(),
    ).path


def is_private(response: Any) -> bool:
    return (response["Cache-Control"], response["Referrer-Policy"], response["X-Robots-Tag"]) == (
        "no-store",
        "no-referrer",
        "noindex, nofollow",
    )


def test_looking_changes_nothing(workspace: Workspace, alice: User) -> None:
    row = ask(workspace, data={"order": "A-1"})
    url = link_to(workspace, row, alice)

    for _ in range(3):
        assert Client().head(url).status_code == 200
        assert Client().get(url).status_code == 200
    page = Client().get(url)
    assert is_private(page)
    words = text_of(page)
    for shown in ("Link for Jonas Weber", "Acme", "Ship order A-1?", "Order A-1", "Approve runs Ship ."):
        assert shown in words
    for hidden in ("alice", "Alice", "/w/acme", str(row.id), str(row.execution_id), str(workspace.id)):
        assert hidden not in page.content.decode()
    assert again(workspace, row).is_pending
    with tenant(workspace.id):
        assert InteractionLink.objects.get().used_at is None
    for method in ("put", "delete", "patch", "options"):
        assert getattr(Client(), method)(url).status_code == 405


def test_a_form_answers_once_as_the_recipient(workspace: Workspace, alice: User) -> None:
    row = ask(workspace)
    url = link_to(workspace, row, alice)

    done = Client().post(url, {"outcome": "approved", "comment": "Good customer."})

    assert (done.status_code, is_private(done)) == (200, True)
    assert "Approved. Thank you." in text_of(done)
    kept = again(workspace, row)
    assert (kept.answered_by, kept.answered_via, kept.comment) == ("Jonas Weber", "link", "Good customer.")
    second = Client().post(url, {"outcome": "rejected"})
    assert (second.status_code, is_private(second)) == (409, True)
    assert again(workspace, row).outcome == "approved"
    spent = Client().get(url)
    assert spent.status_code == 410
    assert "You have answered this" in text_of(spent)


@pytest.mark.parametrize("origin", [None, "null", "http://testserver", "https://evil.example"])
def test_the_form_needs_its_token_and_works_from_a_page_without_referrer(
    workspace: Workspace, alice: User, origin: str | None
) -> None:
    """Browsers send `Origin: null` with forms of a page whose policy is no-referrer."""
    row = ask(workspace)
    url = link_to(workspace, row, alice)
    client = Client(enforce_csrf_checks=True)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(url).content.decode())
    assert token is not None
    headers = {"Origin": origin} if origin else {}

    refused = client.post(url, {"outcome": "approved"}, headers=headers)
    assert (refused.status_code, is_private(refused), "Reload the page" in text_of(refused)) == (403, True, True)
    assert Client(enforce_csrf_checks=True).post(url, {"outcome": "approved"}, headers=headers).status_code == 403
    assert again(workspace, row).is_pending
    sent = client.post(url, {"outcome": "approved", "csrfmiddlewaretoken": token[1]}, headers=headers)

    is_foreign = origin == "https://evil.example"
    assert sent.status_code == (403 if is_foreign else 200)
    assert again(workspace, row).is_pending == is_foreign


def test_what_is_no_link_says_so_and_nothing_more(workspace: Workspace, alice: User) -> None:
    url = link_to(workspace, ask(workspace), alice)

    for wrong in ("/i/x/", url[:-3] + "/", "/i/" + "a" * 43 + "/", "/i/%F0%9F%98%80/"):
        page = Client().get(wrong)
        assert (page.status_code, is_private(page)) == (404, True)
        assert "This link is not known" in text_of(page)
        assert "Acme" not in text_of(page)
        assert Client().post(wrong, {"outcome": "approved"}).status_code == 404


def test_an_expired_link_says_so(workspace: Workspace, alice: User) -> None:
    row = ask(workspace)
    url = link_to(workspace, row, alice)
    with tenant(workspace.id):
        InteractionLink.objects.update(expires_at=clock.now() - timedelta(seconds=1))

    for response in (Client().get(url), Client().post(url, {"outcome": "approved"})):
        assert response.status_code == 410
        assert "The time to answer is over" in text_of(response)
        assert row.title not in text_of(response)
    assert again(workspace, row).is_pending


def test_a_link_ends_when_somebody_else_answers_or_the_run_ends(workspace: Workspace, alice: User) -> None:
    from apps.executions import services as executions

    answered, cancelled = ask(workspace), ask(workspace)
    urls = [link_to(workspace, row, alice) for row in (answered, cancelled)]
    answer(workspace, answered, alice, "rejected")
    executions.execution_cancel(
        workspace_id=workspace.id, execution_id=cancelled.execution_id, now=clock.now(), by="alice"
    )

    pages = [Client().get(url) for url in urls]

    assert [page.status_code for page in pages] == [410, 410]
    assert "was answered by Alice at" in text_of(pages[0])
    assert "No answer is needed any more" in text_of(pages[1])
    assert [Client().post(url, {"outcome": "approved"}).status_code for url in urls] == [409, 409]


def test_a_tampered_form_is_refused_with_the_question(workspace: Workspace, alice: User) -> None:
    row = ask(workspace)
    url = link_to(workspace, row, alice)

    for outcome in ("timeout", "", "ship"):
        page = Client().post(url, {"outcome": outcome, "comment": "kept"})
        assert page.status_code == 422
        assert "kept" in page.content.decode()
    assert again(workspace, row).is_pending
