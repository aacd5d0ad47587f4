"""Lists in pages."""

from __future__ import annotations

from collections.abc import Callable

from rest_framework.test import APIClient

from apps.accounts import services
from tests.cast import Cast

Api = Callable[..., APIClient]


def test_pages_show_every_row_once_also_when_rows_arrive(cast: Cast, api: Api) -> None:
    made = [
        services.api_key_create(workspace=cast.workspace, name=f"key {number}", actor=cast.owner).key.id
        for number in range(5)
    ]
    expected = [str(id_) for id_ in sorted(made, reverse=True)]
    client = api(cast.alice)
    first = client.get("/api/v1/app/keys/?page_size=2").json()
    assert first["page_size"] == 2
    seen = [row["id"] for row in first["results"]]
    services.api_key_create(workspace=cast.workspace, name="late", actor=cast.owner)
    following = first["next"]
    while following:
        page = client.get(following).json()
        seen += [row["id"] for row in page["results"]]
        following = page["next"]
    assert seen == expected


def test_a_full_last_page_has_no_next(cast: Cast, api: Api) -> None:
    assert api(cast.alice).get("/api/v1/app/members/?page_size=2").json()["next"] is None
    assert api(cast.alice).get("/api/v1/app/members/?page_size=1").json()["next"] is not None


def test_members_come_oldest_first(cast: Cast, api: Api) -> None:
    client = api(cast.alice)
    first = client.get("/api/v1/app/members/?page_size=1").json()
    second = client.get(first["next"]).json()
    assert [page["results"][0]["email"] for page in (first, second)] == ["alice@example.com", "bob@example.com"]
