"""RUN_CODE: what the code sees, in both languages. The sandbox is the real one."""

from __future__ import annotations

from typing import Any

import pytest

from apps.nodes.builtin.actions.run_code import RunCode
from apps.nodes.contract import Done, Effect, NodeError
from apps.nodes.params import ParamsInvalid, texts
from tests.nodes.running import FakeContext, params_of, run

SEEN = {"python": "return [input, items, more]", "javascript": "return [input, items, more]"}


@pytest.mark.parametrize("language", SEEN)
@pytest.mark.parametrize(
    ("given", "items"), [(None, []), ({"a": 1}, [{"a": 1}]), ([1, None], [1, None]), ("x", ["x"]), ([], [])]
)
def test_what_arrived_is_there_as_it_is_and_as_a_list(language: str, given: Any, items: list[Any]) -> None:
    params = {"language": language, "code": SEEN[language], "values": {"more": {"deep": ["{{ 1 + 1 }}"]}}}
    assert run(RunCode, params, given) == Done([given, items, {"deep": [2]}])


def test_for_each_of_none_nothing_runs() -> None:
    assert run(RunCode, {"mode": "each", "code": "return 1 / 0"}, []) == Done([])


def test_the_item_that_failed_is_named() -> None:
    with pytest.raises(NodeError) as failed:
        run(RunCode, {"mode": "each", "code": "return 1 / item"}, [1, 0])
    assert (failed.value.code, failed.value.retryable) == ("code.raised", False)
    assert failed.value.details == {"line": 1, "at": 1, "trace": [{"line": 1, "in": "code"}]}


def test_braces_in_the_code_are_nobodys_expression() -> None:
    stored = {"language": "javascript", "code": "const a = {b: {c: '{{ $json.x }}'}};\nreturn `${a.b.c}`"}
    assert texts(RunCode, stored) == []
    assert run(RunCode, stored, {"x": "evil"}) == Done("{{ $json.x }}")


def test_it_may_take_its_time_and_no_more_than_its_node() -> None:
    params = params_of(RunCode, {"code": "while True: pass", "limit_seconds": 60})
    assert RunCode().effect(params) is Effect.READ  # a pure node would hold up those that advance executions
    with pytest.raises(NodeError, match=r"0\.5 s") as failed:
        RunCode().run(params, FakeContext(timeout_seconds=0.5))
    assert failed.value.code == "code.timeout"


@pytest.mark.parametrize("name", ["items", "index", "for", "new", "a-b", ""])
def test_a_value_cannot_take_the_name_of_something_else(name: str) -> None:
    with pytest.raises(ParamsInvalid):
        params_of(RunCode, {"code": "return 1", "values": {name: 1}})
