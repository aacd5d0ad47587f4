"""Walks every route with alice (owner), bob (member), charlie (outsider) and nobody."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from tests.architecture.routes import FILL, ROUTES, UNLISTED, Route
from tests.cast import Cast

METHODS = ("get", "post", "put", "patch", "delete")


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, path)
        else:
            yield path, entry


def all_routes() -> dict[str, URLPattern]:
    """Every route as `/w/{workspace}/…`, without the converters."""
    found: dict[str, URLPattern] = {}
    for raw, entry in patterns(get_resolver()):
        path = "/" + re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", raw.removeprefix("^").removesuffix("$"))
        if not path.startswith(UNLISTED):
            assert path not in found, f"{path} is routed twice"
            found[path] = entry
    return found


def methods_of(entry: URLPattern) -> set[str]:
    view: Any = entry.callback
    actions: dict[str, str] | None = getattr(view, "actions", None)
    if actions:
        return {method.upper() for method in actions if method in METHODS}
    cls = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if cls is None:
        return {"ANY"}
    allowed = {name.lower() for name in cls.http_method_names}
    return {method.upper() for method in METHODS if method in allowed and hasattr(cls, method)}


def test_every_route_has_a_row_for_every_method() -> None:
    listed = {(route.method, route.path) for route in ROUTES}
    missing = [
        f"{method} {path}"
        for path, entry in all_routes().items()
        for method in sorted(methods_of(entry))
        if not any(known == path and method in (word, "ANY") for word, known in listed)
    ]
    assert missing == [], "Say in tests/architecture/routes.py who may do this."


def test_no_row_stands_twice() -> None:
    listed = [(route.method, route.path) for route in ROUTES]
    assert len(listed) == len(set(listed))


def test_every_row_has_a_route() -> None:
    routes = all_routes()
    gone = [
        f"{route.method} {route.path}"
        for route in ROUTES
        if route.path not in routes or not methods_of(routes[route.path]) & {route.method, "ANY"}
    ]
    assert gone == [], "These rows tell of routes that are no more."


def test_api_routes_end_with_a_slash() -> None:
    """The middleware adds a missing slash; a route without one could never be reached."""
    assert [path for path in all_routes() if path.startswith("/api/") and not path.endswith("/")] == []


def test_every_action_says_what_it_needs() -> None:
    from apps.accounts.access.api import InWorkspace

    undeclared = []
    for path, entry in all_routes().items():
        view: Any = entry.callback
        cls = getattr(view, "cls", None)
        if cls is None or not issubclass(cls, InWorkspace):
            continue
        actions = getattr(view, "actions", None) or {method.lower(): method.lower() for method in methods_of(entry)}
        undeclared += [f"{path} {action}" for action in set(actions.values()) if action not in cls.permissions]
    assert undeclared == []


def test_the_api_of_workspaces_goes_through_the_base_class() -> None:
    from apps.accounts.access.api import InWorkspace

    strangers = []
    for path, entry in all_routes().items():
        view: Any = entry.callback
        cls = getattr(view, "cls", None)
        if path.startswith("/api/v1/app/") and inspect.isclass(cls) and issubclass(cls, APIView):
            strangers += [] if issubclass(cls, InWorkspace) else [path]
    assert strangers == []


def address(route: Route, cast: Cast) -> str:
    def fill(match: re.Match[str]) -> str:
        maker = FILL.get(match[1]) or FILL.get(route.path)
        assert maker, f"tests/architecture/routes.py: FILL does not say what stands for {match[0]} in {route.path}"
        return str(maker(cast))

    return re.sub(r"\{(\w+)\}", fill, route.path) + (f"?{route.query}" if route.query else "")


PEOPLE = pytest.mark.parametrize("who", ["alice", "bob", "charlie", "anonymous"])


def rows(*, is_asynchronous: bool) -> pytest.MarkDecorator:
    chosen = [route for route in ROUTES if route.is_asynchronous == is_asynchronous]
    return pytest.mark.parametrize("route", chosen, ids=lambda route: f"{route.method} {route.path}")


@PEOPLE
@rows(is_asynchronous=False)
def test_the_cast_gets_what_the_table_says(cast: Cast, route: Route, who: str) -> None:
    client = Client(headers={"X-Workspace": cast.workspace.slug})
    path = address(route, cast)
    if who != "anonymous":
        client.force_login(getattr(cast, who))
    judge(getattr(client, route.method.lower())(path, **sent(route)), route, who)


@pytest.mark.integration
@PEOPLE
@rows(is_asynchronous=True)
def test_the_cast_gets_what_the_table_says_from_asynchronous_views(
    committed_db: None, cast: Cast, route: Route, who: str
) -> None:
    client = AsyncClient(headers={"X-Workspace": cast.workspace.slug})
    path = address(route, cast)
    if who != "anonymous":
        client.force_login(getattr(cast, who))
    judge(async_to_sync(getattr(client, route.method.lower()))(path, **sent(route)), route, who)


def sent(route: Route) -> dict[str, Any]:
    if not route.path.startswith(("/api/", "/webhooks/", "/demo/")):
        return {} if route.body is None else {"data": route.body}
    if route.method in ("GET", "DELETE"):
        return {}
    return {"data": {} if route.body is None else route.body, "content_type": "application/json"}


def judge(response: Any, route: Route, who: str) -> None:
    expected = getattr(route, who)
    excerpt = "" if response.streaming else response.content.decode(errors="replace")[:300]
    assert response.status_code == expected, f"{who} {route.method} {route.path}: {response.status_code} {excerpt}"
    if route.path.startswith("/api/v1/app/") and expected >= 400:
        assert response["Content-Type"] == "application/problem+json"
    if expected == 302 and who == "anonymous" and route.path.startswith("/w/"):
        assert response["Location"].startswith("/accounts/login/?next=")
