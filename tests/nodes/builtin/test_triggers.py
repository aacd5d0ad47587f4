"""MANUAL, WEBHOOK and CRON."""

from __future__ import annotations

from typing import Any

import pytest

from apps.nodes.builtin.triggers.cron import Cron
from apps.nodes.builtin.triggers.manual import Manual
from apps.nodes.builtin.triggers.webhook import Webhook
from apps.nodes.contract import Done
from apps.nodes.params import ParamsInvalid, stored_faults, validated
from tests.nodes.running import run


class TestWebhook:
    PARAMS = {"path": "orders", "method": "POST"}

    def test_its_address_is_method_and_path(self) -> None:
        assert Webhook.address(self.PARAMS, node_id="hook") == "POST orders"
        assert Webhook.address({"path": "/a/b/"}, node_id="hook") == "POST a/b"

    @pytest.mark.parametrize("given", [{"id": 1}, [1], "text", 3, None, {"headers": {}}, {"body": 1, "id": 2}])
    def test_anything_becomes_the_body(self, given: Any) -> None:
        assert Webhook.accept(self.PARAMS, given) == {
            "body": given,
            "headers": {},
            "query": {},
            "method": "POST",
            "path": "orders",
        }

    def test_a_whole_delivery_is_taken_as_it_is(self) -> None:
        given = {"body": {"id": 1}, "headers": {"x": "1"}, "query": {"a": "b"}, "method": "PUT", "path": "p"}
        assert Webhook.accept(self.PARAMS, given) == given
        assert Webhook.accept(self.PARAMS, {"body": 1})["method"] == "POST"

    @pytest.mark.parametrize(
        "secret",
        [
            {"kind": "none"},
            {"kind": "header", "value": "12345678"},
            {"kind": "header", "header": "X-Token", "value": "12345678"},
            *({"kind": "hmac", "preset": preset, "secret": "12345678"} for preset in ("github", "stripe", "standard")),
            {"kind": "hmac", "secret": "12345678", "header": "X-Hub"},
        ],
    )
    def test_secrets(self, secret: Any) -> None:
        assert validated(Webhook, self.PARAMS | {"secret": secret}).secret.kind == secret["kind"]

    @pytest.mark.parametrize("path", ["orders", "/orders/", "a/b-c_d/e.f~g", "A1"])
    def test_paths(self, path: str) -> None:
        assert validated(Webhook, {"path": path}).path == path.strip("/")

    @pytest.mark.parametrize("path", ["", "/", "a//b", "..", "a/../b", ".env", "a b", "a?b", "a#b", "ä", "a\nb", "%2e"])
    def test_paths_that_are_none(self, path: str) -> None:
        with pytest.raises(ParamsInvalid):
            validated(Webhook, {"path": path})


class TestCron:
    @pytest.mark.parametrize("expression", ["* * * * *", "0 9 * * 1-5", "*/10 * * * * *", "0 0 29 2 *", "0 9 L * *"])
    def test_expressions(self, expression: str) -> None:
        assert stored_faults(Cron, {"expression": expression}) == []

    @pytest.mark.parametrize(
        "expression", ["", "nine", "* * * *", "61 * * * *", "0 0 30 2 *", "* * * * * * *", "@daily"]
    )
    def test_expressions_that_are_none(self, expression: str) -> None:
        (fault,) = stored_faults(Cron, {"expression": expression})
        assert fault.path == "params.expression"

    @pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "/etc/passwd", "a\0b"])
    def test_zones_that_are_none(self, zone: str) -> None:
        (fault,) = stored_faults(Cron, {"expression": "* * * * *", "timezone": zone})
        assert fault.path == "params.timezone"

    def test_started_by_hand_this_moment_is_due(self) -> None:
        result = run(Cron, {"expression": "* * * * *", "timezone": "Asia/Tokyo"})
        assert isinstance(result, Done)
        assert result.output == {
            "due_at": "2026-11-20T18:00:00+09:00",
            "fired_at": "2026-11-20T09:00:00+00:00",
            "timezone": "Asia/Tokyo",
        }


def test_started_by_hand_without_input_there_is_an_empty_object() -> None:
    assert Manual.accept({}, None) == {}
    assert Manual.accept({}, [1]) == [1]
    assert Manual.address({}, node_id="a") is None
