"""The menus are what the pages say of themselves, and show nobody a door that is closed to them."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.access.actor import Actor
from apps.accounts.access.menu import Menu, Navigation, navigation, pages
from apps.accounts.access.permissions import Permission, permissions_of_role
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def menus(role: str, *, active: str = "", here: str = "") -> Navigation:
    actor = Actor(kind="user", id=None, label="somebody", role=role, permissions=permissions_of_role(role))
    return navigation("acme", actor, active=active, here=here)


def settings_of(found: Navigation) -> list[str]:
    return [link.page.name for group in found.settings for link in group.links]


def test_every_entry_names_a_page_once_and_no_shortcut_leads_to_two() -> None:
    known = pages()
    assert len({page.name for page in known}) == len(known)
    keys = [page.entry.keys for page in known if page.entry.keys]
    assert len(set(keys)) == len(keys)
    assert all(isinstance(page.permission, Permission) for page in known)


def test_the_sidebar_stands_in_its_order_and_one_entry_is_lit() -> None:
    found = menus("owner", active="executions", here="executions")
    names = [link.page.name for link in found.main]
    assert [name for name in names if name in ("home", "workflows", "executions", "inbox", "settings")] == [
        "home",
        "workflows",
        "executions",
        "inbox",
        "settings",
    ]
    assert [link.page.name for link in found.main if link.is_current] == ["executions"]
    assert found.setting is None


def test_five_entries_at_most_stand_in_the_bar_of_a_phone() -> None:
    assert len([page for page in pages() if page.entry.group == Menu.MAIN and page.entry.on_phone]) <= 5


def test_what_a_role_may_not_open_is_not_offered() -> None:
    assert "keys" in settings_of(menus("admin"))
    assert "keys" not in settings_of(menus("member"))
    assert settings_of(menus("nobody")) == []


def test_a_page_of_the_settings_lights_its_entry_and_the_settings() -> None:
    found = menus("owner", here="limits")
    assert found.setting is not None
    assert found.setting.url == "/w/acme/settings/limits/"
    assert [link.page.name for link in found.main if link.is_current] == ["settings"]


def test_settings_lead_to_the_first_page_and_every_page_shows_the_way_to_the_others(cast: Cast, client: Client) -> None:
    client.force_login(cast.bob)
    response = client.get("/w/acme/settings/", follow=True)
    assert response.status_code == 200
    page = response.content.decode()
    assert 'href="/w/acme/settings/limits/"' in page
    assert 'href="/w/acme/settings/keys/"' not in page
