"""The catalogue of error codes is complete, unambiguous and readable."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_args

from apps.ai.agents.limits import Limits
from apps.core import problems
from apps.core.error_codes import error_codes
from apps.core.errors import DomainError
from apps.core.sandbox.job import Kind

APPS = Path(__file__).resolve().parents[2] / "apps"


def test_it_holds_the_code_of_every_class_in_the_source() -> None:
    declared = {
        code
        for path in APPS.rglob("*.py")
        for code in re.findall(r"""^    code = "([a-z_]+\.[a-z_]+)"$""", path.read_text(), flags=re.MULTILINE)
    }
    assert len(declared) > 50
    assert declared - {entry.code for entry in error_codes()} == set()


RAISERS = ("NodeError", "MappingFailed", "refusals", "_plain")
LIMITS = {f"ai.limit_{field.name}" for field in fields(Limits)} - {"ai.limit_repeats"}
OF_NODES = ("nodes", "ai", "executions", "hil")


def raised_by_nodes() -> dict[str, str]:
    """The codes written into `NodeError(…)`, and into errors that the engine stores, with where."""
    found: dict[str, str] = {}
    for path in (path for app in OF_NODES for path in (APPS / app).rglob("*.py")):
        for code in _codes_in(ast.parse(path.read_text())):
            found.setdefault(code, str(path.relative_to(APPS)))
    return found


def _codes_in(module: ast.Module) -> Iterator[str]:
    for each in ast.walk(module):
        given: ast.expr | None = None
        if isinstance(each, ast.Call) and each.args and ast.unparse(each.func).endswith(RAISERS):
            given = each.args[0]
        elif isinstance(each, ast.Dict):
            members = {getattr(key, "value", None): value for key, value in zip(each.keys, each.values, strict=True)}
            given = members.get("code") if "message" in members else None
        code = getattr(given, "value", None)
        if isinstance(code, str) and re.fullmatch(r"[a-z_]+\.[a-z_]+", code):
            yield code


def test_it_holds_every_code_a_node_can_fail_with() -> None:
    raised, known = raised_by_nodes(), {entry.code for entry in error_codes()}
    assert len(raised) > 30
    assert {code: where for code, where in raised.items() if code not in known} == {}, "declare them in a failures.py"
    assert {f"code.{kind}" for kind in get_args(Kind)} <= known
    assert known >= LIMITS
    assert {"http.connect", "http.status", "expressions.failed", "nodes.params_invalid"} <= known


def test_nothing_is_declared_that_nobody_raises() -> None:
    made = {"sub_workflow.unknown", "sub_workflow.refused"}  # put together from the reason
    made |= LIMITS
    made |= {"ai.price_unknown", "ai.ledger_unreachable"}  # raised as they are declared
    made |= {f"code.{kind}" for kind in get_args(Kind)}
    declared = {entry.code for entry in error_codes() if entry.status is None and not entry.code.startswith("http.")}
    assert declared - raised_by_nodes().keys() - made == set()


def test_one_code_means_one_thing() -> None:
    error_codes()
    classes: dict[str, set[str]] = defaultdict(set)
    pending = [DomainError]
    while pending:
        cls = pending.pop()
        pending += cls.__subclasses__()
        if cls.__module__.startswith("apps."):
            classes[cls.code].add(cls.__qualname__)
    assert {code: names for code, names in classes.items() if len(names) > 1} == {}


def test_every_code_says_what_it_means() -> None:
    assert [entry.code for entry in error_codes() if not entry.message.endswith((".", "?"))] == []


def test_refusals_without_a_class_are_there_too() -> None:
    found = {entry.code: entry for entry in error_codes()}
    assert found["core.method_not_allowed"].status == 405
    assert set(problems.CODES.values()) <= set(found)
