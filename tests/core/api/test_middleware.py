"""What every request passes, in the synchronous and the asynchronous stack."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction
from django.http import Http404, HttpRequest, HttpResponse
from django.test import AsyncClient, RequestFactory

from apps.core.api.middleware import Paths, Problems
from apps.core.errors import Conflict

factory = RequestFactory()


def run(answer: Any) -> Any:
    async def wait() -> Any:
        return await answer

    return async_to_sync(wait)()


def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.path_info)


async def async_echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.path_info)


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/api/v1/x", "/api/v1/x/"),
        ("/api/v1/x/", "/api/v1/x/"),
        ("/webhooks/acme/orders", "/webhooks/acme/orders"),
        ("/w/acme", "/w/acme"),
        ("/apix", "/apix"),
    ],
)
def test_only_the_api_gets_its_slash(path: str, seen: str) -> None:
    sync_answer: Any = Paths(echo)(factory.get(path))
    assert sync_answer.content.decode() == seen
    middleware = Paths(async_echo)
    assert iscoroutinefunction(middleware)
    async_answer = run(middleware(factory.get(path)))
    assert async_answer.content.decode() == seen


def test_nul_is_refused_in_both() -> None:
    request = factory.get("/api/v1/x/", {"q": "\x00"})
    assert Paths(echo)(request).status_code == 400  # type: ignore[union-attr]
    assert run(Paths(async_echo)(request)).status_code == 400


@pytest.mark.parametrize(("charset", "status"), [("utf-8", 200), ("UTF8", 200), ("punycode", 400), ("latin-1", 400)])
def test_forms_are_utf_8(charset: str, status: int) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="q"\r\n\r\na\r\n--x--\r\n'
    request = factory.generic("POST", "/w/", body, f"multipart/form-data; boundary=x; charset={charset}")
    assert Paths(echo)(request).status_code == status  # type: ignore[union-attr]


def test_refusals_become_answers_and_faults_pass() -> None:
    problems = Problems(echo)
    api = factory.get("/api/v1/x/")
    refused = problems.process_exception(api, Conflict("Taken.", headers={"Retry-After": "3"}))
    assert refused is not None
    assert (refused.status_code, refused["Retry-After"]) == (409, "3")
    assert problems.process_exception(api, Http404()) is None
    assert problems.process_exception(api, KeyError("x")) is None


@pytest.mark.django_db
def test_the_whole_stack_runs_asynchronously() -> None:
    assert async_to_sync(AsyncClient().get)("/api/v1/app/me").status_code == 401
