"""HTTP_REQUEST's pages: how the next one is found, when it ends, and that each is asked for once."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.egress import errors
from apps.nodes.builtin.actions.http_request import HttpRequest
from apps.nodes.contract import Done, Effect, NodeError, Suspend, Timer
from apps.nodes.params import stored_faults, texts
from tests.nodes.running import NOW, FakeContext, FakeHttp, params_of

URL = "https://api.example.com/orders"


def context(*answers: Any, **more: Any) -> FakeContext:
    return FakeContext(http=FakeHttp(list(answers)), **more)


def run(ctx: FakeContext, pagination: dict[str, Any], **params: Any) -> Any:
    """What the node gives for these pages, and what it sent."""
    resolved = params_of(HttpRequest, {"url": URL, "pagination": pagination} | params)
    result = HttpRequest().run(resolved, ctx)
    assert isinstance(result, Done)
    return result.output


def failure(ctx: FakeContext, pagination: dict[str, Any], **params: Any) -> NodeError:
    with pytest.raises(NodeError) as failed:
        run(ctx, pagination, **params)
    return failed.value


def link(url: str, *, others: str = "") -> dict[str, str]:
    return {"link": f'{others}<{url}>; rel="next"', "content-type": "application/json"}


def test_the_link_header_leads_from_page_to_page() -> None:
    first = '<https://api.example.com/orders?page=1>; rel="prev first", '
    ctx = context(
        {"json": [1, 2], "headers": link(f"{URL}?page=2&per=2", others=first)},
        {"json": [3], "headers": link("/orders?page=3")},
        {"json": [4], "headers": {"link": "<https://x.example/>; rel=last"}},
    )
    found = run(ctx, {"type": "link"}, query={"per": 2})
    assert (found["body"], found["pages"], found["is_complete"]) == ([1, 2, 3, 4], 3, True)
    assert [(each["url"], each["params"]) for each in ctx.http.seen] == [
        (URL, {"per": 2}),
        (f"{URL}?page=2&per=2", {}),
        (f"{URL}?page=3", {}),
    ]


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example/orders",
        "http://api.example.com/orders",
        "https://api.example.com:8443/",
        "//evil.example/",
    ],
)
def test_what_is_sent_along_goes_to_no_other_host(target: str) -> None:
    ctx = context({"json": {"data": [1], "next": target}})
    error = failure(ctx, {"type": "next_url", "items": "data", "next": "next"}, headers={"Authorization": "secret"})
    assert error.code == "http.pages"
    assert "lies elsewhere" in error.message
    assert len(ctx.http.seen) == 1


def test_a_next_page_behind_tls_is_the_same_host() -> None:
    ctx = context({"json": {"next": "https://api.example.com/2", "n": 1}}, {"json": {"next": None, "n": 2}})
    found = run(ctx, {"type": "next_url", "next": "next"}, url="http://api.example.com/1")
    assert [each["n"] for each in found["body"]] == [1, 2]


def test_the_address_may_be_an_expression_over_the_answer() -> None:
    ctx = context(
        {"json": [1], "headers": {"x-next": "7"}}, {"json": [2], "headers": {"x-next": ""}}, json={"base": URL}
    )
    next_ = "{{ $json.headers['x-next'] ? $json.url + '?from=' + $json.headers['x-next'] : null }}"
    assert run(ctx, {"type": "next_url", "next": next_})["body"] == [1, 2]
    assert ctx.http.seen[1]["url"] == f"{URL}?from=7"


def test_cursors_go_into_the_query_or_deep_into_the_body() -> None:
    answers = ({"json": {"rows": [1], "c": "x"}}, {"json": {"rows": [2], "c": ""}})
    ctx = context(*answers)
    pages = {"type": "cursor", "items": "rows", "next": "c", "name": "after"}
    assert run(ctx, pages, query={"limit": 1})["body"] == [1, 2]
    assert [each["params"] for each in ctx.http.seen] == [{"limit": 1}, {"limit": 1, "after": "x"}]

    ctx = context(*answers)
    pages |= {"name": "variables.after", "place": "body"}
    run(ctx, pages, method="POST", json={"query": "…", "variables": {"n": 1}}, changes_nothing=True)
    assert [each["json"] for each in ctx.http.seen] == [
        {"query": "…", "variables": {"n": 1}},
        {"query": "…", "variables": {"n": 1, "after": "x"}},
    ]


def test_a_cursor_that_does_not_move_is_no_endless_loop() -> None:
    ctx = context(*[{"json": {"rows": [at], "c": "same"}} for at in range(5)])
    error = failure(ctx, {"type": "cursor", "items": "rows", "next": "c"})
    assert "never end" in error.message
    assert len(ctx.http.seen) == 2


def test_numbers_go_up_until_a_page_is_empty() -> None:
    ctx = context({"json": [1, 2]}, {"json": [3]}, {"json": []})
    found = run(ctx, {"type": "page", "name": "p", "start": 0})
    assert (found["body"], found["pages"]) == ([1, 2, 3], 3)
    assert [each["params"]["p"] for each in ctx.http.seen] == [0, 1, 2]


def test_a_server_that_ignores_the_number_is_noticed() -> None:
    ctx = context(*[{"json": [1, 2]}] * 5)
    assert "never end" in failure(ctx, {"type": "page"}).message
    assert len(ctx.http.seen) == 2


def test_offsets_count_items() -> None:
    ctx = context({"json": {"d": [1, 2, 3]}}, {"json": {"d": [4]}}, {"json": {"d": None}})
    assert run(ctx, {"type": "offset", "items": "d", "name": "skip"})["body"] == [1, 2, 3, 4]
    assert [each["params"]["skip"] for each in ctx.http.seen] == [0, 3, 4]


def test_a_status_can_mean_that_there_is_no_such_page() -> None:
    ctx = context({"json": [1]}, {"status": 404, "json": {"error": "no such page"}})
    found = run(ctx, {"type": "page", "end_statuses": [404]})
    assert (found["body"], found["pages"], found["status"], found["is_complete"]) == ([1], 1, 200, True)
    assert failure(context({"status": 404}), {"type": "page", "end_statuses": [404]}).code == "http.status"


def test_a_condition_over_the_answer_ends_it() -> None:
    ctx = context({"json": {"rows": [1], "of": 2}}, {"json": {"rows": [2], "of": 2}})
    pages = {"type": "page", "items": "rows", "stop_when": "{{ $index + 1 >= $json.body.of }}"}
    found = run(ctx, pages)
    assert (found["body"], found["is_complete"]) == ([1, 2], True)


@pytest.mark.parametrize(
    ("limit", "body"),
    [
        ({"max_pages": 2}, [1, 2, 3, 4]),
        ({"max_items": 3}, [1, 2, 3]),
        ({"max_items": 4}, [1, 2, 3, 4]),
        ({"max_bytes": 7}, [1, 2, 3, 4]),
    ],
)
def test_a_limit_ends_it_and_says_so(limit: dict[str, int], body: list[int]) -> None:
    ctx = context(*[{"json": [at * 2 + 1, at * 2 + 2]} for at in range(9)])
    found = run(ctx, {"type": "page"} | limit)
    assert (found["body"], found["pages"], found["is_complete"]) == (body, 2, False)
    assert next(iter(limit)) in ctx.logs[0]


def test_as_many_items_as_allowed_and_no_more_pages_is_complete() -> None:
    ctx = context({"json": {"rows": [1, 2], "c": None}})
    found = run(ctx, {"type": "cursor", "items": "rows", "next": "c", "max_items": 2})
    assert found["is_complete"] is True


def test_only_the_pages_that_are_missing_are_asked_for_again() -> None:
    ctx = context({"json": [1]}, {"json": [2]}, errors.Broken("broken"))
    assert failure(ctx, {"type": "page"}).retryable
    ctx.http.answers = [{"json": [3]}, {"json": []}]
    assert run(ctx, {"type": "page"})["body"] == [1, 2, 3]
    assert [each["params"]["page"] for each in ctx.http.seen] == [1, 2, 3, 3, 4]


def test_pages_are_reads_and_their_calls_say_what_they_do() -> None:
    post = params_of(HttpRequest, {"url": URL, "method": "POST", "pagination": {"type": "link"}})
    assert (HttpRequest().effect(post), post.effect) == (Effect.READ, Effect.WRITE)
    search = params_of(HttpRequest, {"url": URL, "method": "POST", "changes_nothing": True})
    assert HttpRequest().effect(search) is Effect.READ
    ctx = context({"json": [1]}, {"json": []})
    run(ctx, {"type": "page"}, method="POST")
    assert [each["headers"]["Idempotency-Key"] for each in ctx.http.seen] == ["key-1:page:1", "key-1:page:2"]


def test_a_short_pause_is_slept_and_a_long_one_is_a_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    run(context({"json": [1]}, {"json": []}), {"type": "page", "pause_seconds": 0.5})
    assert slept == [0.5]

    ctx = context({"json": [1]}, {"json": [2]}, {"json": []})
    params = params_of(HttpRequest, {"url": URL, "pagination": {"type": "page", "pause_seconds": 60}})
    waits = []
    result = HttpRequest().run(params, ctx)
    while isinstance(result, Suspend):
        assert isinstance(result.wait, Timer)
        waits.append(round((result.wait.until - NOW).total_seconds()))
        result = HttpRequest().resume(params, ctx, result.state, None)
    assert isinstance(result, Done)
    assert (result.output["body"], waits, slept) == ([1, 2], [60, 60], [0.5])
    assert len(ctx.http.seen) == 3


def test_a_node_that_has_used_half_its_time_takes_fresh_time(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 10.0, 16.0])
    monkeypatch.setattr("apps.nodes.builtin.actions.http_pace.time.monotonic", lambda: next(moments))
    ctx = context({"json": [1]}, {"json": [2]}, timeout_seconds=30.0)
    result = HttpRequest().run(params_of(HttpRequest, {"url": URL, "pagination": {"type": "page"}}), ctx)
    assert isinstance(result, Suspend)
    assert len(ctx.http.seen) == 2


@pytest.mark.parametrize(
    ("answer", "pagination", "words"),
    [
        ({"json": {"next": {"a": 1}}}, {"type": "next_url", "next": "next"}, "an object"),
        ({"json": {"next": "http://["}}, {"type": "next_url", "next": "next"}, "no address"),
        ({"json": {"data": "x"}}, {"type": "page", "items": "data.rows"}, "No items at data.rows"),
        ({"text": "<html>"}, {"type": "cursor", "next": "meta.next"}, "No next page at meta.next"),
    ],
)
def test_an_answer_of_another_shape_is_said(answer: Any, pagination: dict[str, Any], words: str) -> None:
    assert words in failure(context(answer), pagination).message


def test_expressions_may_stand_only_where_they_are_evaluated() -> None:
    params = {"url": URL, "pagination": {"type": "cursor", "next": "{{ $json.body.c }}", "name": "{{ $json.n }}"}}
    assert {text.path: text.is_expression for text in texts(HttpRequest, params)} == {
        "params.pagination.next": True,
        "params.pagination.name": False,
    }
    (fault,) = stored_faults(HttpRequest, {"url": URL, "pagination": {"type": "soon"}})
    assert "link" in fault.message
