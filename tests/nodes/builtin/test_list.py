"""LIST beyond its examples."""

from __future__ import annotations

import time
from typing import Any

import pytest

from apps.nodes.builtin.actions.list_ import List
from apps.nodes.builtin.actions.list_items import MAX_ITEMS
from apps.nodes.contract import Done, NodeError
from apps.nodes.params import ParamsInvalid, stored_faults
from tests.nodes.running import run


def done(items: Any, kind: str, **operation: Any) -> Any:
    result = run(List, {"operation": {"kind": kind, **operation}}, items)
    assert isinstance(result, Done)
    return result.output


def refused(items: Any, kind: str, **operation: Any) -> str:
    with pytest.raises(NodeError) as failed:
        done(items, kind, **operation)
    assert not failed.value.retryable
    return failed.value.message


class TestItems:
    def test_the_input_must_be_a_list(self) -> None:
        with pytest.raises(NodeError, match="The input is an object, not a list") as failed:
            run(List, {"operation": {"kind": "reverse"}}, {"rows": [1]})
        assert failed.value.hint == "Set items to the list, as in {{ $json.rows }}."

    def test_a_list_that_is_missing_is_not_replaced_by_the_input(self) -> None:
        with pytest.raises(ParamsInvalid, match=r"params\.items: This should be a list"):
            run(List, {"operation": {"kind": "reverse"}, "items": "{{ $json.rows }}"}, {"row": [1]})

    def test_an_empty_list_does_no_harm(self) -> None:
        given: Any
        for given in (
            {"kind": "sort", "keys": [{}]},
            {"kind": "limit", "count": 3},
            {"kind": "unique"},
            {"kind": "filter", "rules": [{"operator": "exists"}]},
            {"kind": "split", "path": "a"},
            {"kind": "group", "by": "a"},
            {"kind": "reverse"},
            {"kind": "flatten"},
            {"kind": "chunk", "size": 2},
        ):
            assert run(List, {"operation": given, "items": []}, {"not": "this"}) == Done([]), given

    def test_the_input_stays_as_it_was(self) -> None:
        given = [{"b": {"c": 1}, "l": [{"x": 1}]}, {"b": {"c": 0}, "l": [2]}]
        before = repr(given)
        for kind, more in (
            ("sort", {"keys": [{"path": "b.c"}]}),
            ("reverse", {}),
            ("split", {"path": "b.l", "keep": ["b.c"]}),
            ("split", {"path": "l", "keep": ["b", "b.c"]}),
            ("group", {"by": "b"}),
        ):
            done(given, kind, **more)
        assert repr(given) == before

    def test_there_is_an_end_to_the_length(self) -> None:
        assert len(done([1] * MAX_ITEMS, "reverse")) == MAX_ITEMS
        assert "100,001 items" in refused([1] * (MAX_ITEMS + 1), "reverse")
        assert "The flattened list has 100,002" in refused([[1] * (MAX_ITEMS // 2 + 1)] * 2, "flatten")
        assert "The split list has 100,002" in refused([{"l": [1] * (MAX_ITEMS // 2 + 1)}] * 2, "split", path="l")

    def test_a_long_list_takes_moments(self) -> None:
        items = [{"n": index * 7919 % MAX_ITEMS, "t": str(index)} for index in range(MAX_ITEMS)]
        began = time.process_time()
        done(items, "sort", keys=[{"path": "n", "order": "desc"}, {"path": "t"}])
        done(items, "filter", rules=[{"path": "n", "operator": "in", "value": list(range(MAX_ITEMS))}])
        assert time.process_time() - began < 5


class TestSort:
    def test_missing_is_last_in_both_directions(self) -> None:
        items = [{"n": 2}, {"n": None}, {"n": 3}, {}, {"n": 1}]
        assert done(items, "sort", keys=[{"path": "n"}]) == [{"n": 1}, {"n": 2}, {"n": 3}, {"n": None}, {}]
        descending = done(items, "sort", keys=[{"path": "n", "order": "desc"}])
        assert descending == [{"n": 3}, {"n": 2}, {"n": 1}, {"n": None}, {}]

    def test_the_first_key_weighs_most_and_equals_keep_their_order(self) -> None:
        items = [{"a": 1, "b": 1, "i": 0}, {"a": 0, "b": 2, "i": 1}, {"a": 1, "b": 2, "i": 2}, {"a": 1, "b": 2, "i": 3}]
        found = done(items, "sort", keys=[{"path": "a"}, {"path": "b", "order": "desc"}])
        assert [item["i"] for item in found] == [1, 2, 3, 0]

    def test_items_themselves(self) -> None:
        assert done([3, 1.5, 2], "sort", keys=[{}]) == [1.5, 2, 3]
        assert done(["b", "B", "a"], "sort", keys=[{"ignore_case": True}]) == ["a", "b", "B"]
        assert done([True, False], "sort", keys=[{}]) == [False, True]

    def test_what_cannot_be_compared_is_named(self) -> None:
        items: list[Any] = [{"p": 1}, {}, {"p": "2"}]
        assert refused(items, "sort", keys=[{"path": "p"}]) == "items[2].p is a text, but items[0].p is a number."
        assert "items[0].p is an object" in refused([{"p": {}}], "sort", keys=[{"path": "p"}])
        assert "items[1] is true or false" in refused([1, True], "sort", keys=[{}])

    def test_a_path_through_a_text_leads_nowhere(self) -> None:
        items = [{"a": {"b": 1}}, {"a": "x"}]
        message = refused(items, "sort", keys=[{"path": "a.b"}])
        assert message == "items[1].a.b: “a” is a text, so it has no “b”."
        assert "items[0].n: “it” is a number" in refused([7], "sort", keys=[{"path": "n"}])

    def test_numbers_lead_into_lists(self) -> None:
        items = [{"l": [9, 2]}, {"l": [1]}, {"l": [9, 1]}]
        assert done(items, "sort", keys=[{"path": "l.1"}]) == [items[2], items[0], items[1]]


class TestChoice:
    @pytest.mark.parametrize(
        ("operation", "left"),
        [
            ({"count": 2}, [1, 2]),
            ({"count": 9}, [1, 2, 3, 4]),
            ({"count": 0}, []),
            ({"count": 2, "offset": 3}, [4]),
            ({"count": 2, "offset": 9}, []),
            ({"count": 2, "take": "last"}, [3, 4]),
            ({"count": 2, "take": "last", "offset": 1}, [2, 3]),
            ({"count": 9, "take": "last", "offset": 3}, [1]),
            ({"count": 1, "take": "last", "offset": 9}, []),
            ({"count": "{{ $json.length }}"}, [1, 2, 3, 4]),
        ],
    )
    def test_limit(self, operation: Any, left: list[int]) -> None:
        assert done([1, 2, 3, 4], "limit", **operation) == left

    def test_unique_tells_kinds_apart(self) -> None:
        items = [1, 1.0, True, "1", None, None, [1], [1.0], {"a": 1, "b": 2}, {"b": 2, "a": 1}, [True]]
        assert [repr(item) for item in done(items, "unique")] == [
            "1",
            "True",
            "'1'",
            "None",
            "[1]",
            "{'a': 1, 'b': 2}",
            "[True]",
        ]

    def test_unique_by_several_paths(self) -> None:
        items = [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 1, "c": 3}, {"b": 1}]
        assert done(items, "unique", by=["a", "b"]) == [items[0], items[1], items[3]]

    @pytest.mark.parametrize(
        ("rule", "left"),
        [
            ({"operator": "equals", "value": 2}, [1]),
            ({"operator": "not_equals", "value": 2}, [0, 2, 3, 4]),
            ({"operator": "equals"}, [3, 4]),
            ({"operator": "less", "value": 2}, [0]),
            ({"operator": "less_or_equal", "value": 2.0}, [0, 1]),
            ({"operator": "greater", "value": 2}, [2]),
            ({"operator": "in", "value": [3, 1.0, None]}, [0, 2]),
            ({"operator": "exists"}, [0, 1, 2]),
            ({"operator": "missing"}, [3, 4]),
        ],
    )
    def test_rules_on_numbers(self, rule: Any, left: list[int]) -> None:
        items = [{"i": 0, "n": 1}, {"i": 1, "n": 2}, {"i": 2, "n": 3}, {"i": 3, "n": None}, {"i": 4}]
        assert [item["i"] for item in done(items, "filter", rules=[{"path": "n", **rule}])] == left

    @pytest.mark.parametrize(
        ("operator", "value", "left"),
        [
            ("contains", "b", ["abc", "bcd"]),
            ("starts_with", "b", ["bcd"]),
            ("ends_with", "c", ["abc"]),
            ("less", "b", ["abc"]),
        ],
    )
    def test_rules_on_texts(self, operator: str, value: str, left: list[str]) -> None:
        assert done(["abc", "bcd", None], "filter", rules=[{"operator": operator, "value": value}]) == left

    def test_a_list_contains(self) -> None:
        items = [{"tags": ["a", 1]}, {"tags": [True]}]
        assert done(items, "filter", rules=[{"path": "tags", "operator": "contains", "value": 1.0}]) == [items[0]]

    def test_any_or_all(self) -> None:
        rules = [{"operator": "greater", "value": 1}, {"operator": "less", "value": 3}]
        assert done([1, 2, 3], "filter", rules=rules) == [2]
        assert done([1, 2, 3], "filter", rules=rules, match="any") == [1, 2, 3]

    def test_unlike_things_are_not_compared(self) -> None:
        rule = {"path": "n", "operator": "greater", "value": 5}
        message = refused([{"n": 6}, {"n": "7"}], "filter", rules=[rule])
        assert message == "items[1].n is a text and cannot be compared with a number."
        assert "items[0] is a number; “contains”" in refused(
            [5], "filter", rules=[{"operator": "contains", "value": "5"}]
        )
        assert "needs a text as its value" in refused(["5"], "filter", rules=[{"operator": "contains", "value": 5}])
        assert "“in” needs a list" in refused([5], "filter", rules=[{"operator": "in", "value": 5}])

    @pytest.mark.parametrize(
        "rule", [{"operator": "greater"}, {"operator": "exists", "value": 1}, {"operator": "like"}]
    )
    def test_rules_that_make_no_sense(self, rule: Any) -> None:
        assert stored_faults(List, {"operation": {"kind": "filter", "rules": [rule]}})

    def test_a_threshold_that_is_missing_fails(self) -> None:
        with pytest.raises(ParamsInvalid, match="needs a value to compare with; this is null"):
            done([1], "filter", rules=[{"operator": "greater", "value": "{{ $json.limit ?? null }}"}])


class TestShape:
    def test_flatten_as_deep_as_said(self) -> None:
        assert done([1, [2, [3, [4]]], []], "flatten", depth=2) == [1, 2, 3, [4]]
        assert done([[[[[]]]]], "flatten", depth=100) == []

    def test_split_without_keeping_gives_the_things(self) -> None:
        assert done([{"l": [1, 2]}, {"l": []}, {"l": None}, {"l": [3]}], "split", path="l") == [1, 2, 3]

    def test_split_keeps_things_in_their_place(self) -> None:
        items = [{"order": {"id": 7, "lines": ["a", "b"], "x": 0}, "at": "now"}]
        assert done(items, "split", path="order.lines", keep=["order.id", "at", "none"]) == [
            {"order": {"id": 7, "lines": "a"}, "at": "now", "none": None},
            {"order": {"id": 7, "lines": "b"}, "at": "now", "none": None},
        ]

    def test_split_needs_lists(self) -> None:
        assert refused([{"l": []}, {"l": "x"}], "split", path="l") == "items[1].l is a text, not a list."

    @pytest.mark.parametrize("kept", ["l", "l.x", "a"])
    def test_split_keeps_nothing_in_its_own_place(self, kept: str) -> None:
        operation = {"kind": "split", "path": "l" if kept != "a" else "a.l", "keep": [kept]}
        assert stored_faults(List, {"operation": operation})

    def test_groups_by_any_value(self) -> None:
        found = done([{"k": 1}, {"k": True}, {"k": 1.0}, {}, {"k": None}, {"k": [1]}], "group", by="k")
        assert [(group["key"], len(group["items"])) for group in found] == [(1, 2), (True, 1), (None, 2), ([1], 1)]


class TestAggregate:
    def figure(self, items: list[Any], function: str, **more: Any) -> Any:
        return done(items, "aggregate", figures=[{"name": "x", "function": function, **more}])["x"]

    @pytest.mark.parametrize(
        ("function", "of_some", "of_none"),
        [
            ("count", 2, 0),
            ("sum", 3, 0),
            ("average", 1.5, None),
            ("min", 1, None),
            ("max", 2, None),
            ("first", 2, None),
            ("last", 1, None),
            ("join", "2, 1", ""),
        ],
    )
    def test_what_is_missing_does_not_count(self, function: str, of_some: Any, of_none: Any) -> None:
        assert self.figure([{}, {"n": 2}, {"n": None}, {"n": 1}], function, path="n") == of_some
        assert self.figure([{}, {"n": None}], function, path="n") == of_none
        assert self.figure([], function) == of_none

    def test_sums_do_not_drift(self) -> None:
        assert self.figure([0.1] * 10, "sum") == 1.0
        assert self.figure([2**60, 1], "sum") == 2**60 + 1

    def test_texts_have_a_smallest(self) -> None:
        assert self.figure(["b", "a"], "min") == "a"
        with pytest.raises(NodeError, match=r"items\[1\] is a text, but items\[0\] is a number"):
            self.figure([1, "a"], "max")

    def test_only_numbers_are_added(self) -> None:
        for wrong, kind in (("1", "a text"), (True, "true or false"), ([], "a list")):
            with pytest.raises(NodeError, match=rf"items\[1\]\.n is {kind}; “sum” needs numbers"):
                self.figure([{"n": 1}, {"n": wrong}], "sum", path="n")

    def test_the_place_of_an_offender_is_that_in_the_whole_list(self) -> None:
        items = [{"k": "a", "n": 1}, {"k": "b", "n": 1}, {"k": "a", "n": "x"}]
        figures = [{"name": "s", "function": "sum", "path": "n"}]
        assert "items[2].n" in refused(items, "aggregate", by="k", figures=figures)

    def test_too_large_a_sum(self) -> None:
        with pytest.raises(NodeError, match="finite") as failed:
            self.figure([1e308, 1e308], "sum")
        assert failed.value.code == "list.too_large"

    def test_join(self) -> None:
        assert self.figure([1, "a", True, [1], 2.0], "join", separator="|") == "1|a|true|[1]|2"
        with pytest.raises(NodeError, match="too long"):
            self.figure(["x" * 600_000] * 2, "join")

    @pytest.mark.parametrize(("names", "by"), [(("a", "a"), None), (("key",), "k"), ((), None)])
    def test_names_must_differ(self, names: tuple[str, ...], by: str | None) -> None:
        figures = [{"name": name, "function": "count"} for name in names]
        assert stored_faults(List, {"operation": {"kind": "aggregate", "figures": figures, "by": by}})


def test_the_operation_must_be_one_there_is() -> None:
    (fault,) = stored_faults(List, {"operation": {"kind": "shuffle"}})
    assert fault.path == "params.operation"


@pytest.mark.parametrize("path", [".", "a.", ".a", "a..b", " a"])
def test_paths_that_are_none(path: str) -> None:
    assert stored_faults(List, {"operation": {"kind": "group", "by": path}})
