"""Whatever is sent to the API, the answer is never a 5xx, and a refusal says what and where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, cycle
from typing import Any

import pytest
from django.test import Client

from tests.architecture.routes import ROUTES, Route
from tests.architecture.test_routes import address
from tests.cast import Cast

BODIES: list[bytes] = [
    b"",
    b"{",
    b"null",
    b"true",
    b"0",
    b'"text"',
    b"[]",
    b"[[[]]]",
    b"{}",
    b'{"": ""}',
    b'{"nobody": "asked"}',
    b'{"a": NaN}',
    b'{"a": 1e999}',
    b'{"a": "\\u0000"}',
    b'{"a": "\\udcff"}',
    b"\xff\xff",
    b"[" * 5000,
    b'{"a":' * 200 + b"1" + b"}" * 200,
    b"9" * 6000,
]
VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    10**30,
    1.5e300,
    "",
    "x" * 5000,
    "\U0001f4a5",
    "​",
    [],
    [None],
    [[]],
    {},
    {"a": {}},
]
UNSAFE = [
    route
    for route in ROUTES
    if route.path.startswith("/api/v1/app/") and route.method in ("POST", "PUT", "PATCH") and not route.is_asynchronous
]
LISTS = [
    route
    for route in ROUTES
    if route.path.startswith("/api/v1/app/") and route.method == "GET" and "{" not in route.path
]


def mutations(body: Any) -> list[bytes]:
    """The right body with one value wrong, one after another, however deep it sits.

    Every wrong value at the top; below, each place gets three of them, and together the places get all.
    """
    turns = cycle(VALUES)

    def wrong(value: Any, depth: int) -> Iterator[Any]:
        members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, inner in members:
            bad = VALUES if depth == 0 else [next(turns) for _ in range(3)]
            for each in chain(bad, wrong(inner, depth + 1)):
                changed = value.copy()
                changed[key] = each
                yield changed
            if isinstance(value, dict):
                yield {name: kept for name, kept in value.items() if name != key}

    return [json.dumps(each).encode() for each in wrong(body, 0)]


@pytest.mark.parametrize("route", UNSAFE, ids=lambda route: f"{route.method} {route.path}")
def test_no_body_breaks_it(cast: Cast, route: Route) -> None:
    client = Client(raise_request_exception=False, headers={"X-Workspace": cast.workspace.slug})
    client.force_login(cast.alice)
    path = address(route, cast)
    for body in BODIES + mutations(route.body):
        response = client.generic(route.method, path, body, content_type="application/json")
        assert response.status_code < 500, f"{body[:200]!r}: {response.content[:300]!r}"
        if response.status_code >= 400:
            assert response["Content-Type"] == "application/problem+json", body[:200]
            assert response.json()["detail"], body[:200]


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.path)
def test_no_query_breaks_it(cast: Cast, route: Route) -> None:
    client = Client(raise_request_exception=False, headers={"X-Workspace": cast.workspace.slug})
    client.force_login(cast.alice)
    names = ["page_size", "cursor", "status", "q", "workflow", "workflow_id", "mode", "workspace", "format"]
    values = ["", "x", "-1", "9" * 30, "%00", "%ff", "%ed%a0%80", "%F0%9F%92%A5"]
    for name in names:
        for value in values:
            response = client.get(f"{route.path}?{name}={value}")
            assert response.status_code < 500, f"{name}={value}: {response.content[:300]!r}"


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/xml",
        "",
        "nonsense",
        "application/json; charset=utf-16",
    ],
)
def test_no_content_type_breaks_it(cast: Cast, kind: str) -> None:
    client = Client(raise_request_exception=False, headers={"X-Workspace": cast.workspace.slug})
    client.force_login(cast.alice)
    response = client.generic("POST", "/api/v1/app/keys/", b'{"name": "x"}', content_type=kind)
    assert response.status_code in (201, 400, 415)
