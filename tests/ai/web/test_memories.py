"""The pages of what agents remember."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from apps.accounts.models import AuditEvent, Membership
from apps.ai.memory import sessions
from apps.ai.memory.sessions import Fact
from apps.ai.models import MemoryKind, MemoryMessage
from apps.core.tenancy import tenant
from apps.nodes.contract import Message
from tests.ai.memory.remembering import EXCHANGE, remembered, row, session
from tests.cast import Cast

URL = "/w/acme/settings/memories/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(cast: Cast) -> Client:
    """Bob's browser."""
    client = Client()
    client.force_login(cast.bob)
    return client


def test_sessions_are_found_looked_at_and_cleared(browser: Client, cast: Cast) -> None:
    assert "Nothing is remembered yet" in browser.get(URL).content.decode()
    hostile = Message.of("assistant", "<script>alert(1)</script>")
    made = remembered(cast.workspace, "ada@example.com", [*EXCHANGE[:3], hostile])
    others = [remembered(cast.workspace, f"bob {number}", kind=MemoryKind.SUMMARY) for number in range(2)]

    page = browser.get(URL).content.decode()
    assert "ada@example.com" in page
    assert "bob 1" in page
    rows = browser.get(URL, {"q": "ADA"}).content.decode().partition("<tbody>")[2]
    assert "ada@example.com" in rows
    assert "bob 1" not in rows
    assert "ada@" not in browser.get(URL, {"kind": "SUMMARY"}).content.decode().partition("<tbody>")[2]
    assert "No memory fits" in browser.get(URL, {"q": "zzz"}).content.decode()

    page = browser.get(f"{URL}{made.id}/").content.decode()
    assert "Where is order 4711?" in page
    assert "find_order" in page
    assert "&quot;number&quot;: 4711" in page
    assert "<script>alert(1)" not in page

    with tenant(cast.workspace.id):
        question = MemoryMessage.objects.filter(session=made).earliest("seq")
    assert browser.post(f"{URL}{made.id}/entries/{question.id}/delete/").status_code == 302
    assert browser.post(f"{URL}{made.id}/entries/{question.id}/delete/").status_code == 404
    assert "Where is order 4711?" not in browser.get(f"{URL}{made.id}/").content.decode()

    assert browser.post(f"{URL}clear/", {"ids": [str(each.id) for each in others]}).status_code == 302
    assert browser.post(f"{URL}clear/", {"ids": ["nonsense"]}).status_code == 302
    assert browser.get(f"{URL}{others[0].id}/").status_code == 404
    assert browser.get(f"{URL}{made.id}/").status_code == 200
    with tenant(cast.workspace.id):
        told = list(
            AuditEvent.objects.filter(action__startswith="memory.").order_by("id").values_list("action", flat=True)
        )
    assert told == ["memory.entry_deleted", "memory.cleared", "memory.cleared"]


def test_summaries_facts_and_pieces_are_shown(browser: Client, cast: Cast) -> None:
    summary, facts, pieces = (
        session(cast.workspace, kind=kind) for kind in (MemoryKind.SUMMARY, MemoryKind.ENTITY, MemoryKind.VECTOR)
    )
    sessions.add(summary, EXCHANGE)
    sessions.summarise(summary, "Ada asked about an order.", before=0, to=4)
    sessions.learn(facts, [Fact("Ada", "city", "London & Paris")], most=5)
    sessions.put_piece(pieces, "User: Where is it?", "text-embedding-3-small", [0.1, 0.2, 0.3])
    for made, words in (
        (summary, "Ada asked about an order."),
        (facts, "London &amp; Paris"),
        (pieces, "User: Where is it?"),
    ):
        assert words in browser.get(f"{URL}{row(made).id}/").content.decode()


def test_who_may_only_look_gets_no_buttons(browser: Client, cast: Cast) -> None:
    made = remembered(cast.workspace, workflow_id=uuid4())
    with tenant(cast.workspace.id):
        Membership.objects.filter(user=cast.bob).update(role="viewer")
    page = browser.get(f"{URL}{made.id}/").content.decode()
    assert "Where is order 4711?" in page
    assert "clear-memory" not in page
    assert browser.post(f"{URL}clear/", {"ids": [str(made.id)]}).status_code == 403
