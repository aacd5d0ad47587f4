"""The navigation of a workspace, gathered from the pages themselves.

A page that wants an entry says so beside its permission:

    menu = MenuEntry(Menu.WORKSPACE, gettext_lazy("Variables"), icon="braces", order=40)

That is the whole registration: the entry shows in the sidebar (`Menu.MAIN`) or beside the settings (the other groups),
in the command palette and, where `keys` are given, on the keyboard sheet; and only to those who may open the page.
A page behind an entry (one credential of the list) names the entry's route in `menu_under`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import Permission


class Menu(StrEnum):
    """Where an entry stands, in the order in which the groups are shown."""

    MAIN = "main"
    WORKSPACE = "workspace"
    AI = "ai"
    CONNECTIONS = "connections"
    SECURITY = "security"
    YOU = "you"


GROUP_TITLES: dict[Menu, Promise] = {
    Menu.WORKSPACE: gettext_lazy("Workspace"),
    Menu.AI: gettext_lazy("AI"),
    Menu.CONNECTIONS: gettext_lazy("Connections"),
    Menu.SECURITY: gettext_lazy("Security"),
    Menu.YOU: gettext_lazy("You"),
}
"""The groups of the settings, as people read them."""


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """What a page says of its entry. `order` sorts within the group (tens leave room); `icon` is a Lucide name.

    `keys` is a shortcut of one key or of two in a row ("g h"). `words` are other names people may look for.
    `on_phone`: whether it has a place in the narrow bar at the bottom of a phone, which holds five.
    """

    group: Menu
    title: str | Promise
    icon: str
    order: int
    keys: str = ""
    words: str | Promise = ""
    on_phone: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """A page that has an entry: its route's name, the entry, what opening it needs, and its word in `active`."""

    name: str
    entry: MenuEntry
    permission: Permission
    active: str


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as one actor sees it on one page."""

    page: Page
    url: str
    is_current: bool

    @property
    def entry(self) -> MenuEntry:
        """What the page said."""
        return self.page.entry


@dataclass(frozen=True, slots=True)
class Group:
    """A titled part of the settings' navigation."""

    title: str | Promise
    links: list[Link]


@dataclass(frozen=True, slots=True)
class Navigation:
    """What the shell draws: the sidebar, the settings beside a settings page, and the entry that is lit there."""

    main: list[Link]
    settings: list[Group]
    setting: Link | None


def pages() -> tuple[Page, ...]:
    """Every page of the URL configuration that has an entry, in the order of the menus."""
    return _pages(get_resolver())


def navigation(slug: str, actor: Actor, *, active: str, here: str) -> Navigation:
    """The menus of a workspace for an actor.

    `active` is the word of the main entry that is lit, `here` the route whose settings entry is. A page of the
    settings lights the main entry `settings` without saying so.
    """
    known = pages()
    is_setting = any(page.name == here and page.entry.group != Menu.MAIN for page in known)
    active = active or ("settings" if is_setting else "")
    main: list[Link] = []
    groups: dict[Menu, list[Link]] = {}
    setting = None
    for page in known:
        if not actor.can(page.permission):
            continue
        is_main = page.entry.group == Menu.MAIN
        link = Link(page, reverse(page.name, args=[slug]), page.active == active if is_main else page.name == here)
        if is_main:
            main.append(link)
            continue
        groups.setdefault(page.entry.group, []).append(link)
        if link.is_current:
            setting = link
    return Navigation(main, [Group(GROUP_TITLES[group], links) for group, links in groups.items()], setting)


@lru_cache(maxsize=4)
def _pages(resolver: URLResolver) -> tuple[Page, ...]:
    found = (
        Page(str(pattern.name), entry, view.permission, view.active)
        for pattern, view in _views(resolver)
        # Its own: a page that is derived from another does not stand in the menu a second time.
        if isinstance(entry := getattr(view, "__dict__", {}).get("menu"), MenuEntry)
    )
    places = list(Menu)
    return tuple(sorted(found, key=lambda page: (places.index(page.entry.group), page.entry.order, page.name)))


def _views(resolver: URLResolver) -> Iterator[tuple[URLPattern, Any]]:
    for part in resolver.url_patterns:
        if isinstance(part, URLResolver):
            yield from _views(part)
        else:
            yield part, getattr(part.callback, "view_class", None)
