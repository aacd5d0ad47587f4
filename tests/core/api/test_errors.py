"""Bad input gets a 4xx that says what and where; faults get a 500 that says nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError
from django.test import Client, RequestFactory
from rest_framework.test import APIClient

from apps.core.api import errors
from apps.core.errors import Conflict
from tests.cast import Cast

Api = Callable[..., APIClient]
KEYS = "/api/v1/app/keys/"


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"{bad", 400, "line 1 column 2"),
        (b"", 400, "Some values are wrong"),
        (b"\xff\xfe{}", 400, "UTF-8"),
        (b'{"name": NaN}', 400, "NaN"),
        (b'{"name": "a\\u0000b"}', 400, "NUL"),
        (b'{"name": "\\ud800"}', 400, "surrogate"),
        (b'{"name": ' + b"9" * 5000 + b"}", 400, "digits"),
        (b'{"name":' + b"[" * 3000 + b"]" * 3000 + b"}", 400, "100 levels"),
        (b'{"name": "' + b"x" * 1_100_000 + b'"}', 413, "1,000,000"),
        (b"[]", 400, ""),
        (b"null", 400, ""),
        (b'"text"', 400, ""),
        (b"{}", 400, "Some values are wrong"),
    ],
)
def test_bad_bodies(cast: Cast, api: Api, body: bytes, status: int, says: str) -> None:
    response = api(cast.alice).post(KEYS, data=body, content_type="application/json")
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert says in response.json()["detail"]


def test_findings_say_where(cast: Cast, api: Api) -> None:
    response = api(cast.alice).post(KEYS, {"name": "", "scopes": ["workflow:read", "x"], "expires_at": "soon"})
    found = {finding["path"] for finding in response.json()["errors"]}
    assert found == {"name", "scopes[1]", "expires_at"}


def test_a_form_is_not_json(cast: Cast, api: Api) -> None:
    response = api(cast.alice).post(KEYS, data="name=x", content_type="application/x-www-form-urlencoded")
    assert response.status_code == 415
    assert response.json()["code"] == "core.unsupported_media_type"


def test_the_answer_is_json_whatever_is_accepted(cast: Cast, api: Api) -> None:
    response = api(cast.alice).get("/api/v1/app/me/", headers={"Accept": "text/html"})
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "query", ["page_size=0", "page_size=201", "page_size=x", "page_size=-1", "page_size=²", "cursor=x"]
)
def test_bad_pages(cast: Cast, api: Api, query: str) -> None:
    response = api(cast.alice).get(f"{KEYS}?{query}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["path"] == query.partition("=")[0]


@pytest.mark.parametrize("path", ["/api/v1/app/keys/?cursor=%00", "/w/a%00b/", "/%00", "/enter/%00/"])
def test_nul_in_the_address(db: None, path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 400


def test_pages_get_a_page_and_programs_a_document(db: None) -> None:
    page = Client().get("/nowhere")
    assert page.status_code == 404
    assert page["Content-Type"].startswith("text/html")
    assert b"There is nothing here" in page.content
    document = Client().get("/nowhere", headers={"Accept": "application/json"})
    assert document["Content-Type"] == "application/problem+json"
    toast = Client().get("/nowhere", headers={"HX-Request": "true"})
    assert toast["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (DataError("value too long"), 400),
        (IntegrityError("duplicate key value violates constraint secret_name"), 409),
        (OperationalError("connection refused: password=hunter2"), 503),
        (ValueError("A string literal cannot contain NUL (0x00) characters."), 400),
        (Conflict("Taken."), 409),
    ],
)
def test_known_exceptions_have_a_status_and_keep_their_secrets(fault: Exception, status: int) -> None:
    request = RequestFactory().get("/api/v1/app/x/")
    response = errors.handler(fault, {"request": request})
    assert response is not None
    assert response.status_code == status
    assert "hunter2" not in str(response.data)
    assert "secret_name" not in str(response.data)


def test_a_fault_is_a_500_that_says_nothing(cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise KeyError("secret-thing")

    monkeypatch.setattr("apps.accounts.selectors.api_keys", broken)
    client = api(cast.alice)
    client.raise_request_exception = False
    response = client.get(KEYS)
    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    assert b"secret-thing" not in response.content
    assert response.json()["code"] == "core.failed"


def test_a_page_that_fails_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise KeyError("secret-thing")

    monkeypatch.setattr("apps.accounts.selectors.members", broken)
    client = Client(raise_request_exception=False)
    client.force_login(cast.alice)
    response = client.get("/w/acme/settings/members/")
    assert response.status_code == 500
    assert b"Something broke on our side" in response.content
    assert b"secret-thing" not in response.content


def test_a_handler_that_fails_leaves_nothing_behind(cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise Conflict("Too late.")

    monkeypatch.setattr("apps.accounts.api.serializers.KeyCreated.get_key", broken)
    client = api(cast.alice)
    assert client.post(KEYS, {"name": "Half done"}).status_code == 409
    assert client.get(KEYS).json()["results"] == []
