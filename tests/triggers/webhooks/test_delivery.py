"""What a request becomes before a workflow sees it, and what its sender calls it."""

from __future__ import annotations

from uuid import uuid4

import pytest

from apps.triggers.errors import NotText
from apps.triggers.webhooks.answers import failed, of_value
from apps.triggers.webhooks.delivery import Delivery, body_of, headers_of


def delivery(**headers: str) -> Delivery:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Delivery(workspace="acme", path="orders", method="POST", headers=named, query="", body=b"")


@pytest.mark.parametrize(
    ("raw", "kind", "expected"),
    [
        (b"", "application/json", None),
        (b'{"a": 1}', "application/json; charset=utf-8", {"a": 1}),
        (b'{"a": 1}', "application/vnd.github+json", {"a": 1}),
        (b'{"a": 1}', "", {"a": 1}),
        (b"[1]", "text/plain", "[1]"),
        (b"a=1&b=x+y&b=%C3%A9&c=", "application/x-www-form-urlencoded", {"a": "1", "b": ["x y", "é"], "c": ""}),
        ("grüß".encode("latin-1"), "text/plain; charset=ISO-8859-1", "grüß"),
        (b"<a/>", "application/xml", "<a/>"),
    ],
)
def test_bodies(raw: bytes, kind: str, expected: object) -> None:
    assert body_of(raw, kind) == expected


@pytest.mark.parametrize("charset", ["punycode", "idna", "klingon", "a\0b"])
def test_a_charset_that_texts_are_not_sent_in_is_refused(charset: str) -> None:
    with pytest.raises(NotText, match="not known"):
        body_of(b"a" * 400_000 + b"-" + b"a" * 100_000, f"text/plain; charset={charset}")


def test_repeated_headers_are_joined() -> None:
    assert headers_of([(b"X-Tag", b"a"), (b"x-tag", b"b"), (b"host", b"h")]) == {"x-tag": "a, b", "host": "h"}


def test_the_id_of_a_delivery_is_the_first_that_is_there() -> None:
    assert delivery().external_id is None
    assert delivery(idempotency_key=" ", x_github_delivery="g-1").external_id == "g-1"
    assert delivery(idempotency_key="i-1", webhook_id="w-1").external_id == "i-1"


def test_a_long_id_keeps_its_identity_in_a_short_form() -> None:
    one, two = delivery(idempotency_key="x" * 5000), delivery(idempotency_key="x" * 4999 + "y")
    assert len(one.external_id or "") == 64
    assert one.external_id != two.external_id


def test_an_answer_cannot_reach_into_the_product() -> None:
    hostile = {"Set-Cookie": "a=b", "Clear-Site-Data": '"*"', "Content-Security-Policy": "", "X-Fine": "yes"}
    answer = of_value(200, "<script>", hostile | {"content-type": "text/html"})
    assert answer.headers["X-Fine"] == "yes"
    assert answer.headers["content-type"] == "text/html"
    assert not {"Set-Cookie", "Clear-Site-Data"} & answer.headers.keys()
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize("kind", ["text/javascript", "Application/JavaScript;v=1", "text/jscript", "text/css"])
def test_an_answer_is_never_a_script_of_the_product(kind: str) -> None:
    assert of_value(200, "alert(1)", {"content-type": kind}).headers["Content-Type"] == "text/plain; charset=utf-8"


def test_what_another_system_answered_is_not_for_the_caller() -> None:
    error = {
        "code": "http.status",
        "message": "Shop answered GET with status 401.",
        "details": {"body": "token=s3cret"},
    }
    answer = failed(uuid4(), "ERROR", error, {}, path="/webhooks/acme/orders")
    assert b"Shop answered" in answer.content
    assert b"s3cret" not in answer.content


def test_no_content_has_no_content() -> None:
    assert of_value(204, {"a": 1}).content == b""
