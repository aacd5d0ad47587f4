"""The pages of comparisons and of Ollama servers, as a browser without script goes through them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.ai.models import Answer, Comparison, Pull
from apps.core.tenancy import tenant
from tests.ai.connecting import SECRET, connect
from tests.cast import Cast

pytestmark = pytest.mark.django_db
PAGE = "/w/acme/settings/models/compare/"


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_one_prompt_is_asked_watched_stopped_and_asked_again(cast: Cast) -> None:
    bob = signed_in(cast.bob)
    assert "Nothing to compare yet" in bob.get(PAGE).content.decode()
    connect(cast, "openai")
    connect(cast, "custom")
    given = {
        "prompt": "<b>What</b> is a heron?",
        "system": "Be brief.",
        "temperature": "0.5",
        "via": ["openai", "custom", "openai"],
        "model": ["gpt-4o", "our-model", ""],
    }
    wrong = bob.post(PAGE, given | {"temperature": "9"})
    assert wrong.status_code == 422
    assert 'value="our-model"' in wrong.content.decode()
    went = bob.post(PAGE, given)
    assert went.status_code == 302
    page = bob.get(went["Location"]).content.decode()
    assert "&lt;b&gt;What&lt;/b&gt; is a heron?" in page
    assert "In line" in page
    assert 'hx-trigger="every 1s"' in page
    assert SECRET not in page
    assert signed_in(cast.charlie).get(went["Location"]).status_code == 404
    stopped = bob.post(f"{went['Location']}cancel/", follow=True).content.decode()
    assert "Stopped" in stopped
    assert 'hx-trigger="every 1s"' not in stopped
    with tenant(cast.workspace.id):
        found = Comparison.objects.get()
        Answer.objects.filter(place=0).update(status="done", text="A bird.", usage={"input": 9, "output": 3})
        error = {"code": "ai.budget_reached", "message": "Spent.", "hint": "", "link": "settings/ai-costs/"}
        Answer.objects.filter(place=1).update(status="failed", error=error)
    page = bob.get(went["Location"]).content.decode()
    assert "agentflow/nodes@1" in page
    assert "9 → 3" in page
    assert 'href="/w/acme/settings/ai-costs/"' in page
    again = bob.get(f"{PAGE}?again={found.id}").content.decode()
    assert 'value="our-model"' in again
    assert "Be brief." in again


def test_a_server_that_is_away_says_so_and_what_is_pulled_keeps_itself_current(cast: Cast) -> None:
    made = connect(cast, "ollama")
    alice = signed_in(cast.alice)
    here = f"/w/acme/settings/models/ollama/{made.id}/"
    assert here in alice.get("/w/acme/settings/models/ollama/").content.decode()
    assert "Not reachable" in alice.get(here).content.decode()
    alice.post(f"{here}pull/", {"model": "qwen3:8b"})
    part = alice.get(f"{here}?part=pulls")
    assert 'hx-trigger="every 1s"' in part.content.decode()
    assert "HX-Retarget" not in part
    with tenant(cast.workspace.id):
        pull = Pull.objects.get()
    assert "was stopped" in alice.post(f"{here}pulls/{pull.id}/cancel/", follow=True).content.decode()
    assert alice.get(f"{here}?part=pulls")["HX-Retarget"] == f"#server-{made.id}"
    assert signed_in(cast.bob).post(f"{here}pull/", {"model": "qwen3:8b"}).status_code == 403
