"""HTTP_REQUEST: what it sends, what it makes of answers, and what it knows of failures."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from apps.core.egress import errors
from apps.nodes.builtin.actions.http_request import HttpRequest
from apps.nodes.contract import Done, Effect, NodeError, Retry
from tests.nodes.running import NOW, FakeArtifacts, FakeContext, FakeHttp, params_of

URL = "https://api.example.com/things"


def call(answer: Any, method: str = "GET", **params: Any) -> tuple[Any, dict[str, Any]]:
    http = FakeHttp([answer])
    resolved = params_of(HttpRequest, {"method": method, "url": URL} | params)
    result = HttpRequest().run(resolved, FakeContext(http=http, timeout_seconds=20))
    assert isinstance(result, Done)
    return result.output, http.seen[0]


def failure(answer: Any, method: str = "GET", **params: Any) -> NodeError:
    with pytest.raises(NodeError) as failed:
        call(answer, method, **params)
    return failed.value


def effect(method: str, **params: Any) -> tuple[Effect, bool]:
    resolved = params_of(HttpRequest, {"method": method, "url": URL} | params)
    return HttpRequest().effect(resolved), HttpRequest().honours_key(resolved)


def test_what_it_does_to_the_world() -> None:
    assert {method: effect(method) for method in ("GET", "HEAD", "OPTIONS")} == {
        method: (Effect.READ, False) for method in ("GET", "HEAD", "OPTIONS")
    }
    assert (effect("POST"), effect("PATCH")) == ((Effect.WRITE, False), (Effect.WRITE, False))
    assert (effect("PUT"), effect("DELETE")) == ((Effect.WRITE, True), (Effect.WRITE, True))
    assert effect("POST", receiver_honours_key=True) == (Effect.WRITE, True)
    assert HttpRequest.retry == Retry(attempts=3, delay_seconds=1.0)


def test_writes_carry_the_idempotency_key() -> None:
    _, read = call({}, "GET")
    _, write = call({}, "POST", json={"a": 1}, headers={"X-One": 1})
    _, own = call({}, "POST", headers={"idempotency-key": "mine"})
    assert read["headers"] == {}
    assert write["headers"] == {"X-One": "1", "Idempotency-Key": "key-1"}
    assert own["headers"] == {"idempotency-key": "mine"}
    assert (write["json"], write["content"]) == ({"a": 1}, None)
    assert call({}, "POST", body="a,b")[1]["content"] == b"a,b"


def test_it_takes_no_longer_than_the_node_may() -> None:
    assert call({})[1]["timeout"] == 20
    assert call({}, timeout_seconds=5)[1]["timeout"] == 5


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        ({"json": {"a": [1, None]}}, {"a": [1, None]}),
        ({"headers": {"content-type": "application/problem+json; charset=utf-8"}, "content": b'{"a": 1}'}, {"a": 1}),
        ({"content": b'{"a": 1}'}, {"a": 1}),
        ({"headers": {"content-type": "application/json"}, "content": b"{oops"}, "{oops"),
        ({"headers": {"content-type": "application/json"}, "content": b'{"a": NaN}'}, '{"a": NaN}'),
        ({"headers": {"content-type": "application/json"}, "content": b'"a\\u0000b"'}, '"a\\u0000b"'),
        ({"headers": {"content-type": "application/json"}, "content": b"[" * 5000}, "[" * 5000),
        ({"text": "plain"}, "plain"),
        ({"headers": {"content-type": "text/html; charset=latin-1"}, "content": "é".encode("latin-1")}, "é"),
        ({"headers": {"content-type": "text/plain; charset=klingon"}, "content": "é".encode()}, "é"),
        ({"headers": {"content-type": "text/plain; charset=punycode"}, "content": b"a-b"}, "a-b"),
        ({"headers": {"content-type": "text/plain"}, "content": b"a\0\xff"}, "a\ufffd\ufffd"),
        ({"status": 204}, None),
    ],
)
def test_bodies_are_read_by_what_they_say_they_are(answer: Any, body: Any) -> None:
    assert call(answer)[0]["body"] == body


@pytest.mark.parametrize(
    ("headers", "url", "name"),
    [
        ({"content-type": "image/png"}, "https://api.example.com/a%20b.png?x=1", "a b.png"),
        ({"content-type": "application/zip", "content-disposition": 'attachment; filename="all.zip"'}, URL, "all.zip"),
        ({"content-type": "Application/PDF"}, "https://api.example.com/", "answer"),
    ],
)
def test_what_is_neither_json_nor_text_is_kept_as_a_file(headers: dict[str, str], url: str, name: str) -> None:
    context = FakeContext(http=FakeHttp([{"headers": headers, "content": b"\x89PNG\0"}]))
    done = HttpRequest().run(params_of(HttpRequest, {"url": url}), context)
    assert isinstance(done, Done)
    kept = done.output["body"]
    assert (kept["name"], kept["size"]) == (name, 5)
    assert kept["content_type"] == headers["content-type"].lower()
    assert context.artifacts.get(kept) == b"\x89PNG\0"


def test_a_file_that_cannot_be_kept_repeats_no_write() -> None:
    class Away(FakeArtifacts):
        def put(self, *args: Any, **given: Any) -> Any:
            raise NodeError("executions.storage_away", "not now", retryable=True)

    for method, is_retryable in (("GET", True), ("POST", False), ("PUT", True)):
        http = FakeHttp([{"headers": {"content-type": "image/png"}, "content": b"1"}])
        params = params_of(HttpRequest, {"url": URL, "method": method})
        with pytest.raises(NodeError) as failed:
            HttpRequest().run(params, FakeContext(http=http, artifacts=Away()))
        assert failed.value.retryable is is_retryable


def test_a_refusal_fails_the_node_with_what_was_said() -> None:
    error = failure({"status": 422, "json": {"reason": "no stock"}}, "POST")
    assert (error.code, error.is_unknown, error.retryable) == ("http.status", False, False)
    assert "api.example.com answered POST with status 422" in error.message
    assert error.details == {"status": 422, "body": '{"reason": "no stock"}'}
    assert len(failure({"status": 500, "text": "x" * 9000}).details["body"]) == 2000


def test_a_refusal_can_be_an_answer() -> None:
    assert call({"status": 404, "json": {}}, fail_on_status=False)[0]["status"] == 404


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again_when_that_does_no_harm(status: int) -> None:
    def is_retried(method: str, **params: Any) -> bool:
        error = failure({"status": status}, method, **params)
        assert not error.is_unknown  # an answer came
        return error.retryable

    assert is_retried("GET")
    assert is_retried("PUT")
    assert is_retried("POST", receiver_honours_key=True)
    assert is_retried("POST") is (status in (425, 429, 503))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 501])
def test_what_will_not_pass_is_not_tried_again(status: int) -> None:
    assert not failure({"status": status}).retryable


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        ("999999999", 86_400.0),
        ("9" * 400, None),
        ("soon", None),
        ("-3", None),
        ("", None),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    assert failure({"status": 503, "headers": {"retry-after": header}}).retry_after == seconds


@pytest.mark.parametrize(
    ("problem", "code", "read", "write", "unknown"),
    [
        (errors.Refused(), "http.refused", False, False, False),
        (errors.BadRequest(), "http.bad_request", False, False, False),
        (errors.DnsFailed(), "http.dns", True, True, False),
        (errors.ConnectFailed(), "http.connect", True, True, False),
        (errors.TlsFailed(), "http.tls", False, False, False),
        (errors.NoAnswer(), "http.timeout", True, False, True),
        (errors.Broken(), "http.broken", True, False, True),
        (errors.AnswerTooLarge(), "http.too_large", False, False, False),
        (errors.RedirectRefused(), "http.redirect_refused", False, False, False),
    ],
)
def test_failures_say_whether_the_write_may_have_happened(
    problem: Any, code: str, read: bool, write: bool, unknown: bool
) -> None:
    asked, told = failure(problem, "GET"), failure(problem, "POST")
    assert (asked.code, asked.retryable, asked.is_unknown) == (code, read, False)
    assert (told.code, told.retryable, told.is_unknown) == (code, write, unknown)
    assert failure(problem, "PUT").retryable is read
