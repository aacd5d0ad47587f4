"""SWITCH, MERGE, WAIT, STOP, RESPOND and TRANSFORM beyond their examples."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.nodes.builtin.actions.transform import Transform
from apps.nodes.builtin.flow.merge import Merge
from apps.nodes.builtin.flow.respond import Respond
from apps.nodes.builtin.flow.stop import Stop as StopNode
from apps.nodes.builtin.flow.switch import Switch
from apps.nodes.builtin.flow.wait import Wait
from apps.nodes.contract import Callback, Done, Event, NodeError, Response, Stop, Suspend, Timer
from apps.nodes.params import ParamsInvalid, stored_faults, validated
from tests.nodes.running import NOW, FakeContext, params_of, run


def case(name: str, condition: Any) -> dict[str, Any]:
    return {"name": name, "condition": condition}


class TestSwitch:
    CASES = [case("a", "{{ $json.n > 1 }}"), case("b", "{{ $json.n > 2 }}"), case("c", "{{ $json.n > 9 }}")]

    def test_the_first_case_that_holds(self) -> None:
        assert run(Switch, {"cases": self.CASES}, {"n": 3}) == Done({"n": 3}, port="a")

    def test_every_case_that_holds(self) -> None:
        assert run(Switch, {"cases": self.CASES, "all_matches": True}, {"n": 3}) == Done({"n": 3}, "a", ("b",))
        assert run(Switch, {"cases": self.CASES, "all_matches": True}, {"n": 0}) == Done({"n": 0}, "default")

    @pytest.mark.parametrize("names", [("a", "a"), ("default",), ("error",), ()])
    def test_names_must_differ(self, names: tuple[str, ...]) -> None:
        assert stored_faults(Switch, {"cases": [case(name, True) for name in names]})


class TestMerge:
    def test_only_what_was_delivered_is_merged(self) -> None:
        sources = {"b": 2, "a": {"x": 1}}
        assert run(Merge, {}, sources=sources) == Done({"b": 2, "a": {"x": 1}})
        assert run(Merge, {"combine": "list"}, sources=sources) == Done([2, {"x": 1}])
        assert run(Merge, {}, sources={"a": None}) == Done({"a": None})

    def test_too_few_branches_are_an_error(self) -> None:
        with pytest.raises(NodeError, match="2 branches were wanted, and only 1 can come"):
            run(Merge, {"mode": "n"}, sources={"a": 1})

    def test_how_many_deliveries_are_enough(self) -> None:
        wanted = [Merge.needs_of(params) for params in ({}, {"mode": "any"}, {"mode": "n"}, {"mode": "n", "count": 3})]
        assert wanted == [None, 1, 2, 3]

    def test_only_objects_become_one_object(self) -> None:
        with pytest.raises(NodeError, match="“b” is not an object"):
            run(Merge, {"combine": "merge_objects"}, sources={"b": 2, "a": {"x": 1}})


class TestWait:
    @pytest.mark.parametrize(
        ("params", "length"),
        [
            ({"duration": {"seconds": 1.5}}, timedelta(seconds=1.5)),
            ({"duration": 90}, timedelta(seconds=90)),
            ({"duration": {"days": 1, "hours": 2, "minutes": 3, "seconds": 4}}, timedelta(1, 7384)),
            ({"duration": {"minutes": "{{ $json.n }}"}}, timedelta(minutes=7)),
            ({"duration": {"days": 10_000_000}}, timedelta(days=366)),
            ({"until": "2026-11-20T10:30:00+01:00"}, timedelta(minutes=30)),
            ({"until": "9999-12-31T23:59:59Z"}, timedelta(days=366)),
        ],
    )
    def test_it_suspends_until_then(self, params: Any, length: timedelta) -> None:
        assert run(Wait, params, {"n": 7}) == Suspend(Timer(NOW + length))

    @pytest.mark.parametrize("params", [{"duration": 0}, {"duration": {}}, {"until": "2020-01-01T00:00:00Z"}])
    def test_what_has_passed_is_not_waited_for(self, params: Any) -> None:
        assert run(Wait, params, {"n": 7}) == Done({"n": 7})

    @pytest.mark.parametrize(
        "params",
        [
            {},
            {"duration": 1, "until": "2026-11-20T10:30:00Z"},
            {"duration": -1},
            {"duration": {"weeks": 1}},
            {"duration": True},
            {"duration": float("inf")},
            {"until": "2026-11-20T10:30:00"},
            {"until": "tomorrow"},
            {"duration": 1, "timeout": 1},
            {"duration": 1, "event": "paid"},
            {"mode": "callback", "duration": 1},
            {"mode": "callback", "method": "HEAD"},
            {"mode": "callback", "match": {"a": 1}},
            {"mode": "event"},
            {"mode": "event", "event": "has spaces"},
            {"mode": "event", "event": "paid", "match": {"a..b": 1}},
            {"mode": "event", "event": "paid", "match": dict.fromkeys("abcdef", 1)},
        ],
    )
    def test_what_is_no_moment(self, params: Any) -> None:
        with pytest.raises(ParamsInvalid):
            validated(Wait, params)

    def test_it_waits_for_a_call_or_an_event(self) -> None:
        assert run(Wait, {"mode": "callback", "timeout": 60}) == Suspend(
            Callback(NOW + timedelta(minutes=1), "A call (POST)")
        )
        asked = run(Wait, {"mode": "event", "event": "paid", "match": {"order.id": "{{ $json.n }}"}}, {"n": 7})
        assert asked == Suspend(Event("paid", {"order.id": 7}))
        assert asked.wait.title == "paid where order.id = 7"  # type: ignore[union-attr]

    def test_what_came_goes_on_and_what_did_not_leaves_by_timeout(self) -> None:
        params = params_of(Wait, {"mode": "event", "event": "paid", "timeout": 1})
        assert Wait().resume(params, FakeContext(json=1), None, {"id": "e"}) == Done({"id": "e"})
        assert Wait().resume(params, FakeContext(json=1), None, None) == Done(1, "timeout")
        assert Wait.ports_of({"mode": "event", "timeout": 1}) == ("main", "timeout")
        assert Wait.ports_of({"mode": "event"}) == ("main",)

    @pytest.mark.parametrize("value", [None, "", [], {}, "x" * 201])
    def test_an_event_is_found_by_one_short_value(self, value: Any) -> None:
        with pytest.raises(NodeError, match="at “id”"):
            run(Wait, {"mode": "event", "event": "paid", "match": {"id": "{{ $json }}"}}, value)


class TestStop:
    def test_success_and_error(self) -> None:
        assert run(StopNode, {}, {"a": 1}) == Stop(True, {"a": 1})
        assert run(StopNode, {"outcome": "error"}, 1) == Stop(False, 1, "The workflow stopped with an error.")
        assert run(StopNode, {"outcome": "error", "message": "No {{ $json }}", "output": {"b": 2}}, 7) == Stop(
            False, {"b": 2}, "No 7"
        )


class TestRespond:
    def test_the_response_is_for_whoever_waits(self) -> None:
        result = run(Respond, {"status": "{{ $json.code }}", "body": "ok", "headers": {"X-Id": 7}}, {"code": 202})
        assert isinstance(result, Done)
        assert result.response == Response(202, "ok", {"X-Id": "7"})

    @pytest.mark.parametrize("status", [100, 199, 600, "x", None])
    def test_statuses(self, status: Any) -> None:
        with pytest.raises(ParamsInvalid):
            validated(Respond, {"status": status})

    @pytest.mark.parametrize(
        "headers",
        [
            *({"Set-Cookie": "a=b"}, {"X": "a\r\nY: b"}, {"X Y": "a"}, {"": "a"}, {"X": "é"}, {"Content-Length": "0"}),
            *({"X": "a\x1b[31m"}, {"X": "a\tb"}),
            # Scripts from the product's own address are what its Content-Security-Policy trusts.
            *({"Content-Type": "text/JavaScript; charset=utf-8"}, {"content-type": "application/x-ecmascript"}),
            *({"Content-Type": "text/css"},),
        ],
    )
    def test_headers_that_would_harm_the_product(self, headers: Any) -> None:
        with pytest.raises(ParamsInvalid):
            validated(Respond, {"headers": headers})


class TestTransform:
    def test_values_keep_their_type(self) -> None:
        fields = [{"name": "a", "value": "{{ $json.n }}"}, {"name": "b", "value": "{{ $json.n }}!"}]
        assert run(Transform, {"fields": fields}, {"n": 3}) == Done({"a": 3, "b": "3!"})

    def test_dots_build_objects(self) -> None:
        fields = [{"name": "a.b.c", "value": 1}, {"name": "a.b.d", "value": 2}, {"name": "a.e", "value": None}]
        assert run(Transform, {"fields": fields}) == Done({"a": {"b": {"c": 1, "d": 2}, "e": None}})

    def test_the_input_stays_as_it_was(self) -> None:
        given = {"a": {"b": 1, "c": {"d": 2}}, "z": 1}
        params = {
            "mode": "merge",
            "fields": [{"name": "a.c.d", "value": 3}],
            "remove": ["z", "a.b", "nothing.here", "a.b.c"],
        }
        assert run(Transform, params, given) == Done({"a": {"c": {"d": 3}}})
        assert given == {"a": {"b": 1, "c": {"d": 2}}, "z": 1}

    def test_what_is_no_object_cannot_be_entered(self) -> None:
        with pytest.raises(NodeError, match="“a” is not an object"):
            run(Transform, {"mode": "merge", "fields": [{"name": "a.b", "value": 1}]}, {"a": [1]})
        with pytest.raises(NodeError, match="input is not an object"):
            run(Transform, {"mode": "merge"}, [1])

    @pytest.mark.parametrize("name", ["", ".", "a.", ".a", "a..b", " a"])
    def test_names_that_are_none(self, name: str) -> None:
        assert stored_faults(Transform, {"fields": [{"name": name, "value": 1}]})
