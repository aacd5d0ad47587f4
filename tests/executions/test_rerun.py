"""Executions that do another one again, through a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from pytest_django.fixtures import Settings

from apps.accounts.access.actor import system
from apps.core import clock
from apps.core.errors import Invalid
from apps.core.tenancy import tenant
from apps.executions import logbook, rerun, selectors, services
from apps.executions.models import Execution
from apps.executions.rerun import Again, DoesNotFit, NotEnded, NothingFailed
from apps.executions.services import Origin
from apps.workflows import graph
from apps.workflows.models import Version, Workflow
from tests.executions.conftest import Engine, Json, definition, fields, node
from tests.fakes.receiver import Receiver, receiver

pytestmark = pytest.mark.integration


@pytest.fixture
def there(settings: Settings) -> Iterator[Receiver]:
    with receiver() as found:
        settings.EGRESS_ALLOW = [found.host]
        yield found


def again(engine: Engine, execution_id: UUID, **given: Any) -> UUID:
    started = rerun.execution_rerun(
        workspace_id=engine.workspace.id,
        execution_id=execution_id,
        actor=system("test"),
        now=clock.now(),
        again=Again(**given),
    )
    engine.poke()
    return started.id


def publish_next(engine: Engine, origin: Origin, document: Json) -> Version:
    """One more version of the workflow, which is the newest then."""
    graph.compile(document)
    with tenant(engine.workspace.id):
        version = Version.objects.create(
            workspace=engine.workspace,
            workflow_id=origin.workflow_id,
            number=2,
            definition=document,
            digest="",
            published_by_label="test",
            published_at=clock.now(),
        )
        Workflow.objects.filter(id=origin.workflow_id).update(active_version=version)
    return version


def runs(found: Json) -> dict[str, Json]:
    return {run["node_id"]: run for run in found["node_runs"] if not run["path"]}


def states(found: Json) -> dict[str, str]:
    return {name: run["state"] for name, run in runs(found).items()}


def logged(engine: Engine, found: Json) -> list[str]:
    with tenant(engine.workspace.id):
        row = selectors.execution_get(workspace_id=engine.workspace.id, execution_id=UUID(found["id"]))
        page = logbook.execution_page(execution=row, wanted=logbook.Wanted())
        return [line.entry.message for line in page.lines]


def execution(engine: Engine, execution_id: UUID) -> Execution:
    with tenant(engine.workspace.id):
        return Execution.objects.get(id=execution_id)


def order(there: Receiver, **call: Any) -> Json:
    """A price, a charge that calls out, a parcel."""
    charge = {"method": "POST", "url": f"{there.url}/charge", "json": {"sum": "{{ $json.sum }}"}} | call
    return definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("price", "ACTION.TRANSFORM", fields=fields(sum="{{ $json.number * 2 }}")),
            node("charge", "ACTION.HTTP_REQUEST", **charge),
            node("ship", "ACTION.TRANSFORM", fields=fields(shipped="{{ $node['price'].sum }}")),
        ],
        ["t > price", "price > charge", "charge > ship"],
    )


def keys(there: Receiver) -> list[str]:
    return [seen["headers"]["idempotency-key"] for seen in there.seen]


# ── From where it failed ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_redrive_goes_on_where_it_failed_and_keeps_the_rest(engine: Engine, there: Receiver) -> None:
    there.says(404)
    failed = engine.until(engine.start(engine.publish(order(there)), {"number": 4}), "ERROR")
    began = execution(engine, UUID(failed["id"]))

    found = engine.until(again(engine, began.id, begins="failed"))

    assert found["status"] == "SUCCESS"
    assert found["output"] == {"shipped": 8}
    assert runs(found)["price"]["kept_from"] == failed["id"]
    assert runs(found)["price"]["started_at"] == runs(failed)["price"]["started_at"]
    assert "kept_from" not in runs(found)["charge"]
    new = execution(engine, UUID(found["id"]))
    assert (new.lineage_id, new.rerun_of, new.input) == (began.lineage_id, began.id, {"number": 4})
    assert keys(there)[1] == f"{keys(there)[0]}:1", "what was received and refused is another try"
    assert execution(engine, began.id).status == "ERROR"


def test_a_redrive_of_a_redrive_still_says_where_a_step_ran(engine: Engine, there: Receiver) -> None:
    there.says(404)
    there.says(404)
    first = engine.until(engine.start(engine.publish(order(there)), {"number": 4}), "ERROR")
    second = engine.until(again(engine, UUID(first["id"]), begins="failed"), "ERROR")
    third = engine.until(again(engine, UUID(second["id"]), begins="failed"))
    assert third["status"] == "SUCCESS"
    assert runs(third)["price"]["kept_from"] == first["id"]
    assert len(set(keys(there))) == 3
    assert execution(engine, UUID(third["id"])).lineage_id == UUID(first["id"])


def test_branches_that_were_stopped_with_it_run_again_and_those_that_ended_do_not(
    engine: Engine, there: Receiver
) -> None:
    there.says(404)
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("one", "ACTION.TRANSFORM", fields=fields(a=1)),
            node("bad", "ACTION.HTTP_REQUEST", method="GET", url=f"{there.url}/bad"),
            node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="Ship?", timeout_seconds=3600),
            node("no", "ACTION.TRANSFORM", fields=fields(b=1)),
            node("gate", "FLOW.IF", condition="{{ false }}"),
        ],
        ["t > one", "t > bad", "t > ask", "t > gate", "gate.true > no"],
        while_paused="allow",
    )
    failed = engine.until(engine.start(engine.publish(document)), "ERROR")
    assert states(failed)["ask"] == "CANCELED"
    found = engine.until(again(engine, UUID(failed["id"]), begins="failed"), "WAITING_FOR_HUMAN")
    assert states(found) == {
        "t": "COMPLETED",
        "one": "COMPLETED",
        "bad": "COMPLETED",
        "ask": "WAITING_INPUT",
        "gate": "COMPLETED",
        "no": "SKIPPED",
    }
    assert {name for name, run in runs(found).items() if "kept_from" in run} == {"t", "one", "gate", "no"}
    assert len(there.seen) == 2


def test_a_write_nobody_saw_the_end_of_is_asked_about_before_it_is_sent_again(engine: Engine, there: Receiver) -> None:
    there.says(hang_up=True)
    first = engine.start(engine.publish(order(there)), {"number": 4})
    engine.until(first, "WAITING_FOR_HUMAN")
    services.execution_cancel(workspace_id=engine.workspace.id, execution_id=first, now=clock.now(), by="alice")
    assert [write["node_id"] for write in execution(engine, first).unknown_writes] == ["charge"]

    second = again(engine, first, begins="failed")

    found = engine.until(second, "WAITING_FOR_HUMAN")
    assert states(found)["charge"] == "NEEDS_REVIEW"
    assert len(there.seen) == 1
    (wait,) = [each for each in found["waits"] if each["resolved_at"] is None]
    services.wait_resolve(
        workspace_id=engine.workspace.id,
        wait_id=UUID(wait["id"]),
        answer={"outcome": "run_again"},
        by="alice",
        now=clock.now(),
    )
    engine.poke()
    assert engine.until(second)["status"] == "SUCCESS"
    assert keys(there)[0] == keys(there)[1], "the receiver can still tell that it is the same"


def test_a_write_whose_receiver_knows_keys_is_sent_again_under_the_same_one(engine: Engine, there: Receiver) -> None:
    for _ in range(5):
        there.says(hang_up=True)
    document = order(there, receiver_honours_key=True)
    document["nodes"][2]["retry"] = {"attempts": 1}
    failed = engine.until(engine.start(engine.publish(document), {"number": 4}), "ERROR", "WAITING_FOR_HUMAN")
    assert failed["status"] == "ERROR"
    there.answers.clear()
    found = engine.until(again(engine, UUID(failed["id"]), begins="failed"))
    assert found["status"] == "SUCCESS"
    assert len(set(keys(there))) == 1


def test_the_start_of_a_failed_execution_is_of_its_lineage_and_that_of_a_good_one_is_not(
    engine: Engine, there: Receiver
) -> None:
    there.says(404)
    origin = engine.publish(order(there))
    failed = engine.until(engine.start(origin, {"number": 4}), "ERROR")
    good = engine.until(again(engine, UUID(failed["id"])))
    assert (good["status"], states(good)["price"]) == ("SUCCESS", "COMPLETED")
    assert "kept_from" not in runs(good)["price"]
    once_more = engine.until(again(engine, UUID(good["id"])))
    lineages = [execution(engine, UUID(found["id"])).lineage_id for found in (failed, good, once_more)]
    assert lineages[0] == lineages[1] != lineages[2]
    assert len(set(keys(there))) == 2, "the charge of the failed one is not made twice"


def test_where_nothing_failed_there_is_nothing_to_go_on_from(engine: Engine) -> None:
    document = definition([node("t", "TRIGGER.MANUAL")], [])
    good = engine.run(document)
    with pytest.raises(NothingFailed):
        again(engine, UUID(good["id"]), begins="failed")


def test_what_has_not_ended_can_only_begin_again(engine: Engine) -> None:
    document = definition(
        [node("t", "TRIGGER.MANUAL"), node("ask", "HUMAN_IN_THE_LOOP.CONFIRMATION", title="?", timeout_seconds=60)],
        ["t > ask"],
        while_paused="allow",
    )
    waiting = engine.start(engine.publish(document))
    engine.until(waiting, "WAITING_FOR_HUMAN")
    for given in ({"begins": "failed"}, {"begins": "node", "node": "ask"}):
        with pytest.raises(NotEnded):
            again(engine, waiting, **given)
    engine.until(again(engine, waiting), "WAITING_FOR_HUMAN")


# ── From a node ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_from_a_node_on_everything_after_it_is_done_again(engine: Engine, there: Receiver) -> None:
    good = engine.run(order(there), {"number": 4})
    found = engine.until(again(engine, UUID(good["id"]), begins="node", node="charge"))
    assert found["output"] == {"shipped": 8}
    assert {name for name, run in runs(found).items() if "kept_from" in run} == {"t", "price"}
    assert len(set(keys(there))) == 2, "it is meant to be sent again"


def test_from_a_node_with_another_input(engine: Engine, there: Receiver) -> None:
    good = engine.run(order(there), {"number": 4})
    given = {"begins": "node", "node": "charge", "input": {"sum": 99}, "has_input": True}
    found = engine.until(again(engine, UUID(good["id"]), **given))
    assert there.seen[1]["body"] == {"sum": 99}
    assert found["output"] == {"shipped": 99}
    assert runs(found)["price"]["kept_from"] == found["id"], "it was given, it did not run"
    assert execution(engine, UUID(good["id"])).lineage_id != execution(engine, UUID(found["id"])).lineage_id


def test_several_sources_are_given_by_name(engine: Engine) -> None:
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("a", "ACTION.TRANSFORM", fields=fields(n=1)),
            node("b", "ACTION.TRANSFORM", fields=fields(n=2)),
            node("sum", "ACTION.TRANSFORM", fields=fields(s="{{ $json.a.n + $json.b.n }}")),
        ],
        ["t > a", "t > b", "a > sum", "b > sum"],
    )
    good = engine.run(document)
    common = {"begins": "node", "node": "sum", "has_input": True}
    found = engine.until(again(engine, UUID(good["id"]), **common, input={"a": {"n": 10}}))
    assert found["output"] == {"s": 12}
    with pytest.raises(Invalid, match="each of a, b"):
        again(engine, UUID(good["id"]), **common, input={"c": 1})


def test_from_the_start_with_another_input(engine: Engine, there: Receiver) -> None:
    there.says(404)
    failed = engine.until(engine.start(engine.publish(order(there)), {"number": 4}), "ERROR")
    found = engine.until(again(engine, UUID(failed["id"]), input={"number": 5}, has_input=True))
    assert found["output"] == {"shipped": 10}
    assert execution(engine, UUID(found["id"])).lineage_id == UUID(found["id"])


def test_a_node_that_was_not_reached_cannot_be_begun_at(engine: Engine, there: Receiver) -> None:
    there.says(404)
    failed = engine.until(engine.start(engine.publish(order(there)), {"number": 4}), "ERROR")
    with pytest.raises(DoesNotFit, match="“charge” did not finish"):
        again(engine, UUID(failed["id"]), begins="node", node="ship")
    with pytest.raises(DoesNotFit) as refused:
        again(engine, UUID(failed["id"]), begins="node", node="shop")
    assert refused.value.errors[0].hint == "Did you mean “ship”?"
    given = {"begins": "node", "node": "ship", "input": {"any": 1}, "has_input": True}
    assert engine.until(again(engine, UUID(failed["id"]), **given))["output"] == {"shipped": 8}


def test_a_branch_that_was_not_taken_cannot_be_begun_at(engine: Engine) -> None:
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("big", "FLOW.IF", condition="{{ false }}"),
            node("yes", "ACTION.TRANSFORM", fields=fields(a=1)),
        ],
        ["t > big", "big.true > yes"],
    )
    found = engine.run(document)
    with pytest.raises(DoesNotFit, match="took another way"):
        again(engine, UUID(found["id"]), begins="node", node="yes")


def test_errors_that_were_routed_are_kept(engine: Engine, there: Receiver) -> None:
    there.says(404)
    document = definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("call", "ACTION.HTTP_REQUEST", method="POST", url=there.url, _on_error="route"),
            node("sorry", "ACTION.TRANSFORM", fields=fields(code="{{ $json.error.code }}")),
            node("fine", "ACTION.TRANSFORM", fields=fields(a=1)),
        ],
        ["t > call", "call.error > sorry", "call > fine"],
    )
    good = engine.run(document)
    found = engine.until(again(engine, UUID(good["id"]), begins="node", node="sorry"))
    assert found["output"] == {"code": "http.status"}
    assert (states(found)["call"], states(found)["fine"], len(there.seen)) == ("FAILED", "SKIPPED", 1)


# ── With a newer version ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_newest_version_goes_on_with_what_the_old_one_finished(engine: Engine, there: Receiver) -> None:
    there.says(404)
    origin = engine.publish(order(there))
    failed = engine.until(engine.start(origin, {"number": 4}), "ERROR")
    mended = order(there, url=f"{there.url}/better")
    mended["nodes"][1]["name"] = "Renamed"
    mended["nodes"][3]["params"]["fields"] = fields(shipped="{{ $node['Renamed'].sum }}", also=True)
    publish_next(engine, origin, mended)
    found = engine.until(again(engine, UUID(failed["id"]), begins="failed", version="newest"))
    assert (found["version"], found["output"]) == (2, {"shipped": 8, "also": True})
    assert there.seen[1]["path"] == "/better"
    assert runs(found)["price"]["kept_from"] == failed["id"]


def test_new_nodes_on_the_way_run_and_others_are_refused(engine: Engine, there: Receiver) -> None:
    there.says(404)
    origin = engine.publish(order(there))
    failed = engine.until(engine.start(origin, {"number": 4}), "ERROR")
    mended = order(there)
    mended["nodes"].append(node("round", "ACTION.TRANSFORM", fields=fields(sum="{{ $json.sum + 1 }}")))
    mended["connections"] = definition([], ["t > price", "price > round", "round > charge", "charge > ship"])[
        "connections"
    ]
    publish_next(engine, origin, mended)
    common = {"version": "newest"}
    assert engine.until(again(engine, UUID(failed["id"]), begins="failed", **common))["status"] == "SUCCESS"
    assert there.seen[1]["body"] == {"sum": 9}
    with pytest.raises(DoesNotFit, match="“round” is new"):
        again(engine, UUID(failed["id"]), begins="node", node="charge", **common)


def test_what_does_not_fit_is_listed(engine: Engine, there: Receiver) -> None:
    there.says(404)
    document = order(there)
    document["nodes"].append(node("gate", "FLOW.SWITCH", cases=[{"name": "north", "condition": "{{ true }}"}]))
    document["connections"] += definition([], ["t > gate"])["connections"]
    origin = engine.publish(document)
    failed = engine.until(engine.start(origin, {"number": 4}), "ERROR")
    mended = order(there)
    mended["nodes"][1] = node("price", "FLOW.IF", condition="{{ true }}")
    mended["connections"][1]["port"] = "true"
    mended["nodes"].append(node("gate", "FLOW.SWITCH", cases=[{"name": "south", "condition": "{{ true }}"}]))
    mended["connections"] += definition([], ["t > gate"])["connections"]
    publish_next(engine, origin, mended)
    with pytest.raises(DoesNotFit) as refused:
        again(engine, UUID(failed["id"]), begins="failed", version="newest")
    assert [error.message for error in refused.value.errors] == [
        "“price” was of type TRANSFORM and is of type IF now.",
        "“gate” went on by “north”, and has no such port any more.",
    ]
    with tenant(engine.workspace.id):
        assert Execution.objects.count() == 1


def test_a_rerun_is_no_start_of_a_burst(engine: Engine, there: Receiver) -> None:
    document = order(there) | {"settings": {"debounce": {"seconds": 1}}}
    there.says(404)
    failed = engine.until(engine.start(engine.publish(document), {"number": 4}), "ERROR")
    made = [again(engine, UUID(failed["id"]), begins=begins) for begins in ("start", "failed", "start")]
    assert len(set(made)) == 3
    assert {engine.until(each)["status"] for each in made} == {"SUCCESS"}


def test_the_log_says_what_was_kept_and_not_that_it_ran(engine: Engine, there: Receiver) -> None:
    there.says(404)
    failed = engine.until(engine.start(engine.publish(order(there)), {"number": 4}), "ERROR")
    found = engine.until(again(engine, UUID(failed["id"]), begins="failed"))
    lines = logged(engine, found)
    assert f"Kept from run {failed['id'][-6:]}: t, price." in lines
    assert not [line for line in lines if line.startswith("price finished")]
    given = {"begins": "node", "node": "charge", "input": {"sum": 99}, "has_input": True}
    found = engine.until(again(engine, UUID(found["id"]), **given))
    assert "Given for this run: price." in logged(engine, found)


# ── Containers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def looping(there: Receiver, method: str = "GET", **params: Any) -> Json:
    """A loop whose rounds call out, between a trigger and an end."""
    call = node("call", "ACTION.HTTP_REQUEST", method=method, url=f"{there.url}/{{{{ $item }}}}", _parent="loop")
    first = node("first", "ACTION.TRANSFORM", fields=fields(n="{{ $item }}"), _parent="loop")
    return definition(
        [
            node("t", "TRIGGER.MANUAL"),
            node("loop", "FLOW.LOOP", items="{{ $json }}", result="{{ $json.status }}", **params),
            first,
            call,
            node("end", "ACTION.TRANSFORM", fields=fields(all="{{ $json }}")),
        ],
        ["t > loop", "first > call", "loop > end"],
    )


def test_a_loop_goes_on_with_the_items_it_had_not_finished(engine: Engine, there: Receiver) -> None:
    for status in (200, 200, 404):
        there.says(status)
    failed = engine.until(engine.start(engine.publish(looping(there)), ["a", "b", "c", "d"]), "ERROR")
    there.seen.clear()

    found = engine.until(again(engine, UUID(failed["id"]), begins="failed"))

    assert (found["status"], found["output"]) == ("SUCCESS", {"all": [200, 200, 200, 200]})
    assert [seen["path"] for seen in there.seen] == ["/c", "/d"]
    kept = {(run["node_id"], run["path"]) for run in found["node_runs"] if "kept_from" in run}
    assert {("loop", "loop[0]"), ("call", "loop[1]"), ("first", "loop[2]")} <= kept
    assert not {("loop", ""), ("loop", "loop[2]"), ("call", "loop[2]")} & kept


def test_in_loops_the_keys_of_writes_go_on_and_doubts_are_asked_about(engine: Engine, there: Receiver) -> None:
    there.says(200)
    there.says(404)
    failed = engine.until(engine.start(engine.publish(looping(there, "POST")), ["a", "b"]), "ERROR")
    there.says(hang_up=True)
    second = again(engine, UUID(failed["id"]), begins="failed")
    engine.until(second, "WAITING_FOR_HUMAN")
    assert keys(there)[2] == f"{keys(there)[1]}:1"
    services.execution_cancel(workspace_id=engine.workspace.id, execution_id=second, now=clock.now(), by="alice")
    third = again(engine, second, begins="failed")
    found = engine.until(third, "WAITING_FOR_HUMAN")
    assert len(there.seen) == 3
    assert [(run["path"], run["state"]) for run in found["node_runs"] if run["node_id"] == "call"] == [
        ("loop[0]", "COMPLETED"),
        ("loop[1]", "NEEDS_REVIEW"),
    ]


def test_a_loop_can_be_begun_at_anew_and_what_is_inside_cannot(engine: Engine, there: Receiver) -> None:
    good = engine.run(looping(there), ["a", "b"])
    there.seen.clear()
    with pytest.raises(DoesNotFit) as refused:
        again(engine, UUID(good["id"]), begins="node", node="call")
    assert refused.value.errors[0].hint == "Begin at “loop” (loop)."
    found = engine.until(again(engine, UUID(good["id"]), begins="node", node="loop"))
    assert (found["output"], len(there.seen)) == ({"all": [200, 200]}, 2)
    found = engine.until(again(engine, UUID(good["id"]), begins="node", node="end"))
    assert (found["output"], len(there.seen)) == ({"all": [200, 200]}, 2)
    assert all("kept_from" in run for run in found["node_runs"] if run["path"])


def test_loops_in_loops_go_on_too(engine: Engine, there: Receiver) -> None:
    inner = node("inner", "FLOW.LOOP", items="{{ $json }}", result="{{ $json.status }}", _parent="outer")
    call = node("call", "ACTION.HTTP_REQUEST", method="GET", url=f"{there.url}/{{{{ $item }}}}", _parent="inner")
    document = definition(
        [node("t", "TRIGGER.MANUAL"), node("outer", "FLOW.LOOP", items="{{ $json }}"), inner, call], ["t > outer"]
    )
    for status in (200, 200, 200, 404):
        there.says(status)
    failed = engine.until(engine.start(engine.publish(document), [["a", "b"], ["c", "d"], ["e"]]), "ERROR")
    there.seen.clear()
    found = engine.until(again(engine, UUID(failed["id"]), begins="failed"))
    assert found["output"] == [[200, 200], [200, 200], [200]]
    assert [seen["path"] for seen in there.seen] == ["/d", "/e"]
