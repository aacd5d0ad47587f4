"""Numbered pages of long lists."""

from __future__ import annotations

import pytest

from apps.accounts.models import User
from apps.core import paging
from apps.core.paging import Bounded


@pytest.fixture(autouse=True)
def _few(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST", 10)


def people(count: int) -> None:
    User.objects.bulk_create(User(email=f"{number:03}@example.com") for number in range(count))


def test_a_short_list_is_counted_and_shown_whole() -> None:
    people(7)
    pages = Bounded(User.objects.order_by("-email"), 4)
    assert (pages.count, pages.is_beyond, pages.num_pages) == (7, False, 2)
    assert [user.email for user in pages.page(2)] == ["002@example.com", "001@example.com", "000@example.com"]


@pytest.mark.parametrize(("count", "is_beyond"), [(10, False), (11, True), (30, True)])
def test_a_long_list_offers_its_beginning_and_says_so(count: int, is_beyond: bool) -> None:
    people(count)
    pages = Bounded(User.objects.order_by("email"), 4)
    assert (pages.count, pages.is_beyond, pages.num_pages) == (10, is_beyond, 3)
    assert len(pages.get_page(99)) == 2
