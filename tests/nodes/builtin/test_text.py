"""TEXT beyond its examples."""

from __future__ import annotations

import time
from typing import Any

import pytest

from apps.nodes.builtin.actions.text import Text
from apps.nodes.contract import Done, NodeError
from apps.nodes.params import ParamsInvalid, stored_faults
from tests.nodes.running import run


def done(kind: str, given: Any = None, **operation: Any) -> Any:
    result = run(Text, {"operation": {"kind": kind, **operation}}, given)
    assert isinstance(result, Done)
    return result.output["value"]


class TestRegularExpressions:
    @pytest.mark.parametrize(
        ("pattern", "flags", "is_found"),
        [("ADA", "", False), ("ADA", "i", True), ("^b", "", False), ("^b", "m", True), ("a.b", "", False)],
    )
    def test_flags(self, pattern: str, flags: str, is_found: bool) -> None:
        assert done("match", text="ada\nb", pattern=pattern, flags=flags) is is_found

    def test_a_point_stands_for_the_end_of_a_line_when_told_so(self) -> None:
        assert done("match", text="a\nb", pattern="^a.b$", flags="s") is True

    @pytest.mark.parametrize(
        ("pattern", "all_", "first"),
        [
            (r"\d", ["1", "2"], "1"),
            (r"[a-z](\d)", ["1", "2"], "1"),
            (r"([a-z])(\d)", [["a", "1"], ["b", "2"]], ["a", "1"]),
            (r"(?P<n>\d)", [{"n": "1"}, {"n": "2"}], {"n": "1"}),
            (r"(?P<l>[a-z])(\d)(?P<no>x)?", [{"l": "a", "no": None}, {"l": "b", "no": None}], {"l": "a", "no": None}),
            (r"(x)?a", [None], None),
            ("z", [], None),
        ],
    )
    def test_extract(self, pattern: str, all_: Any, first: Any) -> None:
        assert done("extract", text="a1 b2", pattern=pattern) == all_
        assert done("extract", text="a1 b2", pattern=pattern, take="first") == first

    def test_replace(self) -> None:
        assert done("replace", text="aaa", pattern="a", replacement="b", take="first") == "baa"
        assert done("replace", text="a.b", pattern=r"\.") == "ab"
        assert done("replace", text="x", pattern="(?P<n>x)", replacement="[$<n>$1$&$$$9]") == "[xxx$$9]"
        assert done("replace", text="Äpfel", pattern="ä", flags="i", replacement="Ae") == "Aepfel"

    def test_a_replacement_from_the_data_is_not_read_as_a_template(self) -> None:
        given = {"with": "{{ $json.secret }}", "secret": "x"}
        assert done("replace", given, text="a", pattern="a", replacement="{{ $json.with }}") == "{{ $json.secret }}"

    @pytest.mark.parametrize("pattern", ["(", "(?=x)", r"(a)\1", "", "x" * 1_001])
    def test_patterns_that_do_not_work_are_found_before_anything_runs(self, pattern: str) -> None:
        (fault,) = stored_faults(Text, {"operation": {"kind": "match", "text": "{{ $json }}", "pattern": pattern}})
        assert fault.path == "params.operation.pattern"

    def test_what_is_not_available_is_said(self) -> None:
        (fault,) = stored_faults(Text, {"operation": {"kind": "match", "text": "", "pattern": "(?=x)"}})
        assert "Look-around and back-references are not available." in fault.message

    def test_hostile_patterns_take_linear_time(self) -> None:
        began = time.process_time()
        assert done("match", text="a" * 50_000 + "!", pattern="^(a+)+$") is False
        assert time.process_time() - began < 2

    def test_a_long_text_may_hold_many_finds(self) -> None:
        assert len(done("extract", text="ab12 " * 40_000, pattern=r"[a-z]+(\d+)")) == 40_000

    def test_work_without_end_is_refused(self) -> None:
        with pytest.raises(NodeError) as failed:
            done("extract", text="a" * 1_000_000, pattern="(a|b|c|d){1,50}x")
        assert (failed.value.code, failed.value.retryable) == ("text.failed", False)


class TestSplitAndJoin:
    @pytest.mark.parametrize(
        ("operation", "parts"),
        [
            ({"text": ""}, []),
            ({"text": "", "keep_empty": True}, [""]),
            ({"text": "a,, b ,", "separator": ","}, ["a", "b"]),
            ({"text": "a,, b ,", "separator": ",", "keep_empty": True, "trim": False}, ["a", "", " b ", ""]),
            ({"text": "a.b", "separator": "."}, ["a", "b"]),
            ({"text": "a--b-c", "separator": "--"}, ["a", "b-c"]),
        ],
    )
    def test_split(self, operation: Any, parts: list[str]) -> None:
        assert done("split", **operation) == parts

    def test_join_says_values_as_expressions_do(self) -> None:
        assert done("join", parts=["a", None, 1, 2.0, True, [1], {"b": None}], separator="|") == (
            'a||1|2|true|[1]|{"b":null}'
        )
        assert done("join", parts=[]) == ""

    def test_there_is_an_end_to_the_length(self) -> None:
        with pytest.raises(NodeError, match=r"A text of 1,200,000 characters is too long\."):
            done("join", parts=["x" * 600_000] * 2)

    def test_an_empty_separator_splits_nothing(self) -> None:
        assert stored_faults(Text, {"operation": {"kind": "split", "text": "a", "separator": ""}})


class TestLetters:
    @pytest.mark.parametrize(
        ("to", "text"),
        [
            ("lower", "straße nach évry"),
            ("upper", "STRASSE NACH ÉVRY"),
            ("title", "Straße Nach Évry"),
            ("capitalize", "Straße nach ÉVRY"),
        ],
    )
    def test_case(self, to: str, text: str) -> None:
        assert done("case", text="straße nach ÉVRY", to=to) == text

    @pytest.mark.parametrize(("at", "text"), [("both", "a  b"), ("start", "a  b \n"), ("end", "\t a  b")])
    def test_trim(self, at: str, text: str) -> None:
        assert done("trim", text="\t a  b \n", at=at) == text

    def test_all_white_space_becomes_spaces(self) -> None:
        assert done("trim", text=" a\u00a0\t b\n ", at="start", collapse=True) == "a b "
        assert done("trim", text="a \n" * 250_000, collapse=True) == ("a " * 250_000).strip()


def test_a_number_is_taken_as_text_but_nothing_else_is() -> None:
    assert done("case", {"n": 12}, text="{{ $json.n }}", to="upper") == "12"
    value: Any
    for value in (None, True, [], {}):
        with pytest.raises(ParamsInvalid, match=r"operation\.text: This should be a text"):
            done("case", {"n": value}, text="{{ $json.n }}", to="upper")
