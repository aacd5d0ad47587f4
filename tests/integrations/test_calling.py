"""What vendors' clients share: what is sent, and what failures mean."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.egress import errors
from apps.integrations.calling import JsonClient
from apps.nodes.contract import Json, NodeError
from tests.nodes.running import FakeHttp


class Client(JsonClient):
    base_url = "https://api.example.com/v1/"

    def said(self, answer: Json) -> str:
        return str(answer["error"]["text"]) if isinstance(answer, dict) else ""


def client(*answers: Any) -> tuple[Client, FakeHttp]:
    http = FakeHttp(list(answers))
    return Client(http), http


def test_parts_of_a_path_stay_parts() -> None:
    made, http = client({"json": 1}, {"status": 204})
    assert made.read("records", "../a b?c", 7, page=2, after=None) == 1
    assert made.write("records", "x", json=None, key="k", method="DELETE") is None
    assert [each["url"] for each in http.seen] == [
        "https://api.example.com/v1/records/..%2Fa%20b%3Fc/7",
        "https://api.example.com/v1/records/x",
    ]
    assert (http.seen[0]["params"], http.seen[1]["headers"]) == ({"page": 2}, {"Accept": "application/json"})


def test_the_key_goes_where_it_counts() -> None:
    made, http = client({}, {})
    made.write("a", json={}, key="k", honours_key=True)
    made.write("a", json={}, key="k")
    assert [each["headers"].get("Idempotency-Key") for each in http.seen] == ["k", None]


def test_a_refusal_quotes_the_vendor() -> None:
    made, _ = client({"status": 422, "json": {"error": {"text": "no such field"}}})
    with pytest.raises(NodeError) as failed:
        made.write("a", json={}, key="k")
    assert failed.value.message == "api.example.com answered POST with status 422: no such field"
    assert (failed.value.retryable, failed.value.details["status"]) == (False, 422)


@pytest.mark.parametrize(
    ("answer", "reads", "writes", "honoured"),
    [
        ({"status": 500}, True, False, True),
        ({"status": 429, "headers": {"retry-after": "7"}}, True, True, True),
        ({"status": 404}, False, False, False),
        (errors.ConnectFailed("no"), True, True, True),
        (errors.NoAnswer("no"), True, False, True),
    ],
)
def test_what_is_worth_another_try(answer: Any, reads: bool, writes: bool, honoured: bool) -> None:
    def failure(call: Any) -> NodeError:
        with pytest.raises(NodeError) as failed:
            call(client(answer)[0])
        return failed.value

    assert failure(lambda made: made.read("a")).retryable is reads
    write = failure(lambda made: made.write("a", json={}, key="k"))
    assert write.retryable is writes
    assert write.is_unknown is isinstance(answer, errors.NoAnswer)
    assert failure(lambda made: made.write("a", json={}, key="k", honours_key=True)).retryable is honoured


def test_how_long_to_wait_is_passed_on() -> None:
    with pytest.raises(NodeError) as failed:
        client({"status": 503, "headers": {"retry-after": "7"}})[0].read("a")
    assert failed.value.retry_after == 7.0


def test_what_stands_before_the_vendor_speaks_no_json() -> None:
    with pytest.raises(NodeError) as failed:
        client({"status": 502, "text": "<html>"})[0].read("a")
    assert (failed.value.code, failed.value.retryable) == ("http.status", True)
    with pytest.raises(NodeError) as failed:
        client({"text": "<html>"})[0].read("a")
    assert failed.value.code == "http.not_json"
