"""What a machine can do about findings: after each fix that is offered, the finding is gone and nothing is worse."""

from __future__ import annotations

from typing import Any

import pytest

from apps.workflows.fixes import applied, with_fixes
from apps.workflows.graph import Finding, draft_of
from apps.workflows.lint import lint
from tests.workflows.definitions import definition, hook, link, node, transform

VARIABLES = frozenset({"rate"})


def found(document: Any) -> tuple[Finding, ...]:
    return with_fixes(lint(document, variables=VARIABLES), draft_of(document)[0], document)


def ask() -> dict[str, Any]:
    return node("ask", "HUMAN_IN_THE_LOOP", "CONFIRMATION", params={"title": "Well?", "timeout_seconds": 60})


def placed(given: dict[str, Any], x: int, y: int) -> dict[str, Any]:
    return {**given, "position": {"x": x, "y": y}}


LOOP = node("loop", "FLOW", "WHILE", params={"condition": "{{ $vars.rate > 1 }}"})
BRANCHED = [link("hook", "if"), link("if", "a", "true"), link("if", "b", "false"), link("a", "b")]
FIXED: list[tuple[str, Any, list[str]]] = [
    (
        "graph.unreachable",
        definition(hook(), placed(transform("a"), 200, 0), placed(transform("b"), 400, 0), links=[link("hook", "a")]),
        ["Let “A” lead to it", "Delete “B”"],
    ),
    (
        "port.open",
        definition(
            hook(),
            ask(),
            transform("a"),
            links=[link("hook", "ask"), *[link("ask", "a", p) for p in ("approved", "rejected")]],
            while_paused="allow",
        ),
        ["End the run there"],
    ),
    (
        "port.open",
        definition(hook(), transform("a", on_error="route"), transform("b")),
        ["Let the run fail instead", "End the run there"],
    ),
    (
        "node.duplicate_name",
        definition(hook(), transform("a"), {**transform("b"), "name": "A"}),
        ["Call this one “A 2”"],
    ),
    (
        "connection.unknown_port",
        definition(
            hook(),
            ask(),
            transform("a"),
            links=[
                link("hook", "ask"),
                link("ask", "a", "aproved"),
                link("ask", "a", "rejected"),
                link("ask", "a", "timeout"),
            ],
            while_paused="allow",
        ),
        ["Begin at the outcome “approved”", "Remove the connection"],
    ),
    (
        "connection.unknown_port",
        definition(
            hook(), transform("a"), transform("b"), links=[link("hook", "a"), link("a", "b"), link("a", "b", "error")]
        ),
        ["Let errors of “A” go there", "Begin at the outcome “main”", "Remove the connection"],
    ),
    (
        "connection.duplicate",
        definition(hook(), transform("a"), links=[link("hook", "a"), link("hook", "a")]),
        ["Keep one of them"],
    ),
    (
        "connection.into_trigger",
        definition(hook(), transform("a"), links=[link("hook", "a"), link("a", "hook")]),
        ["Remove the connection"],
    ),
    (
        "reference.unknown_node",
        definition(hook(), transform("total"), transform("b", '{{ $node["Totl"].value + $node["Total"].value }}')),
        ["Change it to “Total”"],
    ),
    ("reference.unknown_variable", definition(hook(), transform("a", "{{ $vars.raet * 2 }}")), ["Change it to “rate”"]),
    ("reference.unknown_field", definition(hook(), transform("a", "{{ $json.bodyy.id }}")), ["Change it to “body”"]),
    (
        "reference.not_before",
        definition(hook(), transform("a"), transform("b", '{{ $node["A"].value }}'), links=[link("hook", "a")]),
        ["Let “A” lead to it"],
    ),
    ("expression.no_braces", definition(hook(), transform("a", "$json.body.id")), ["Make it an expression"]),
    (
        "settings.while_paused_blocks",
        definition(hook(), ask(), links=[link("hook", "ask")]),
        ["Let further starts wait in line", "Let them run beside it"],
    ),
    (
        "respond.nobody_waits",
        definition(hook(respond="immediately"), node("r", "FLOW", "RESPOND", params={})),
        ["Let “Hook” wait for the answer"],
    ),
    (
        "retry.repeats_write",
        definition(
            hook(),
            node(
                "pay",
                "ACTION",
                "HTTP_REQUEST",
                params={"method": "POST", "url": "https://a.example"},
                on_unknown="retry",
            ),
        ),
        ["Ask a person when it is unclear"],
    ),
    (
        "loop.unbounded",
        definition(hook(), LOOP, transform("a", parent="loop"), links=[link("hook", "loop")]),
        ["Stop after 10 rounds"],
    ),
    ("container.empty", definition(hook(), LOOP), ["Delete “Loop”"]),
    (
        "node.disabled_ends",
        definition(
            hook(),
            {**ask(), "disabled": True},
            transform("a"),
            links=[link("hook", "ask"), link("ask", "a", "approved")],
        ),
        ["Switch it on"],
    ),
]


@pytest.mark.parametrize(
    ("code", "document", "titles"), FIXED, ids=[f"{each[0]}-{at}" for at, each in enumerate(FIXED)]
)
def test_each_fix_mends_what_it_is_for(code: str, document: Any, titles: list[str]) -> None:
    before = found(document)
    first = next(finding for finding in before if finding.code == code)
    assert [fix.title for fix in first.fixes] == titles
    for fix in first.fixes:
        after = found(applied(document, fix.edits))
        left = {(finding.code, finding.message) for finding in after}
        assert (first.code, first.message) not in left, fix.title
        errors = {finding.message for finding in after if finding.severity == "error"}
        assert errors <= {finding.message for finding in before}, fix.title
        assert fix.as_dict()["edits"] == [dict(edit) for edit in fix.edits]
    assert first.as_dict()["fixes"][0]["title"] == titles[0]


def test_a_value_that_may_be_missing_is_pointed_out() -> None:
    document = definition(
        hook(),
        node("if", "FLOW", "IF", params={"condition": "{{ $json.body.ok }}"}),
        transform("a"),
        transform("b", '{{ $node["A"].value }}'),
        links=BRANCHED,
    )
    (finding,) = found(document)
    assert (finding.code, finding.fixes) == ("reference.may_not_run", ())
    assert "“A” does not run where “If” is left by “false”" in finding.message
    document["nodes"][3]["params"]["fields"][0]["value"] = '{{ $node["A"].value ?? 0 }}'
    assert found(document) == ()
    # What runs on every way is there on every way.
    document["nodes"][3]["params"]["fields"][0]["value"] = "{{ $trigger.body.id }}"
    document["connections"].append(link("hook", "a"))
    document["nodes"][3]["params"]["fields"][0]["value"] = '{{ $node["A"].value }}'
    assert found(document) == ()


def test_a_fix_holds_for_a_definition_that_changed_meanwhile() -> None:
    document = definition(hook(), transform("a"), {**transform("b"), "name": "A"})
    (fix,) = next(each for each in found(document) if each.fixes).fixes
    changed = {**document, "nodes": list(reversed(document["nodes"]))}
    assert [each["name"] for each in applied(changed, fix.edits)["nodes"]] == ["A 2", "A", "Hook"]
    gone = {**document, "nodes": document["nodes"][:2]}
    assert applied(gone, fix.edits) == gone


@pytest.mark.parametrize(
    "document",
    [
        {"nodes": True},
        {"nodes": [None, {"id": 5}, {"id": "a", "name": 7}], "connections": {"from": []}},
        {"nodes": [placed(transform("a"), "x", None), {**transform("b"), "position": []}]},  # type: ignore[arg-type]
        [],
        None,
    ],
)
def test_it_never_raises(document: Any) -> None:
    assert isinstance(found(document), tuple)
