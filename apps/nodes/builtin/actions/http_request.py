"""Talking to other systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from apps.nodes.builtin.actions.http_batches import Batch, is_error, run_through
from apps.nodes.builtin.actions.http_call import REQUEST, CallParams, send
from apps.nodes.builtin.actions.http_pace import Later, Pace
from apps.nodes.builtin.actions.http_pages import OnePage, Pagination, walk
from apps.nodes.contract import (
    Context,
    Done,
    Effect,
    Example,
    Json,
    Node,
    NodeError,
    NodeOutput,
    NodeType,
    Result,
    Retry,
    Suspend,
    Timer,
    asked,
)
from apps.nodes.params import ParamsInvalid, validated


class HttpRequest(Node):
    """Call an HTTP API and return its answer.

    An answer of 400 or above fails the node unless `fail_on_status` is off. Reads are tried again when that may help;
    a write only when it certainly was not processed, or when its receiver makes repeats harmless. Every write carries
    an `Idempotency-Key` that stays the same while its outcome is unknown.

    With `pagination` it goes on until there is no further page, and gives all their items together. With `batch` it is
    called once per item of a list, several at once if you like, and gives the answers in the order of the items. Each
    page and each item is done once: after a crash or a retry the node goes on with the next one.
    """

    type, subtype, icon, name = NodeType.ACTION, "HTTP_REQUEST", "globe", "HTTP request"
    summary = "{method} {url}"
    keywords = (
        "api",
        "rest",
        "call",
        "fetch",
        "get",
        "post",
        "curl",
        "url",
        "pagination",
        "batch",
        "upload",
        "graphql",
    )
    retry = Retry(attempts=3, delay_seconds=1.0)

    class Params(CallParams):
        returns: Annotated[
            Literal["response", "body"],
            asked(
                "Gives back", group="Response", words={"response": "Status, headers and body", "body": "Only the body"}
            ),
        ] = "response"
        """What the node gives: the whole response, or only what its `body` would be."""
        pagination: Annotated[Pagination, asked(group="Pages and lists")] = OnePage()
        """How to get all pages, where the answer is one of several."""
        batch: Annotated[Batch | None, asked("One call per item", group="Pages and lists")] = None
        """A list to make one call per item of. Empty: one call."""

    class Output(NodeOutput):
        status: int
        """HTTP status of the answer; with pages of the last one."""
        headers: dict[str, str]
        """Headers of the answer, names in lower case."""
        body: Any
        """JSON as such, text as text; anything else is kept as a file, and this says which: id, name, size, url, …
        With pagination the items of all pages."""
        url: str
        """Where the answer came from, after redirects."""
        pages: int
        """With pagination: how many there were."""
        is_complete: bool
        """With pagination: false when a limit ended it, so that there may be more."""
        results: list[Any]
        """With a batch, instead of all others: what each item gave, or `{"error": {"code", "message", …}}`."""
        failed: int
        """With a batch: how many of them failed."""

    examples = (
        Example(
            "Read a stock level",
            params={"method": "GET", "url": "https://api.example.com/stock/{{ $json.sku }}"},
            input={"sku": "A-1"},
            answers=({"status": 200, "json": {"left": 3}},),
            returns={
                "status": 200,
                "headers": {"content-type": "application/json"},
                "body": {"left": 3},
                "url": "https://api.example.com/stock/A-1",
            },
        ),
        Example(
            "Create a shipment",
            params={
                "method": "POST",
                "url": "https://api.example.com/shipments",
                "json": {"order": "{{ $json.order }}"},
            },
            input={"order": "A-1"},
            answers=({"status": 201, "json": {"id": 9}},),
            returns={
                "status": 201,
                "headers": {"content-type": "application/json"},
                "body": {"id": 9},
                "url": "https://api.example.com/shipments",
            },
        ),
        Example(
            "Every page of a list",
            params={
                "url": "https://api.example.com/orders",
                "returns": "body",
                "pagination": {"type": "cursor", "items": "data", "next": "meta.next", "name": "after"},
            },
            answers=(
                {"json": {"data": [{"id": 1}, {"id": 2}], "meta": {"next": "b"}}},
                {"json": {"data": [{"id": 3}], "meta": {"next": None}}},
            ),
            returns=[{"id": 1}, {"id": 2}, {"id": 3}],
        ),
        Example(
            "One call per customer",
            params={
                "url": "https://api.example.com/customers/{{ $item.id }}",
                "returns": "body",
                "batch": {"items": "{{ $json.customers }}", "size": 1, "on_error": "collect"},
            },
            input={"customers": [{"id": 7}, {"id": 8}]},
            answers=({"json": {"name": "Ada"}}, {"status": 404, "json": {}}),
            returns={
                "results": [
                    {"name": "Ada"},
                    {
                        "error": {
                            "code": "http.status",
                            "message": "api.example.com answered GET with status 404.",
                            "hint": "Check the address.",
                            "details": {"status": 404, "body": "{}"},
                        }
                    },
                ],
                "failed": 1,
            },
        ),
    )

    @classmethod
    def late_of(cls, params: Mapping[str, Json]) -> frozenset[str]:
        """What differs from page to page, and from item to item."""
        return frozenset({"pagination"}) | (REQUEST if params.get("batch") else frozenset())

    def effect(self, params: Params) -> Effect:
        """What its call does; of several calls each says so itself, as a step."""
        return params.effect if _is_single(params) else Effect.READ

    def honours_key(self, params: Params) -> bool:
        """Whether a repeat of its call does no harm."""
        return params.honours_key

    def run(self, params: Params, ctx: Context) -> Result:
        """Make the call, or all of them."""
        if _is_single(params):
            answer, _ = send(params, ctx, key=ctx.idempotency_key)
            return Done(_given(params, answer))
        pace = Pace(ctx)
        try:
            if params.batch is None:
                return Done(_given(params, _called(params, ctx, pace, "")))
            found = run_through(
                params.batch, ctx, pace, lambda at, key: _called(_of_item(params, ctx, at), ctx, pace, key)
            )
            return Done(found | {"results": [_given(params, each) for each in found["results"]]})
        except Later as later:
            return Suspend(Timer(later.until))

    def resume(self, params: Params, ctx: Context, state: Json, answer: Json) -> Result:
        """Go on with what is not done yet."""
        return self.run(params, ctx)


def _is_single(params: HttpRequest.Params) -> bool:
    return isinstance(params.pagination, OnePage) and params.batch is None


def _called(params: HttpRequest.Params, ctx: Context, pace: Pace, key: str) -> dict[str, Json]:
    """One call, or all its pages, done once under this key."""
    if not isinstance(params.pagination, OnePage):
        found = walk(params, params.pagination, ctx, pace, prefix=f"{key}/" if key else "")
        if key:
            ctx.step(f"{key}/end", lambda _: None)
        return found
    answer: dict[str, Json] = ctx.step(
        key, lambda step_key: send(params, ctx, key=step_key)[0], effect=params.effect, honours_key=params.honours_key
    )
    return answer


def _of_item(params: HttpRequest.Params, ctx: Context, at: int) -> HttpRequest.Params:
    """The parameters as they are for one item. Raises `NodeError`."""
    assert params.batch is not None
    item = params.batch.items[at]
    stored = params.model_dump(by_alias=True, include={*REQUEST, "json_body"})
    resolved = ctx.resolve(stored, item=item, index=at)
    try:
        found: HttpRequest.Params = validated(
            HttpRequest, params.model_dump(by_alias=True, exclude={"batch", "pagination"}) | resolved
        )
    except ParamsInvalid as refused:
        first = refused.faults[0]
        raise NodeError(
            "nodes.params_invalid",
            f"{first.path} for item {at + 1}: {first.message}",
            first.hint or "Check what the expression gives for this item.",
            details={"path": first.path, "index": at},
        ) from None
    return found.model_copy(update={"pagination": params.pagination})


def _given(params: HttpRequest.Params, answer: dict[str, Json]) -> Json:
    return answer if params.returns == "response" or is_error(answer) else answer["body"]
