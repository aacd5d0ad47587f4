"""The page that says what became of an imported file."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.core.tenancy import tenant
from apps.workflows.models import Workflow
from tests.cast import Cast
from tests.workflows.transfer.fixtures import fixture

NEW = "/w/acme/workflows/new/"


@pytest.fixture
def alices(cast: Cast, client: Client) -> Client:
    client.force_login(cast.alice)
    return client


def test_a_file_with_something_to_tell_leads_to_its_report(alices: Client, cast: Cast) -> None:
    file = SimpleUploadedFile("flow.json", json.dumps(fixture("n8n_agent")).encode())
    answer = alices.post(NEW, {"name": "", "file": file}, follow=True)
    with tenant(cast.workspace.id):
        made = Workflow.objects.get(name="Support agent")
    assert answer.redirect_chain[-1][0] == f"/w/acme/workflows/{made.id}/imported/"
    page = answer.content.decode()
    for words in ("Left out", "OpenAI Chat Model", "AI_LANGUAGE_MODEL", "nodes[2]", "n8n"):
        assert words in page
    assert "To be looked at" not in page
    assert "In another form" not in page


def test_the_report_is_of_the_last_import_only(alices: Client, cast: Cast) -> None:
    for name in ("n8n_agent", "connections_map"):
        alices.post(NEW, {"name": name, "document": json.dumps(fixture(name))})
    with tenant(cast.workspace.id):
        first, second = (Workflow.objects.get(name=name) for name in ("n8n_agent", "connections_map"))
    assert alices.get(f"/w/acme/workflows/{second.id}/imported/").status_code == 200
    assert alices.get(f"/w/acme/workflows/{first.id}/imported/")["Location"] == f"/w/acme/workflows/{first.id}/"


def test_what_cannot_be_carried_over_at_all_is_said_in_the_form(alices: Client) -> None:
    agents = {"agents": [{"id": "1", "name": "Writer", "type": "summarizer"}], "connections": []}
    answer = alices.post(NEW, {"name": "", "document": json.dumps(agents)})
    assert answer.status_code == 422
    assert "Nothing of this workflow" in answer.content.decode()
    assert "Writer: There is no node of type SUMMARIZER" in answer.content.decode()
