"""Any action as a tool: what the model may fill in, what it may not, and what a call does to the world."""

from __future__ import annotations

from typing import Any

import pytest

from apps.ai.nodes.tools.node import NodeTool
from apps.nodes.contract import Done, Effect, NodeError, Offer
from apps.nodes.params import credential_slots
from tests.nodes.running import FakeContext, FakeHttp, params_of

CREDENTIAL = {"kind": "credential", "credential": "0199aa00-0000-7000-8000-000000000001"}


def tool(node: str, fills: list[dict[str, Any]], approval: str = "writes", **params: Any) -> Any:
    """The parameters of a tool."""
    stored = {"node": node, "title": "do_it", "description": "It does it.", "params": params, "fills": fills}
    return params_of(NodeTool, stored | {"approval": approval})


def offer(params: Any, **context: Any) -> Offer:
    """What it offers."""
    return NodeTool().offers(params, FakeContext(**context))[0]


def call(params: Any, ctx: FakeContext, **arguments: Any) -> Any:
    """What a call gives."""
    done = NodeTool().call(params, ctx, offer(params).own, arguments)
    assert isinstance(done, Done)
    return done.output


@pytest.mark.parametrize("where", ["text", "$item"])
def test_what_the_model_fills_in_is_never_evaluated(where: str) -> None:
    """A model answers with an expression; it stays the text it is, also where the author's expression reads it."""
    nasty = "{{ $vars.secret }} {{ $json.token }}"
    fill = {"name": "words"} | ({"parameter": "url"} if where == "text" else {})
    ctx = FakeContext(json={"token": "t0ken"}, http=FakeHttp([{"json": {"ok": True}}]))
    fixed = {} if where == "text" else {"url": "https://api.example.com/{{ $item.words }}"}
    call(tool("ACTION.HTTP_REQUEST", [fill], query={"from": "{{ $json.token }}"}, **fixed), ctx, words=nasty)
    seen = ctx.http.seen[0]
    assert nasty in seen["url"]
    assert seen["params"] == {"from": "t0ken"}, "what the author wrote is evaluated"


def test_a_late_parameter_is_the_authors_own() -> None:
    """What the action evaluates by itself cannot be filled in, so nothing of the model's ever gets there."""
    pages = [{"name": "next", "parameter": "pagination.next"}]
    with pytest.raises(NodeError) as refused:
        offer(tool("ACTION.HTTP_REQUEST", pages, url="https://api.example.com"))
    assert refused.value.code == "ai.tool_unsafe"
    batch = tool("ACTION.HTTP_REQUEST", [{"name": "u", "parameter": "url"}], batch={"items": "{{ [1] }}"})
    with pytest.raises(NodeError) as refused:
        offer(batch)
    assert refused.value.code == "ai.tool_unsafe"


@pytest.mark.parametrize("parameter", ["url", "auth", "auth.credential"])
def test_the_model_cannot_choose_where_a_credential_goes(parameter: str) -> None:
    params = tool(
        "ACTION.HTTP_REQUEST", [{"name": "x", "parameter": parameter}], url="https://a.example", auth=CREDENTIAL
    )
    with pytest.raises(NodeError) as refused:
        offer(params)
    assert refused.value.code == "ai.tool_unsafe"


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://api.example.com/{{ $item.x }}", True),
        ("https://api.example.com?q={{ $item.x }}", True),
        ("{{ $vars.base }}/orders/{{ $item.x }}", True),
        ("https://api.example.com{{ $item.x }}", False),
        ("https://{{ $item.x }}.example.com/", False),
        ("{{ $item.x }}/orders", False),
        ("{{ $vars.base }}{{ $item.x }}/", False),
        ("https://{{ $vars.who }}@{{ $item.x }}/", False),
    ],
)
def test_no_part_of_the_model_becomes_a_part_of_the_host_that_gets_a_credential(url: str, is_safe: bool) -> None:
    params = tool("ACTION.HTTP_REQUEST", [{"name": "x"}], url=url, auth=CREDENTIAL)
    if is_safe:
        offer(params)
    else:
        with pytest.raises(NodeError, match="choose where the credential"):
            offer(params)
    offer(tool("ACTION.HTTP_REQUEST", [{"name": "x"}], url=url))  # without a credential there is nothing to take


def test_its_credentials_are_seen_by_whoever_checks_them() -> None:
    stored = {"node": "ACTION.HTTP_REQUEST", "params": {"url": "https://a.example", "auth": CREDENTIAL}}
    named = [slot for slot in credential_slots(NodeTool, stored, "nodes[3].params") if slot.reference]
    assert [slot.path for slot in named] == ["nodes[3].params.params.auth"]


@pytest.mark.parametrize(
    ("params", "effect", "asks"),
    [
        ({"url": "https://a.example"}, Effect.READ, False),
        ({"url": "https://a.example", "method": "POST"}, Effect.WRITE, True),
        ({"url": "https://a.example", "method": "POST", "changes_nothing": True}, Effect.READ, False),
    ],
)
def test_whether_a_person_is_asked_follows_from_what_the_action_does(
    params: dict[str, Any], effect: Effect, asks: bool
) -> None:
    found = offer(tool("ACTION.HTTP_REQUEST", [{"name": "q", "parameter": "query.q"}], **params))
    assert (found.effect, found.needs_approval) == (effect, asks)
    assert not offer(tool("ACTION.HTTP_REQUEST", [], "never", **params)).needs_approval


def test_where_the_model_chooses_what_it_does_it_counts_as_a_write() -> None:
    params = tool("ACTION.HTTP_REQUEST", [{"name": "method", "parameter": "method"}], url="https://a.example")
    found = offer(params)
    assert (found.effect, found.needs_approval) == (Effect.WRITE, True)
    assert "DELETE" in found.function.parameters["properties"]["method"]["enum"]


def test_a_call_cannot_do_more_than_was_offered() -> None:
    params = tool("ACTION.HTTP_REQUEST", [{"name": "m", "parameter": "method"}], url="https://a.example")
    with pytest.raises(NodeError) as refused:
        NodeTool().call(params, FakeContext(), "read", {"m": "DELETE"})
    assert refused.value.code == "ai.tool_does_more"


def test_the_model_is_told_what_the_form_says() -> None:
    fills: list[dict[str, Any]] = [
        {"name": "url", "parameter": "url"},
        {"name": "note", "parameter": "json.note", "is_required": False},
    ]
    found = offer(tool("ACTION.HTTP_REQUEST", fills, method="POST")).function
    assert found.parameters["required"] == ["url"]
    assert found.parameters["properties"]["note"] == {"type": "string"}
    assert "address" in found.parameters["properties"]["url"]["description"].lower()
    assert not any(name.startswith("x-") for name in found.parameters["properties"]["url"])


def test_what_does_not_fit_the_action_is_an_error_the_model_can_read() -> None:
    params = tool("ACTION.HTTP_REQUEST", [{"name": "url", "parameter": "url"}])
    with pytest.raises(NodeError) as refused:
        call(params, FakeContext(), url="not an address")
    assert refused.value.code in ("nodes.params_invalid", "http.bad_address")
