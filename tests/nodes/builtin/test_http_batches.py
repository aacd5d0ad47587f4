"""HTTP_REQUEST's batches: a call per item, in order, several at once, each once."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from apps.core.egress import Answer, errors
from apps.nodes.builtin.actions.http_request import HttpRequest
from apps.nodes.contract import Done, NodeError, Suspend
from tests.nodes.running import FakeContext, FakeHttp, params_of

URL = "https://api.example.com/things"


class ByUrl(FakeHttp):
    """Answers by what is asked, in whatever order it comes; remembers how many asked at once."""

    def __init__(self, answer: Any, *, delay: float = 0.0) -> None:
        super().__init__([])
        self.answer, self.delay = answer, delay
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()

    def request(self, method: str, url: str, **given: Any) -> Answer:
        with self.lock:
            self.seen.append({"method": method, "url": url, **given})
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        if self.delay:
            time.sleep(self.delay)
        with self.lock:
            self.at_once -= 1
        found = self.answer(url)
        if isinstance(found, Exception):
            raise found
        status, content = found
        return Answer(status, {"content-type": "application/json"}, content, url)


def batch(items: list[Any], http: FakeHttp, ctx: FakeContext | None = None, **params: Any) -> Any:
    options = {name: params.pop(name) for name in ("size", "pause_seconds", "on_error") if name in params}
    stored = {"url": f"{URL}/{{{{ $item }}}}", "batch": {"items": "{{ $json.ids }}"} | options} | params
    ctx = ctx or FakeContext(json={"ids": items}, http=http)
    result = HttpRequest().run(params_of(HttpRequest, stored, {"ids": items}), ctx)
    assert isinstance(result, Done)
    return result.output


def last(url: str) -> str:
    return url.rpartition("/")[2]


def test_results_come_in_the_order_of_the_items_though_several_are_asked_at_once() -> None:
    http = ByUrl(lambda url: (200, last(url).encode()), delay=0.02)
    found = batch(list(range(20)), http, size=5, returns="body")
    assert found == {"results": list(range(20)), "failed": 0}
    assert http.most_at_once == 5


def test_everything_that_is_sent_is_worked_out_per_item() -> None:
    http = FakeHttp([{"json": 1}, {"json": 2}])
    batch(
        ["a", "b"],
        http,
        size=1,
        method="POST",
        query={"at": "{{ $index }}"},
        headers={"X-Of": "{{ $json.ids.length }}"},
        json={"id": "{{ $item }}", "deep": ["{{ $item.upper() }}"]},
    )
    assert [each["url"] for each in http.seen] == [f"{URL}/a", f"{URL}/b"]
    assert [each["params"] for each in http.seen] == [{"at": 0}, {"at": 1}]
    assert [each["headers"]["X-Of"] for each in http.seen] == ["2", "2"]
    assert [each["json"] for each in http.seen] == [{"id": "a", "deep": ["A"]}, {"id": "b", "deep": ["B"]}]
    assert [each["headers"]["Idempotency-Key"] for each in http.seen] == ["key-1:item:1", "key-1:item:2"]


def test_the_first_failure_stops_it_and_what_was_done_is_not_done_again() -> None:
    down = {"2"}
    http = ByUrl(lambda url: (503 if last(url) in down else 200, last(url).encode()))
    ctx = FakeContext(json={"ids": [0, 1, 2, 3]}, http=http)
    with pytest.raises(NodeError) as failed:
        batch([0, 1, 2, 3], http, ctx, size=2)
    assert (failed.value.code, failed.value.retryable) == ("http.status", True)
    down.clear()
    assert [each["body"] for each in batch([0, 1, 2, 3], http, ctx, size=2)["results"]] == [0, 1, 2, 3]
    asked = sorted(last(each["url"]) for each in http.seen)
    assert asked == ["0", "1", "2", "2", "3"]


def test_failures_can_be_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    http = FakeHttp(
        [
            {"json": 1},
            {"status": 404},
            {"status": 503, "headers": {"retry-after": "3"}},
            errors.Broken("x"),
            {"json": 3},
        ]
    )
    found = batch([1, 2, 3], http, size=1, on_error="collect", returns="body")
    assert (found["results"][0], found["results"][2], found["failed"]) == (1, 3, 1)
    assert found["results"][1]["error"]["code"] == "http.status"
    assert found["results"][1]["error"]["details"]["status"] == 404
    assert slept == [3.0, 2.0]  # what may pass is tried again on the spot


def test_a_collected_failure_stays_what_it_was() -> None:
    http = FakeHttp([{"status": 400}, errors.Refused("no")])
    ctx = FakeContext(json={"ids": [1, 2]}, http=http)
    first = batch([1, 2], http, ctx, size=1, on_error="collect")
    assert batch([1, 2], http, ctx, size=1, on_error="collect") == first
    assert len(http.seen) == 2


def test_a_write_in_doubt_is_never_collected() -> None:
    def answer(url: str) -> Any:
        return errors.NoAnswer("no answer") if last(url) == "1" else (400, b"{}")

    with pytest.raises(NodeError) as failed:
        batch([0, 1, 2], ByUrl(answer), size=3, on_error="collect", method="POST")
    assert (failed.value.code, failed.value.is_unknown) == ("http.timeout", True)


def test_an_item_that_makes_no_request_is_named() -> None:
    with pytest.raises(NodeError) as failed:
        batch(["x"], FakeHttp([]), url="{{ $item }}")
    assert (failed.value.code, failed.value.details) == ("nodes.params_invalid", {"path": "params.url", "index": 0})
    assert "for item 1" in failed.value.message
    with pytest.raises(NodeError, match="12,000 items"):
        batch([0] * 12_000, FakeHttp([]))


def test_no_items_no_calls() -> None:
    assert batch([], FakeHttp([])) == {"results": [], "failed": 0}


def test_each_item_may_have_pages() -> None:
    rows = {"7": [[1], [2], []], "8": [[3], []]}

    class Paged(ByUrl):
        def request(self, method: str, url: str, **given: Any) -> Answer:
            page = given["params"]["page"]
            self.answer = lambda url: (200, str(rows[last(url)][page - 1]).encode())
            return super().request(method, url, **given)

    http = Paged(None)
    ctx = FakeContext(json={"ids": [7, 8]}, http=http)
    found = batch([7, 8], http, ctx, size=1, returns="body", pagination={"type": "page"})
    assert found == {"results": [[1, 2], [3]], "failed": 0}
    assert batch([7, 8], http, ctx, size=1, returns="body", pagination={"type": "page"}) == found
    assert len(http.seen) == 5


def test_between_batches_it_pauses_and_long_pauses_hold_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    batch([1, 2, 3, 4, 5], ByUrl(lambda url: (200, b"1")), size=2, pause_seconds=1.5)
    assert slept == [1.5, 1.5]
    params = params_of(
        HttpRequest, {"url": URL, "batch": {"items": [1, 2, 3], "size": 1, "pause_seconds": 30}}, {"ids": []}
    )
    ctx = FakeContext(http=FakeHttp([{}, {}, {}]))
    results = [HttpRequest().run(params, ctx) for _ in range(3)]
    assert [type(each) for each in results] == [Suspend, Suspend, Done]
    assert len(ctx.http.seen) == 3
