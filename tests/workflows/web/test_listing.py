"""The list of workflows: folders, tags, order, and what is done with several at once."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Membership
from apps.core.tenancy import tenant
from apps.workflows.models import Folder, Workflow
from tests.cast import Cast
from tests.workflows.definitions import definition, small, transform
from tests.workflows.web.test_views import URL, create, signed_in, text


@pytest.fixture
def client(cast: Cast) -> Client:
    return signed_in(cast.alice)


def kept(cast: Cast) -> dict[str, Workflow]:
    with tenant(cast.workspace.id):
        return {each.name: each for each in Workflow.objects.select_related("folder").filter(deleted_at=None)}


def test_the_list_is_looked_at_by_folder_tag_and_order(cast: Cast, client: Client) -> None:
    ids = {name: create(cast, name).id for name in ("Beta", "alpha", "Gamma")}
    client.post(f"{URL}move/", {"ids": [ids["Beta"], ids["alpha"]], "folder": "Finance/Invoices"})
    client.post(f"{URL}tags/", {"ids": [ids["alpha"]], "add": "sales, critical"})
    page = text(client.get(f"{URL}?folder=Finance"))
    assert "Invoices 2" in page
    assert "Gamma" not in page
    assert "Gamma" in text(client.get(f"{URL}?folder=/"))
    tagged = text(client.get(f"{URL}?tag=sales&tag=critical"))
    assert "alpha" in tagged
    assert "Beta" not in tagged
    by_name = text(client.get(f"{URL}?sort=name"))
    assert by_name.index("alpha") < by_name.index("Beta") < by_name.index("Gamma")
    assert "This folder is empty" in text(client.get(f"{URL}?folder=Gone"))


def test_a_bar_acts_on_all_that_are_ticked_and_tells_what_was_refused(cast: Cast, client: Client) -> None:
    good, bad = create(cast, "Good"), create(cast, "Bad", definition(transform("a")))
    url, back = f"{URL}act/", "q=o&sort=name"
    response = client.post(url, {"do": "activate", "ids": [good.id, bad.id], "back": back})
    assert response["Location"] == f"{URL}?{back}"
    page = text(client.get(response["Location"]))
    assert "1 workflow is live" in page
    assert "Bad: Nothing starts this workflow" in page
    for verb, status in (("pause", "paused"), ("archive", "archived")):
        client.post(url, {"do": verb, "ids": [good.id]})
        assert kept(cast)["Good"].status == status
    client.post(url, {"do": "duplicate", "ids": [bad.id]})
    client.post(url, {"do": "delete", "ids": [bad.id, good.id]})
    assert set(kept(cast)) == {"Bad (copy)"}
    assert "No workflow is chosen" in text(client.post(url, {"do": "pause"}, follow=True))


def test_all_means_those_that_fit_on_every_page(cast: Cast, client: Client) -> None:
    for number in range(27):
        create(cast, f"Number {number}", small(f"path-{number}"))
    create(cast, "Other")
    client.post(f"{URL}act/", {"do": "archive", "all": "1", "back": "q=number"})
    left = [name for name, each in kept(cast).items() if each.status != "archived"]
    assert left == ["Other"]


def test_several_are_exported_as_files_that_can_be_imported(cast: Cast, client: Client) -> None:
    ids = [create(cast, "Orders").id, create(cast, "Orders").id]
    response = client.post(f"{URL}act/", {"do": "export", "ids": ids}, follow=True)
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.namelist() == ["orders.json", "orders-2.json"]
        assert json.loads(archive.read("orders.json"))["definition"] == small()


def test_forms_for_folder_and_tags_say_what_is_wrong(cast: Cast, client: Client) -> None:
    workflow = create(cast)
    given: dict[str, Any] = {"ids": [workflow.id], "folder": "/".join("abcdefghi")}
    assert "Folders go 8 deep" in text(client.post(f"{URL}move/", given), 422)
    assert "at most 40 characters" in text(client.post(f"{URL}tags/", {"ids": [workflow.id], "add": "x" * 41}), 422)
    htmx = {"HX-Request": "true"}
    part = client.get(f"{URL}move/?part=form&ids={workflow.id}", headers=htmx).content.decode()
    assert "<html" not in part
    done = client.post(f"{URL}move/", given | {"folder": "New", "part": "form"}, headers=htmx)
    assert (done.status_code, done["HX-Redirect"]) == (204, URL)
    assert kept(cast)["Orders"].folder is not None


def test_folders_are_made_renamed_and_taken_away(cast: Cast, client: Client) -> None:
    made = client.post(f"{URL}folders/new/", {"path": "Finance / Invoices"})
    assert made["Location"] == f"{URL}?folder=Finance%2FInvoices"
    assert "already" in text(client.post(f"{URL}folders/new/", {"path": "Finance"}), 422)
    with tenant(cast.workspace.id):
        folder = Folder.objects.get(path="Finance/Invoices")
    assert client.post(f"{URL}folders/{folder.id}/", {"path": "Bills"})["Location"] == f"{URL}?folder=Bills"
    assert client.post(f"{URL}folders/{folder.id}/delete/")["Location"] == URL
    assert client.get(f"{URL}folders/{folder.id}/").status_code == 404


def test_viewers_may_arrange_nothing(cast: Cast) -> None:
    workflow = create(cast)
    with tenant(cast.workspace.id):
        Membership.objects.filter(user=cast.bob).update(role="viewer")
    viewer = signed_in(cast.bob)
    assert "Activate" not in text(viewer.get(URL))
    for tail in ("act/", "move/", "tags/", "folders/new/"):
        assert viewer.post(f"{URL}{tail}", {"do": "delete", "ids": [workflow.id]}).status_code == 403


def test_the_tour_is_offered_until_it_was_seen(cast: Cast, client: Client) -> None:
    tour = f"{URL}tour/"
    assert client.get(tour)["Location"] == f"{URL}new/"
    workflow = create(cast)
    assert client.get(tour)["Location"] == f"{URL}{workflow.id}/?tour=1"
    page = f"{URL}{workflow.id}/"
    assert 'id="tour"' in client.get(page).content.decode()
    assert client.post("/w/acme/tours/editor/seen/").status_code == 204
    assert 'id="tour"' not in client.get(page).content.decode()
    assert "data-begins" in client.get(f"{page}?tour=1").content.decode()
