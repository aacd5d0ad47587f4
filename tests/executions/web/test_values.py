"""The page of what workflows keep."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.cast import Cast
from tests.executions.keeping import keep

URL = "/w/acme/settings/values/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(cast: Cast) -> Client:
    """Bob's browser."""
    client = Client()
    client.force_login(cast.bob)
    return client


def test_nothing_is_kept_yet(browser: Client) -> None:
    assert "Nothing is kept yet" in browser.get(URL).content.decode()


def test_keys_are_shown_found_and_deleted(browser: Client, cast: Cast) -> None:
    keep(cast.workspace, "orders/1", {"html": "<b>"})
    value_id = keep(cast.workspace, "note", "x" * 5_000)

    page = browser.get(URL).content.decode()
    assert "orders/1" in page
    assert "&lt;b&gt;" in page
    assert f"/api/v1/app/values/{value_id}/" in page
    assert "x" * 200 not in page
    assert "note" not in browser.get(URL, {"q": "orders/"}).content.decode().partition("<tbody>")[2]
    assert "No key begins with" in browser.get(URL, {"q": "zzz"}).content.decode()

    assert browser.post(f"{URL}{value_id}/delete/").status_code == 302
    assert f"{value_id}" not in browser.get(URL).content.decode()
    assert browser.post(f"{URL}{value_id}/delete/").status_code == 404
