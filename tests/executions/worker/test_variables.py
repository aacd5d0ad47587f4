"""The workspace's variables as expressions of running workflows see them, and what reading them costs."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import clock
from apps.core.ids import uuid7
from apps.executions import services, store
from apps.executions.worker.dispatcher import Dispatcher
from apps.workflows import variables
from apps.workflows.models import Variable
from tests.cast import Cast
from tests.executions.conftest import Engine, definition, fields, node

pytestmark = pytest.mark.integration


def make(cast: Cast, key: str, value: Any) -> Variable:
    return variables.variable_create(workspace_id=cast.workspace.id, actor=cast.owner, key=key, value=value)


def reading(**values: str) -> dict[str, Any]:
    """A workflow of one step that sets these fields."""
    return definition([node("t", "TRIGGER.MANUAL"), node("a", "ACTION.TRANSFORM", fields=fields(**values))], ["t > a"])


def test_expressions_read_them(idle: Engine, cast: Cast) -> None:
    rates = make(cast, "rates", {"eur": 1.5})
    idle.add_dispatcher()
    origin = idle.publish(reading(sum="{{ $json.n * $vars.rates.eur }}", none="{{ $vars.nothing }}", all="{{ $vars }}"))
    assert idle.until(idle.start(origin, {"n": 2}))["output"] == {
        "sum": 3,
        "none": None,
        "all": {"rates": {"eur": 1.5}},
    }
    variables.variable_update(workspace_id=cast.workspace.id, variable_id=rates.id, actor=cast.owner, value={"eur": 10})
    assert idle.until(idle.start(origin, {"n": 2}))["output"]["sum"] == 20


def test_they_stand_in_conditions_of_connections_and_in_loops(idle: Engine, cast: Cast) -> None:
    make(cast, "is_live", True)
    make(cast, "factor", 3)
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("loop", "FLOW.LOOP", items="{{ $json }}", result="{{ $json.v + $vars.factor }}"),
            {**node("v", "ACTION.TRANSFORM", fields=fields(v="{{ $item * $vars.factor }}")), "parent": "loop"},
        ],
        ["t > loop"],
    )
    document["connections"][0]["condition"] = "{{ $vars.is_live }}"
    idle.add_dispatcher()
    assert idle.until(idle.start(idle.publish(document), [1, 2]))["output"] == [6, 9]


def test_one_workspace_does_not_see_anothers(idle: Engine, cast: Cast) -> None:
    variables.variable_create(workspace_id=cast.other_workspace.id, actor=cast.owner, key="region", value="elsewhere")
    idle.add_dispatcher()
    assert idle.run(reading(region="{{ $vars.region }}"))["output"] == {"region": None}


def test_what_reads_none_pays_nothing(idle: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    make(cast, "n", 1)

    def statements_of(value: str) -> list[str]:
        """What taking up, running and writing one execution asks the database."""
        origin = idle.publish(reading(x=value))
        made = Dispatcher(worker_id=uuid7(), name="counted", queues=["default"])
        monkeypatch.setattr(made._movers, "submit", lambda step, *given: step(*given))
        store.worker_beat(worker_id=made.worker_id, name="counted", queues=["default"], lease_seconds=30)
        asked: list[str] = []
        for _ in range(2):  # the first time the graph is read too
            started = services.execution_start(origin=origin, trigger_node="t", input=None, now=clock.now())
            with CaptureQueriesContext(connection) as captured:
                made._claim()
            asked = [query["sql"] for query in captured]
            assert idle.snapshot(started.id)["output"] == {"x": 1}
        return asked

    without, reads = statements_of("{{ 1 }}"), statements_of("{{ $vars.n }}")
    assert not any("workflows_variable" in sql for sql in without)
    assert len(reads) - len(without) == 4, reads  # a transaction, the workspace's name, all the variables at once
    assert sum("workflows_variable" in sql for sql in reads) == 1
