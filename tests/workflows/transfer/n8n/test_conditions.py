"""n8n's conditions, as If, Filter and Switch have them."""

from __future__ import annotations

from typing import Any

import pytest

from apps.nodes.expressions import Scope, check, resolve
from apps.workflows.transfer.n8n.conditions import _COMPARED, Unreadable, compared, expression
from apps.workflows.transfer.n8n.expressions import Names

NAMES = Names({}, {}, {})
SCOPE = Scope(json={"n": 5, "s": "Abc", "b": True, "list": [1, 2], "empty": "", "at": "2026-11-20T09:00:00Z"})


def holds(kind: str, operation: str, left: str, right: Any = None, **options: Any) -> Any:
    row = {"leftValue": left, "rightValue": right, "operator": {"type": kind, "operation": operation}}
    return resolve(expression({"conditions": [row], "combinator": "and", "options": options}, NAMES), SCOPE)


@pytest.mark.parametrize(
    ("kind", "operation", "left", "right", "wanted"),
    [
        ("number", "gt", "={{ $json.n }}", 4, True),
        ("number", "lte", "={{ $json.n }}", "4", False),
        ("string", "equals", "={{ $json.s }}", "Abc", True),
        ("string", "notContains", "={{ $json.s }}", "x", True),
        ("string", "startsWith", "={{ $json.s }}", "Ab", True),
        ("string", "regex", "={{ $json.s }}", "^A.c$", True),
        ("string", "empty", "={{ $json.empty }}", "", True),
        ("string", "exists", "={{ $json.nothing }}", "", False),
        ("boolean", "true", "={{ $json.b }}", "", True),
        ("boolean", "equals", "={{ $json.b }}", "false", False),
        ("array", "lengthGt", "={{ $json.list }}", 1, True),
        ("array", "contains", "={{ $json.list }}", 2, True),
        ("dateTime", "after", "={{ $json.at }}", "2026-11-19T00:00:00Z", True),
        ("dateTime", "beforeOrEquals", "={{ $json.at }}", "={{ $json.at }}", True),
    ],
)
def test_operations(kind: str, operation: str, left: str, right: Any, wanted: bool) -> None:
    assert holds(kind, operation, left, right) is wanted


def test_every_operation_can_be_read() -> None:
    for operation in _COMPARED:
        assert check(f"{{{{ {compared(operation, 'string', '={{ $json.s }}', 'x', NAMES)} }}}}") == [], operation


def test_case_may_not_matter() -> None:
    assert holds("string", "equals", "={{ $json.s }}", "aBC") is False
    assert holds("string", "equals", "={{ $json.s }}", "aBC", caseSensitive=False) is True


def test_older_conditions_are_all_or_any() -> None:
    given = {
        "number": [{"value1": "={{$json.n}}", "operation": "larger", "value2": 9}],
        "string": [{"value1": "={{$json.n}}", "value2": "5"}],
        "boolean": [{"value1": "={{$json.b}}", "value2": True}],
    }
    assert resolve(expression(given, NAMES, combine="all"), SCOPE) is False
    assert resolve(expression(given, NAMES, combine="any"), SCOPE) is True


@pytest.mark.parametrize(
    "given", [None, {}, {"conditions": []}, {"conditions": [{"operator": {"operation": "magic"}}]}]
)
def test_what_cannot_be_written_here_says_so(given: Any) -> None:
    with pytest.raises(Unreadable):
        expression(given, NAMES)
