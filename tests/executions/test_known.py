"""What an editor is told around a node: data, and what expressions come to on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import ObjectGrant, User
from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions.examples import of_schema
from apps.executions.known import Known, known_of
from apps.executions.models import Execution
from apps.executions.preview import previews
from tests.cast import Cast
from tests.executions.api.conftest import Make, make
from tests.executions.conftest import Engine, Json, definition, fields, node
from tests.fakes.receiver import receiver

__all__ = ["make"]
Api = Callable[..., APIClient]

ORDER = definition(
    [
        node("t", "TRIGGER.MANUAL"),
        node("price", "ACTION.TRANSFORM", fields=fields(sum="{{ $json.number * 2 }}")),
        node("over", "FLOW.IF", condition="{{ $json.sum > 10 }}"),
        node("big", "ACTION.TRANSFORM", fields=fields(note="big {{ $json.sum }}")),
        node("small", "ACTION.TRANSFORM", fields=fields(note="small {{ $json.sum }}")),
    ],
    ["t > price", "price > over", "over.true > big", "over.false > small"],
)
LINES = definition(
    [
        node("t", "TRIGGER.MANUAL"),
        node("each", "FLOW.LOOP", items="{{ $json.lines }}", result="{{ $json.cost + 1 }}"),
        node("cost", "ACTION.TRANSFORM", fields=fields(cost="{{ $item.price * 2 }}"), _parent="each"),
        node("after", "ACTION.TRANSFORM", fields=fields(all="{{ $json }}")),
    ],
    ["t > each", "each > after"],
)


def with_pin(document: Json, node_id: str, value: Any) -> Json:
    nodes = [each | ({"pinned_output": value} if each["id"] == node_id else {}) for each in document["nodes"]]
    return {**document, "nodes": nodes}


def drawn(document: Json, node_id: str) -> Known:
    """What is known around a node of a definition that never ran."""
    unused = UUID(int=0)
    given: Any = {"workspace_id": unused, "workflow_id": unused, "definition": document, "node_id": node_id}
    return known_of(**given, now=clock.now(), with_runs=False)


def shown(document: Json, node_id: str, text: str, path: str = "params.x", **options: Any) -> Any:
    found = drawn(document, node_id)
    found._variables = {"limit": 5}
    return previews(found, {path: text}, **options)[path]


# ── Without a database ───────────────────────────────────────────────────────────────────────────────────────────────


def test_what_never_ran_has_an_example_and_says_so() -> None:
    found = drawn(ORDER, "big")
    given, origin = found.given("big")
    assert origin.source == "example"
    assert given["main"] == {"sum": None}  # what TRANSFORM will give, as far as it can be known
    assert found.output("t").value == {"number": "…"} | found.output("t").value
    assert found.before == ["t", "price", "over"]


def test_pinned_data_reaches_every_node_after_it() -> None:
    document = with_pin(ORDER, "t", {"number": 7})
    assert shown(document, "big", "{{ $json.sum + 1 }}").value == 15
    assert shown(document, "big", '{{ $node["t"].number }}').source == "pinned"
    assert shown(document, "big", "{{ $json.sum }}").source == "example"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Ship {{ $json.number }}?", "Ship 7?"),
        ("{{ $json }}", {"number": 7}),
        ("{{ $trigger.number }}", 7),
        ("{{ $vars.limit }}", 5),
        ("{{ $input.main.number + $vars.limit }}", 12),
        ("no braces", "no braces"),
        ("{{ $now.slice(0, 2) }}", "20"),
    ],
)
def test_texts_come_to_what_the_engine_makes_of_them(text: str, value: Any) -> None:
    found = shown(with_pin(ORDER, "t", {"number": 7}), "price", text)
    assert (found.status, found.value) == ("ok", value)


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("{{ $json.number + }}", 18, "a value is missing"),
        ("Sum {{ $json.number.nope() }}", 21, "nope"),
        ('{{ $node["Prise"] }}', 4, "no node named"),
        ("{{ $json.number", 1, "never closed"),
        ("{{ null > 1 }}", 4, "null"),
    ],
)
def test_errors_say_where_they_are(text: str, column: int, message: str) -> None:
    found = shown(with_pin(ORDER, "t", {"number": 7}), "price", text)
    assert (found.status, found.column) == ("error", column), found
    assert message in f"{found.message} {found.hint}"


def test_an_endless_expression_ends() -> None:
    text = "{{ " + ".map(a => [1,2,3,4,5,6,7,8,9].map(b => a * b))".join(["[1]", ""]) + " }}"
    big = "{{ " + "'x'.repeat(900000).split('').map(a => 'x'.repeat(900000).split('').length)" + " }}"
    assert shown(ORDER, "t", text).status == "ok"
    assert shown(ORDER, "t", big).status == "error"
    many = {f"params.fields[{at}].value": big for at in range(40)}
    assert {each.status for each in previews(drawn(ORDER, "price"), many).values()} == {"error"}


def test_a_missing_member_is_told_with_the_one_that_was_meant() -> None:
    found = shown(with_pin(ORDER, "t", {"number": 7, "total": 3}), "price", "{{ $json.numbr ?? 0 }}")
    assert found.value == 0
    assert found.warnings == [{"message": "$json has no “numbr” in this data.", "hint": "Did you mean “number”?"}]


@pytest.mark.parametrize(
    ("node_id", "path", "text", "message"),
    [
        ("over", "params.condition", "{{ 'no' + $json.number }}", "A condition is true or false; this is a text."),
        ("over", "params.condition", "{{ $json.number > 3 }}", ""),
        ("each", "params.items", "{{ $json.number }}", "This should be a list."),
        ("each", "params.items", "{{ [$json.number] }}", ""),
        ("each", "params.batch_size", "{{ $json.number }}", ""),
    ],
)
def test_a_value_that_the_parameter_would_not_take_is_told(node_id: str, path: str, text: str, message: str) -> None:
    document = {
        "nodes": [*ORDER["nodes"], LINES["nodes"][1]],
        "connections": [*ORDER["connections"], {"from": "t", "port": "main", "to": "each"}],
    }
    document = with_pin(document, "t", {"number": 7})
    found = shown(with_pin(document, "price", {"number": 7}), node_id, text, path)
    assert found.status == "ok"
    assert [each["message"][: len(message)] for each in found.warnings] == ([message] if message else [])


def test_a_node_that_nothing_leads_to_has_no_data() -> None:
    alone = {**ORDER, "connections": []}
    found = shown(alone, "price", "{{ $json.number }}")
    assert (found.status, found.message) == ("no_data", "Nothing is known yet of what goes into “price”.")
    assert shown(alone, "price", "{{ 1 + 1 }}").value == 2


def test_inside_a_loop_the_first_item_is_looked_at() -> None:
    document = with_pin(LINES, "t", {"lines": [{"price": 4}, {"price": 6}]})
    assert shown(document, "cost", "{{ $item.price + $index }}").value == 4
    assert shown(document, "cost", "{{ $json.price }}").value == 4
    assert shown(document, "each", "{{ $json.lines.length }}", "params.items").value == 2
    assert shown(document, "each", "{{ $json.cost + $index }}", "params.result").value == 8
    batched = {**document, "nodes": [dict(each) for each in document["nodes"]]}
    batched["nodes"][1]["params"] = batched["nodes"][1]["params"] | {"batch_size": 2}
    assert shown(batched, "cost", "{{ $item.length }}").value == 2
    # what stands inside a loop is not seen from outside
    assert shown(document, "after", '{{ $node["cost"] }}').value is None


def test_a_node_that_works_through_a_list_of_its_own_sees_its_first_item() -> None:
    call = {"url": "https://x.example", "batch": {"items": "{{ $json.ids }}"}, "pagination": {"type": "cursor"}}
    document = definition([node("t", "TRIGGER.MANUAL"), node("call", "ACTION.HTTP_REQUEST", **call)], ["t > call"])
    document = with_pin(document, "t", {"ids": [{"id": 7}]})
    assert shown(document, "call", "https://x.example/{{ $item.id }}", "params.url").value == "https://x.example/7"
    assert shown(document, "call", "{{ $json.ids.length }}", "params.batch.items").value == 1
    later = shown(document, "call", "{{ $json.body.next }}", "params.pagination.next")
    assert (later.status, later.message) == ("no_data", "“call” works this out while it runs.")


def test_a_condition_of_a_connection_sees_what_its_source_gives() -> None:
    document = with_pin(ORDER, "price", {"sum": 3})
    assert shown(document, "price", "{{ $json.sum > 2 }}", sees="output").value is True


def test_a_mapped_connection_brings_what_it_makes() -> None:
    document = with_pin(ORDER, "price", {"sum": 3})
    document["connections"] = [
        {**each, "mapping": {"mode": "expression", "expression": "{{ {total: $json.sum} }}"}}
        if each["to"] == "over"
        else each
        for each in document["connections"]
    ]
    assert shown(document, "over", "{{ $json.total }}").value == 3


def test_drafts_with_errors_are_looked_at_all_the_same() -> None:
    circle = {**ORDER, "connections": [*ORDER["connections"], {"from": "big", "port": "main", "to": "price"}]}
    assert shown(circle, "big", "{{ 1 }}").value == 1
    assert drawn(circle, "price").given("price")[1].source == "example"


def chain(length: int, *, value: str, width: int = 1) -> Json:
    wanted = {f"f{place}": value for place in range(width)}
    nodes = [node(f"n{place}", "ACTION.TRANSFORM", fields=fields(**wanted)) for place in range(length)]
    return definition(
        [node("t", "TRIGGER.MANUAL"), *nodes], ["t > n0", *(f"n{n} > n{n + 1}" for n in range(length - 1))]
    )


def test_a_long_chain_that_never_ran_has_examples() -> None:
    assert shown(chain(400, value="{{ $now != null }}"), "n399", "{{ $json.f0 }}").value is True


def test_examples_and_regular_expressions_together_take_no_longer_than_one_node_may() -> None:
    slow = "{{ range(0, 400).map(a => range(0, 400).map(b => a * b).length).length }}"
    wide = chain(20, value=slow, width=60)
    long = "{{ 'a'.repeat(40).replace(/(a|a)*b/g, 'c').length }} %s"
    began = time.thread_time()
    shown(wide, "n19", "{{ $json }}")
    previews(drawn(ORDER, "price"), {f"params.{place}": long % place for place in range(100)})
    assert time.thread_time() - began < 2.5


def test_large_results_are_cut() -> None:
    found = shown(with_pin(ORDER, "t", {"text": "x" * 50_000}), "price", "{{ $json.text }}")
    assert (found.status, found.value, found.size) == ("ok", None, 50_002)
    assert len(found.head) == 500


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"$ref": "#/$defs/B"}},
          "$defs": {"B": {"enum": ["x", "y"]}}}, {"a": 1, "b": "x"}),
        ({"anyOf": [{"type": "null"}, {"type": "array", "items": {"type": "string"}}]}, ["…"]),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"properties": {"a": {"$ref": "#/$defs/A"}}}}}, {"a": {"a": None}}),
        ({}, None),
    ],
)  # fmt: skip
def test_examples_of_schemas(schema: Json, value: Any) -> None:
    assert of_schema(schema) == value


# ── Over HTTP ────────────────────────────────────────────────────────────────────────────────────────────────────────


def data_of(client: APIClient, workflow: Any, node_id: str) -> Any:
    answer = client.get(f"/api/v1/app/workflows/{workflow.id}/data/", {"node": node_id})
    assert answer.status_code == 200, answer.json()
    return answer.json()


def preview_of(client: APIClient, workflow: Any, **body: Any) -> Any:
    return client.post(f"/api/v1/app/workflows/{workflow.id}/preview/", body, format="json")


@pytest.mark.integration
def test_what_ran_last_counts_until_something_is_pinned(engine: Engine, api: Api, cast: Cast, make: Make) -> None:
    workflow = make(ORDER)
    client = api(cast.bob)
    ended: Any = None
    for number in (3, 8):
        body = {"input": {"number": number}, "wait": 10}
        ended = client.post(f"/api/v1/app/workflows/{workflow.id}/execute/", body, format="json").json()
        assert ended["status"] == "SUCCESS"
    found = data_of(client, workflow, "small")
    assert found["input"]["value"] == {"sum": 16}
    assert found["nodes"]["price"] | {"at": None} == {
        "source": "run", "value": {"sum": 16}, "state": "COMPLETED", "port": "main", "at": None,
        "execution_id": ended["id"], "path": "", "large": None,
    }  # fmt: skip
    assert found["nodes"]["small"]["value"] == {"note": "small 6"}  # the run before the last took this way
    assert (found["trigger"], found["nodes"]["t"]["value"]) == ("t", {"number": 8})
    assert found["visible"] == ["t", "price", "over"]
    assert "big" not in found["nodes"]
    pinned = preview_of(
        client,
        workflow,
        node="big",
        texts={"params.a": "{{ $json.sum }}", "params.b": '{{ $node["price"].sum }}'},
        definition=with_pin(ORDER, "over", {"sum": 99}),
    ).json()["results"]
    assert [pinned[name]["value"] for name in ("params.a", "params.b")] == [99, 16]
    assert [pinned[name]["source"] for name in ("params.a", "params.b")] == ["pinned", "run"]
    with tenant(cast.workspace.id):
        assert Execution.objects.count() == 2


@pytest.mark.integration
def test_rounds_of_loops_that_ran(engine: Engine, api: Api, cast: Cast, make: Make) -> None:
    workflow = make(LINES)
    body = {"input": {"lines": [{"price": 4}, {"price": 6}]}, "wait": 10}
    api(cast.bob).post(f"/api/v1/app/workflows/{workflow.id}/execute/", body, format="json")
    found = data_of(api(cast.bob), workflow, "cost")
    assert found["round"] == {"container": "each", "item": {"price": 4}, "index": 0}
    assert (found["nodes"]["cost"]["value"], found["nodes"]["cost"]["path"]) == ({"cost": 8}, "each[0]")
    assert found["input"]["value"] == {"price": 4}
    assert data_of(api(cast.bob), workflow, "after")["input"]["value"] == [9, 13]


@pytest.mark.integration
def test_large_outputs_are_told_and_read(
    engine: Engine, api: Api, cast: Cast, make: Make, objects: Any, django_assert_max_num_queries: Any
) -> None:
    workflow = make(ORDER)
    client = api(cast.bob)
    body = {"input": {"number": 8, "text": "y" * 100_000}, "wait": 10}
    client.post(f"/api/v1/app/workflows/{workflow.id}/execute/", body, format="json")
    with django_assert_max_num_queries(16):
        found = data_of(client, workflow, "price")
    assert found["input"]["value"] is None
    assert found["input"]["large"]["size"] > 100_000
    assert client.get(found["input"]["large"]["url"]).json()["number"] == 8
    seen = preview_of(client, workflow, node="price", texts={"params.x": "{{ $json.text.length }}"}).json()
    assert seen["results"]["params.x"]["value"] == 100_000


@pytest.mark.integration
def test_nothing_is_called_and_no_secret_is_seen(api: Api, cast: Cast, make: Make) -> None:
    with receiver() as there:
        document = definition(
            [node("t", "TRIGGER.MANUAL"), node("call", "ACTION.HTTP_REQUEST", url=f"{there.url}/x")], ["t > call"]
        )
        texts = {"params.url": there.url + "/{{ $json }}", "params.b": "{{ $env }}", "params.c": "{{ $credentials }}"}
        found = preview_of(api(cast.bob), make(document, is_draft=True), node="call", texts=texts).json()["results"]
        assert [found[name]["status"] for name in ("params.b", "params.c")] == ["error", "error"]
        assert there.seen == []


def test_who_may(api: Api, cast: Cast, alice: User, bob: User, charlie: User, make: Make) -> None:
    workflow = make()
    asked: Any = {"node": "double", "texts": {"params.x": "{{ 1 }}"}}
    assert preview_of(api(bob), workflow, **asked).status_code == 200
    assert preview_of(api(charlie), workflow, **asked).status_code == 404
    assert api(charlie).get(f"/api/v1/app/workflows/{workflow.id}/data/?node=t").status_code == 404
    assert preview_of(api(), workflow, **asked).status_code == 401
    with tenant(cast.workspace.id):
        ObjectGrant.objects.create(
            workspace=cast.workspace, kind="workflow", object_id=workflow.id, user=None, level="none"
        )
    assert preview_of(api(bob), workflow, **asked).status_code == 404
    assert api(bob).get(f"/api/v1/app/workflows/{workflow.id}/data/?node=t").status_code == 404
    assert preview_of(api(alice), workflow, **asked).status_code == 200


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({"node": "nope", "texts": {}}, "There is no node “nope”."),
        ({"node": "double", "texts": {str(at): "" for at in range(101)}}, "At most 100"),
        ({"node": "double", "texts": {"a": "x" * 300_000}}, "262144"),
        ({"node": "double", "texts": {}, "sees": "all"}, "all"),
        ({"node": "double", "texts": {}, "run": True}, "run"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(api: Api, alice: User, make: Make, body: Any, part: str) -> None:
    answer = preview_of(api(alice), make(), **body)
    assert answer.status_code == 400, answer.json()
    assert part in answer.content.decode()


@pytest.mark.parametrize(
    "definition", [None, 5, [], {"nodes": True}, {"nodes": [5], "connections": "x"}, {"nodes": []}]
)
def test_what_is_no_definition_has_no_such_node(api: Api, alice: User, make: Make, definition: Any) -> None:
    answer = preview_of(api(alice), make(), node="double", texts={"a": "{{ 1 }}"}, definition=definition)
    assert (answer.status_code, answer.json()["code"]) == (400, "core.invalid")
