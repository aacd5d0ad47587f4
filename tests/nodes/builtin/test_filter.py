"""FILTER beyond its examples. What it skips stands in tests/executions/worker/test_filter.py."""

from __future__ import annotations

from typing import Any

import pytest

from apps.nodes.builtin.flow.filter_ import Filter
from apps.nodes.contract import Done
from apps.nodes.params import ParamsInvalid, stored_faults
from tests.nodes.running import run


@pytest.mark.parametrize(
    ("value", "port"),
    [
        (True, "main"),
        ("true", "main"),
        (1, "main"),
        ([], "main"),
        (False, "dropped"),
        ("false", "dropped"),
        (0, "dropped"),
        ("", "dropped"),
        (None, "dropped"),
    ],
)
def test_truth_is_what_it_is_in_expressions(value: Any, port: str) -> None:
    assert run(Filter, {"condition": "{{ $json.is_open }}"}, {"is_open": value}) == Done({"is_open": value}, port=port)


def test_a_word_is_no_condition() -> None:
    with pytest.raises(ParamsInvalid):
        run(Filter, {"condition": "{{ $json.state }}"}, {"state": "no"})


def test_a_condition_is_needed() -> None:
    (fault,) = stored_faults(Filter, {})
    assert (fault.path, fault.code) == ("params.condition", "missing")
