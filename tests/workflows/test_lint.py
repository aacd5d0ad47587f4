"""What the lint says, and that it never raises."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.nodes.registry import node_types
from apps.workflows import graph
from apps.workflows.graph import errors_in
from apps.workflows.lint import lint
from tests.workflows.definitions import definition, hook, link, node, order_approval, small, transform


def findings(given_definition: Any) -> dict[str, str]:
    """The code of each finding by its path."""
    return {finding.path: finding.code for finding in lint(given_definition)}


def only(given_definition: Any) -> Any:
    (finding,) = lint(given_definition)
    return finding


def test_the_order_approval_is_clean() -> None:
    assert lint(order_approval()) == ()


def test_an_empty_definition_lacks_only_a_trigger() -> None:
    assert findings({"nodes": []}) == {"nodes": "graph.no_trigger"}
    assert findings(definition({**hook(), "disabled": True})) == {"nodes": "graph.no_trigger"}


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("{{ $json.body.customer }}", None),
        ("{{ $trigger.body.a }}-{{ $now.slice(0, 10) }}", None),
        ("{{ $json. }}", "expression.invalid"),
        ('{{ $node["Order"].a }}', "settings.key_too_early"),
        ("{{ $execution.id }}", "settings.key_too_early"),
        ("customer", "settings.key_is_fixed"),
    ],
)
def test_a_key_is_known_when_an_execution_starts(key: str, code: str | None) -> None:
    for name, given_settings in (
        ("concurrency", {"concurrency": {"key": key}}),
        ("debounce", {"debounce": {"key": key, "seconds": 5}}),
    ):
        found = findings({**small(), "settings": given_settings})
        assert found == ({f"settings.{name}.key": code} if code else {})


class TestParams:
    @pytest.mark.parametrize(
        ("params", "path", "code"),
        [
            ({}, "path", "params.missing"),
            ({"path": "a b"}, "path", "params.invalid"),
            ({"path": "../admin"}, "path", "params.invalid"),
            ({"path": "a//b"}, "path", "params.invalid"),
            ({"path": "a", "methd": "GET"}, "methd", "params.unknown_key"),
            ({"path": "a", "method": "get"}, "method", "params.invalid"),
            ({"path": "a", "respond_timeout_seconds": 0}, "respond_timeout_seconds", "params.invalid"),
            ({"path": "a", "secret": {}}, "secret", "params.invalid"),
            ({"path": "a", "secret": {"kind": "hmac"}}, "secret.secret", "params.missing"),
            ({"path": "a", "secret": {"kind": "hmac", "secret": "short"}}, "secret.secret", "params.invalid"),
            ({"path": "{{ $json.path }}"}, "path", "params.invalid"),
        ],
    )
    def test_wrong_ones_are_told_with_their_path(self, params: Any, path: str, code: str) -> None:
        given_definition = definition(node("hook", "TRIGGER", "WEBHOOK", params=params), transform("a"))
        assert findings(given_definition)[f"nodes[0].params.{path}"] in (code, "expression.not_here")

    def test_what_an_expression_will_give_is_not_known_yet(self) -> None:
        call = node(
            "call",
            "ACTION",
            "HTTP_REQUEST",
            params={"url": "{{ $json.url }}", "headers": {"X-Id": "{{ $json.id }}"}, "json": {"a": ["{{ $json }}"]}},
        )
        wait = node("wait", "FLOW", "WAIT", params={"until": "{{ $json.body.slot }}"})
        pause = node("pause", "FLOW", "WAIT", params={"duration": {"minutes": "{{ $json.minutes }}"}})
        answer = node("answer", "FLOW", "RESPOND", params={"status": "{{ $json.status }}"})
        assert lint(definition(hook(respond="result"), call, wait, pause, answer)) == ()

    def test_fixed_values_beside_expressions_are_still_checked(self) -> None:
        call = node("call", "ACTION", "HTTP_REQUEST", params={"url": "{{ $json.url }}", "timeout_seconds": -1})
        assert only(definition(hook(), call)).path == "nodes[1].params.timeout_seconds"

    def test_an_expression_where_none_can_stand_is_an_error(self) -> None:
        call = node("call", "ACTION", "HTTP_REQUEST", params={"url": "https://a.example", "method": "{{ $json.m }}"})
        found = findings(definition(hook(), call))
        assert found["nodes[1].params.method"] == "expression.not_here"

    def test_an_expression_in_a_name_is_not_one(self) -> None:
        shape = node("shape", "ACTION", "TRANSFORM", params={"fields": [{"name": "{{ $json.a }}", "value": 1}]})
        assert only(definition(hook(), shape)).code == "expression.not_here"

    def test_what_a_disabled_node_says_wrongly_is_only_a_warning(self) -> None:
        off = node("off", "ACTION", "HTTP_REQUEST", params={}, disabled=True)
        assert only(definition(hook(), off)).severity == "warning"


class TestExpressions:
    def test_errors_have_a_column(self) -> None:
        finding = only(definition(hook(), transform("a", "Total: {{ $json.total + }}")))
        assert finding.code == "expression.invalid"
        assert "(column " in finding.message
        assert finding.node_id == "a"

    def test_unknown_nodes_are_answered_with_the_nearest(self) -> None:
        shape = transform("a", '{{ $node["Totl"].x }}')
        finding = only(definition(hook(), transform("total"), shape))
        assert (finding.code, finding.fix) == ("reference.unknown_node", "Did you mean “Total”?")

    def test_nodes_that_do_not_run_before_cannot_be_read(self) -> None:
        later = definition(hook(), transform("a", '{{ $node["B"].x }}'), transform("b"))
        beside = definition(
            hook(), transform("a", '{{ $node["B"].x }}'), transform("b"), links=[link("hook", "a"), link("hook", "b")]
        )
        itself = definition(hook(), transform("a", '{{ $node["A"].x }}'))
        assert [only(each).code for each in (later, beside, itself)] == ["reference.not_before"] * 3

    def test_an_address_is_that_of_a_node_that_waits_for_a_call(self) -> None:
        def told(name: str, *more: Any, **own: Any) -> Any:
            wait = node("wait", "FLOW", "WAIT", "Answer", params={"mode": "callback"}, **own)
            tell = transform("a", f'{{{{ $execution.callback_url["{name}"] }}}}')
            links = [link("hook", "a"), link("a", more[0]["id"] if more else "wait")]
            return findings(definition(hook(), tell, wait, *more, links=links))

        assert told("Answer") == {}
        path = "nodes[1].params.fields[0].value"
        assert told("Answr") == told("Hook") == {path: "reference.no_address"}
        loop = node("loop", "FLOW", "LOOP", "Loop", params={"items": "{{ [1] }}"})
        assert told("Answer", loop, parent="loop") == {path: "reference.not_inside"}

    def test_a_condition_is_one_expression(self) -> None:
        def decided_by(condition: Any) -> dict[str, str]:
            return findings(definition(hook(), node("if", "FLOW", "IF", params={"condition": condition})))

        path = "nodes[1].params.condition"
        for sound in ("{{ $json.a > 1 }}", "  {{ true }}\n", True, False, "{{ '}}' == '{{' }}"):
            assert decided_by(sound) == {}
        for mixed in ("{{ $json.a }} > 1", "not {{ $json.a }}", "{{ $json.a }}{{ $json.b }}"):
            assert decided_by(mixed) == {path: "condition.text_outside"}
        for text in ("$json.a > 1", "yes", "{ $json.a }", 3.5):
            assert decided_by(text) in ({path: "params.invalid"}, {})
        assert decided_by("$json.a > 1") == {path: "params.invalid"}

    def test_conditions_of_connections_are_checked_too(self) -> None:
        def on(condition: str) -> dict[str, str]:
            nodes = [hook(), transform("a"), transform("b")]
            return findings(definition(*nodes, links=[link("hook", "a"), link("a", "b", condition=condition)]))

        path = "connections[1].condition"
        assert on('{{ $node["A"].value > 1 && $node["Hook"].body.ok }}') == {}
        assert on('{{ $node["B"].value }}') == {path: "reference.not_before"}
        assert on("{{ $json.a }} and more") == {path: "condition.text_outside"}
        assert on("true") == {path: "condition.text_outside"}
        assert on("{{ 1 + }}") == {path: "expression.invalid"}

    def test_inputs_that_nothing_arrives_on_are_doubted(self) -> None:
        assert only(definition(hook(), transform("a", "{{ $input.left }}"))).code == "reference.unknown_input"
        assert lint(definition(hook(), transform("a", "{{ $input.main }}"))) == ()


class TestGraph:
    def test_a_node_nothing_leads_to_is_doubted(self) -> None:
        given_definition = definition(hook(), transform("a"), transform("b"), links=[link("hook", "a")])
        finding = only(given_definition)
        assert (finding.code, finding.severity, finding.path) == ("graph.unreachable", "warning", "nodes[2]")

    def test_open_outcomes_of_a_person_are_doubted(self) -> None:
        ask = node("ask", "HUMAN_IN_THE_LOOP", "CONFIRMATION", "Manager", params={"title": "Ship?"})
        nodes = [hook(), ask, transform("a")]
        found = lint(
            definition(*nodes, links=[link("hook", "ask"), link("ask", "a", "approved")], while_paused="queue")
        )
        assert [finding.message for finding in found] == [
            "The outcome “rejected” of “Manager” leads nowhere.",
            "The outcome “timeout” of “Manager” leads nowhere.",
        ]
        assert errors_in(found) == ()

    def test_blocking_while_paused_is_said_aloud(self) -> None:
        given_definition = order_approval()
        del given_definition["settings"]["while_paused"]
        assert only(given_definition).code == "settings.while_paused_blocks"

    def test_two_triggers_on_one_address_are_an_error(self) -> None:
        second = {**hook(), "id": "again", "name": "Again"}
        finding = only(definition(hook(), second, links=[]))
        assert (finding.code, finding.path) == ("trigger.duplicate_address", "nodes[1].params")
        assert lint(definition(hook(), {**second, "params": {"path": "orders", "method": "PUT"}}, links=[])) == ()

    def test_errors_that_are_routed_nowhere_are_doubted(self) -> None:
        assert only(definition(hook(), transform("a", on_error="route"))).path == "nodes[1].on_error"

    def test_an_answer_nobody_waits_for_is_doubted(self) -> None:
        answer = node("answer", "FLOW", "RESPOND")
        assert only(definition(hook(), answer)).code == "respond.nobody_waits"
        assert lint(definition(hook(respond="result"), answer)) == ()

    def test_errors_come_first(self) -> None:
        given_definition = definition(hook(), transform("a", "{{ ( }}"), transform("b"), links=[link("hook", "a")])
        assert [finding.severity for finding in lint(given_definition)] == ["error", "warning"]


# ── Whatever it is given ─────────────────────────────────────────────────────────────────────────────────────────────

WORDS = st.sampled_from(
    [
        "",
        "a",
        "b",
        "hook",
        "main",
        "true",
        "error",
        "TRIGGER",
        "FLOW",
        "ACTION",
        "WEBHOOK",
        "IF",
        "SWITCH",
        "WAIT",
        "{{",
        "}}",
        "{{ $json }}",
        '{{ $node["A"].x }}',
        "{{ 1 + }}",
        "{{ $json.a > 1 }} x",
        "* * * * *",
        "0 0 30 2 *",
        "²² * * * *",
        "Europe/Berlin",
        "UTC",
        "..",
        "/",
        "https://a.example",
        "2026-11-20T09:00:00Z",
        "\0",
        "\ud800",
        "é",
    ]
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), WORDS, st.text(max_size=20), st.just(10**400), st.just(-1)
)
KEYS = st.one_of(
    st.sampled_from(
        [
            "nodes",
            "connections",
            "settings",
            "id",
            "name",
            "type",
            "subtype",
            "params",
            "from",
            "to",
            "port",
            "input",
            "condition",
            "fields",
            "value",
            "cases",
            "url",
            "retry",
            "attempts",
            "timezone",
            "duration",
            "until",
            "kind",
            "secret",
            "position",
            "x",
            "remove",
            "mode",
            "headers",
            "expression",
            "path",
            "disabled",
            "on_error",
        ]
    ),
    st.text(max_size=5),
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=40
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON)
def test_any_json_is_judged_without_raising(value: Any) -> None:
    for finding in lint(value):
        assert finding.message
        assert finding.severity in ("error", "warning")


@st.composite
def nodes_of_every_type(draw: Any) -> dict[str, Any]:
    type_, subtype = draw(st.sampled_from(list(node_types())))
    cls = node_types()[type_, subtype]
    keys = [field.alias or name for name, field in cls.Params.model_fields.items()]
    params = draw(st.dictionaries(st.sampled_from(keys) if keys else KEYS, JSON, max_size=4))
    if draw(st.booleans()):
        params = {**cls.examples[0].params, **params}
    more = draw(
        st.dictionaries(st.sampled_from(["on_error", "retry", "disabled", "notes", "on_unknown"]), JSON, max_size=1)
    )
    return node(draw(st.sampled_from("abcd")), type_, subtype, params=params, **more)


LINKS = st.fixed_dictionaries(
    {"from": st.sampled_from("abcde"), "to": st.sampled_from("abcde")},
    optional={"port": WORDS, "condition": WORDS, "input": WORDS},
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(
    st.lists(nodes_of_every_type(), max_size=4), st.lists(LINKS, max_size=6), st.dictionaries(KEYS, JSON, max_size=2)
)
def test_odd_definitions_are_judged_without_raising(
    nodes: list[dict[str, Any]], links: list[dict[str, Any]], options: dict[str, Any]
) -> None:
    given_definition = {"nodes": nodes, "connections": links, "settings": options}
    before = copy.deepcopy(given_definition)
    if not errors_in(lint(given_definition)):
        graph.compile(given_definition)
    assert repr(given_definition) == repr(before)


@pytest.mark.parametrize(
    ("value", "is_warned"),
    [
        ("$json.body.amount * 2", True),
        ("=$json['amount']", True),
        ("Order ${ $node.Total.sum }", True),
        ("$now", True),
        ("$json", False),
        ("costs $5, see $jsonx.a", False),
        ("{{ $json.a }} and $json.b", False),
    ],
)
def test_an_expression_without_braces_is_no_expression(value: str, is_warned: bool) -> None:
    given = definition(hook(), transform("total", value))
    found = [finding for finding in lint(given) if finding.code == "expression.no_braces"]
    assert [(finding.severity, finding.path) for finding in found] == (
        [("warning", "nodes[1].params.fields[0].value")] if is_warned else []
    )


def test_mutilated_definitions_are_judged_without_raising() -> None:
    rng = random.Random(7)
    odd: list[Any] = [None, 3, -1.5, "", "{{ (", "{{ $node['x'] }}", [], {}, [None], {"a": {}}, True, "x" * 300, 10**30]

    def mutilated(value: Any) -> Any:
        if rng.random() < 0.04:
            return rng.choice(odd)
        if isinstance(value, dict):
            return {key: mutilated(inner) for key, inner in value.items() if rng.random() > 0.02}
        return [mutilated(inner) for inner in value] if isinstance(value, list) else value

    judged = [bool(errors_in(lint(mutilated(order_approval())))) for _ in range(500)]
    assert any(judged)
    assert not errors_in(lint(small()))


@pytest.mark.parametrize(
    ("subtype", "params", "waits"),
    [
        ("CODE", {"title": "a", "description": "b", "code": "return 1"}, False),
        ("CODE", {"title": "a", "description": "b", "code": "return 1", "approval": "always"}, True),
        ("HUMAN", {"approval": "never"}, True),
        ("WORKFLOW", {"workflow": "x", "title": "a", "description": "b"}, True),
        ("WORKFLOW", {"workflow": "x", "title": "a", "description": "b", "approval": "never"}, False),
    ],
)
def test_an_agent_may_wait_for_people_because_of_its_tools(subtype: str, params: dict[str, Any], waits: bool) -> None:
    nodes = [
        {"id": "t", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}},
        {
            "id": "d",
            "name": "Desk",
            "type": "AI_AGENT",
            "subtype": "CUSTOM",
            "params": {"prompt": "x"},
            "attached": ["x"],
        },
        {"id": "x", "name": "Tool", "type": "TOOL", "subtype": subtype, "params": params},
    ]
    found = lint({"nodes": nodes, "connections": [{"from": "t", "port": "main", "to": "d"}], "settings": {}})
    assert ("settings.while_paused_blocks" in {each.code for each in found}) is waits
    assert not [each for each in found if each.severity == "error"]


def test_the_members_of_an_agents_schema_are_known_to_later_nodes() -> None:
    schema = {"type": "object", "properties": {"urgency": {"type": "string"}}}
    read = {"fields": [{"name": "u", "value": "{{ $json.result.urgancy }} {{ $node['Desk'].result.urgency }}"}]}
    nodes = [
        {"id": "t", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}},
        {
            "id": "d",
            "name": "Desk",
            "type": "AI_AGENT",
            "subtype": "CUSTOM",
            "params": {"prompt": "x", "result_schema": schema},
        },
        {"id": "s", "name": "Set", "type": "ACTION", "subtype": "TRANSFORM", "params": read},
    ]
    edges = [{"from": "t", "port": "main", "to": "d"}, {"from": "d", "port": "main", "to": "s"}]
    found = lint({"nodes": nodes, "connections": edges, "settings": {}})
    assert [(each.code, each.fix) for each in found] == [("reference.unknown_field", "Did you mean “urgency”?")]
