"""HTTP_REQUEST's many calls in a real engine: pages and items that were done are not done again."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from apps.core import clock
from apps.executions import services, store
from tests.executions.conftest import Engine, definition, node
from tests.executions.worker.test_calls import there as there
from tests.fakes.receiver import Receiver

pytestmark = pytest.mark.integration

PAGES = 6


def asking(there: Receiver, **params: Any) -> dict[str, Any]:
    call = node("call", "ACTION.HTTP_REQUEST", **({"url": f"{there.url}/x", "returns": "body"} | params))
    return definition(
        [node("t", "TRIGGER.MANUAL"), node("names", "FLOW.FILTER", condition=True), call], ["t > names", "names > call"]
    )


def lose(engine: Engine, seen: int, there: Receiver) -> None:
    """Take the execution from its owner while the call after so many is under way; another one takes it."""
    lost = engine.dispatchers.pop()
    while len(there.seen) <= seen:
        time.sleep(0.005)
    store.release(worker_id=lost.worker_id)
    engine.add_dispatcher()


def test_a_crash_between_pages_costs_one_page(engine: Engine, there: Receiver) -> None:
    for page in range(1, 4):
        there.says(body=[page])
    there.says(body=[4], delay=0.5)  # under way when its owner is lost
    for page in (*range(4, PAGES + 1), None):
        there.says(body=[page] if page else [])
    execution_id = engine.start(engine.publish(asking(there, pagination={"type": "page"})))
    lose(engine, 3, there)
    found = engine.until(execution_id)
    assert found["output"] == list(range(1, PAGES + 1))
    assert [each["path"] for each in there.seen] == [f"/x?page={at}" for at in (1, 2, 3, 4, 4, 5, 6, 7)]


def test_expressions_of_items_and_pages_see_what_others_see(engine: Engine, there: Receiver) -> None:
    there.says(body={"rows": [1], "next": "b"})
    there.says(body={"rows": [2], "next": None})
    document = asking(
        there,
        url=there.url + "/{{ $item }}/{{ $node.names.who }}/{{ $execution.mode }}",
        batch={"items": "{{ $json.ids }}", "size": 1},
        pagination={
            "type": "cursor",
            "items": "rows",
            "next": "{{ $json.body.next && $node.names.who + $json.body.next }}",
        },
    )
    found = engine.run(document, {"ids": [7], "who": "ann"})
    assert found["output"] == {"results": [[1, 2]], "failed": 0}
    assert [each["path"] for each in there.seen] == ["/7/ann/production", "/7/ann/production?cursor=annb"]


def test_a_long_pause_is_a_wait_of_the_execution(engine: Engine, there: Receiver) -> None:
    there.says(body=[1])
    there.says(body=[])
    document = asking(there, pagination={"type": "page", "pause_seconds": 2.5})
    execution_id = engine.start(engine.publish(document))
    waiting = engine.until(execution_id, "WAITING")
    assert waiting["waits"][0]["kind"] == "timer"
    assert engine.until(execution_id)["output"] == [1]


def test_a_batch_under_way_is_hung_up_when_it_is_cancelled(engine: Engine, there: Receiver) -> None:
    for _ in range(4):
        there.says(delay=5.0)
    document = asking(there, batch={"items": "{{ $json }}", "size": 4})
    execution_id = engine.start(engine.publish(document), [1, 2, 3, 4])
    while len(there.seen) < 4:
        time.sleep(0.005)
    began = time.monotonic()
    services.execution_cancel(
        workspace_id=engine.workspace.id, execution_id=execution_id, now=clock.now(), by="alice@example.com"
    )
    engine.poke()
    engine.until(execution_id, "CANCELED")
    while any(each.name.startswith("batch") for each in threading.enumerate()):
        time.sleep(0.01)
    assert time.monotonic() - began < 2.5
