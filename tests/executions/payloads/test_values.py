"""Large values leave their rows and come back the same; what users send never becomes a reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Workspace
from apps.core import jsonclean
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import payloads, replies, services, store
from apps.executions.models import Execution, NodeRun, Payload, PayloadUse, Step
from apps.executions.payloads import StorageAway
from apps.executions.payloads.folder import FolderStorage
from apps.executions.worker.stepping import Steps
from apps.nodes.contract import Effect
from tests.executions.conftest import Engine, definition, fields, node, seconds_from_now
from tests.fakes.s3 import Bucket

LARGE = {"text": "ä" * 40_000, "nested": [{"n": n} for n in range(1_000)]}
REFERENCE = {"sha256": "0" * 64, "size": 70_000, "head": "{"}

scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(-1e6, 1e6) | st.text(max_size=20)
keys = st.sampled_from(["sha256", "size", "head", "by_reference", "output", "$ref", ""]) | st.text(max_size=5)
trees = st.recursive(
    scalars | st.just(REFERENCE) | st.just({"output": REFERENCE}),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.django_db
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=trees, repeated=st.sampled_from([1, 3_000]))
def test_every_value_comes_back_as_it_was(objects: Path, workspace: Workspace, value: Any, repeated: int) -> None:
    value = jsonclean.cleaned([value] * repeated if repeated > 1 else value)
    left, references = payloads.taken_out(workspace.id, {"output": value, "params": value})
    for name, text in (("output", payloads.dump(value)), ("params", payloads.dump(value))):
        assert (name in references) == (len(text.encode()) > payloads.INLINE_BYTES)
        assert left[name] == (None if name in references else value)
    assert payloads.brought_back(workspace.id, left, references) == {"output": value, "params": value}


@pytest.mark.integration
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=trees)
def test_what_users_send_never_becomes_a_reference(engine: Engine, objects: Path, value: Any) -> None:
    """Through start, node run, output and snapshot, whatever it looks like."""
    value = jsonclean.cleaned(value)
    document = definition(
        [node("t", "TRIGGER.MANUAL"), node("copy", "ACTION.TRANSFORM", fields=fields(all="{{ $json }}"))],
        ["t > copy"],
    )
    ended = engine.run(document, value)
    assert ended["status"] == "SUCCESS", ended["error"]
    assert ended["output"] == {"all": value}
    with tenant(engine.workspace.id):
        assert not Execution.objects.filter(id=ended["id"], by_reference__isnull=False).exists()
        assert not NodeRun.objects.filter(execution_id=ended["id"], by_reference__isnull=False).exists()
        assert not PayloadUse.objects.exists()
    assert files(objects) == []


WAITING = definition(
    [
        node("t", "TRIGGER.MANUAL"),
        node("copy", "ACTION.TRANSFORM", fields=fields(all="{{ $json }}", count="{{ $json.nested.length() }}")),
        node("wait", "FLOW.WAIT", until=seconds_from_now(0.3)),
        node("end", "ACTION.TRANSFORM", fields=fields(text="{{ $node['copy'].all.text }}")),
    ],
    ["t > copy", "copy > wait", "wait > end"],
)


@pytest.mark.integration
def test_an_execution_goes_on_with_large_values_after_a_wait(engine: Engine, objects: Path) -> None:
    execution_id = engine.start(engine.publish(WAITING), LARGE)
    ended = engine.until(execution_id)
    assert ended["status"] == "SUCCESS", ended["error"]
    with tenant(engine.workspace.id):
        execution = Execution.objects.get(id=execution_id)
        assert execution.input is None
        assert execution.output is None
        assert payloads.value_of(execution, "input") == LARGE
        assert payloads.value_of(execution, "output") == {"text": LARGE["text"]}
        copy = NodeRun.objects.get(execution_id=execution_id, node_id="copy")
        assert copy.output is None
        assert payloads.value_of(copy, "output") == {"all": LARGE, "count": 1_000}
        used = set(PayloadUse.objects.filter(execution_id=execution_id).values_list("sha256", flat=True))
        known = dict(Payload.objects.values_list("sha256", "size"))
    assert used == set(known) == set(files(objects))
    assert all(
        (objects / f"{engine.workspace.id}/payloads/{name[:2]}/{name}").stat().st_size == size
        for name, size in known.items()
    )


@pytest.mark.integration
def test_the_same_in_a_bucket_and_each_value_is_there_once(engine: Engine, pail: Bucket) -> None:
    origin = engine.publish(definition([node("t", "TRIGGER.MANUAL")], []))
    first, second = (engine.until(engine.start(origin, LARGE)) for _ in range(2))
    assert (first["status"], second["status"]) == ("SUCCESS", "SUCCESS")
    assert len(pail.objects) == 1
    assert [method for method, _ in pail.seen].count("PUT") == 1
    with tenant(engine.workspace.id):
        assert PayloadUse.objects.count() == 2


@pytest.mark.integration
def test_a_storage_that_is_away_delays_executions_and_fails_none(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In the run's own folder, which the process for suspects knows as well.
    away = {"put": 3, "get": 3}

    def away_for_a_while(name: str) -> Any:
        real = getattr(FolderStorage, name)

        def done(self: FolderStorage, *args: Any, **given: Any) -> Any:
            if away[name]:
                away[name] -= 1
                raise StorageAway("not now")
            return real(self, *args, **given)

        return done

    origin = engine.publish(WAITING)
    execution_id = engine.start(origin, LARGE)
    for name in away:
        monkeypatch.setattr(FolderStorage, name, away_for_a_while(name))
    assert engine.until(execution_id, seconds=20)["status"] == "SUCCESS"
    assert away == {"put": 0, "get": 0}


@pytest.mark.integration
def test_a_crash_between_object_and_commit_leaves_only_what_retention_knows(engine: Engine, objects: Path) -> None:
    payloads.taken_out(engine.workspace.id, {"output": LARGE})
    with tenant(engine.workspace.id):
        assert set(Payload.objects.values_list("sha256", flat=True)) == set(files(objects))
        assert not PayloadUse.objects.exists()


@pytest.mark.integration
def test_a_large_response_reaches_who_asks_for_it_later(engine: Engine, objects: Path) -> None:
    document = definition([node("t", "TRIGGER.MANUAL"), node("say", "FLOW.RESPOND", body="{{ $json }}")], ["t > say"])
    execution_id = engine.start(engine.publish(document), LARGE)
    engine.until(execution_id)
    told = replies.reply_now(execution_id)
    assert told is not None
    assert told.response is not None
    assert told.response["body"] == LARGE


@pytest.mark.integration
def test_input_beyond_the_limit_is_refused_before_anything_is_kept(engine: Engine, objects: Path) -> None:
    origin = engine.publish(definition([node("t", "TRIGGER.MANUAL")], []))
    with pytest.raises(services.InputTooLarge, match="16,000,000"):
        engine.start(origin, "x" * 16_000_001)
    assert files(objects) == []


@pytest.mark.integration
def test_large_results_of_steps_come_back_when_the_node_runs_again(
    committed_db: None, workspace: Workspace, objects: Path
) -> None:
    idle = Engine(workspace)
    execution_id = idle.start(idle.publish(definition([node("t", "TRIGGER.MANUAL")], [])))
    [claimed] = store.claim(worker_id=uuid7(), queues=["default"], places=1)

    def steps(*, reenters: bool) -> Steps:
        return Steps(claimed, "t", "", seconds=5, reenters=reenters, repeats_unknown=False)

    assert steps(reenters=False).do("one", lambda key: LARGE, Effect.READ, honours_key=False) == LARGE
    assert steps(reenters=True).do("one", lambda key: pytest.fail("again"), Effect.READ, honours_key=False) == LARGE
    with tenant(workspace.id):
        assert Step.objects.get().result is None
        assert PayloadUse.objects.get().execution_id == execution_id


def test_small_values_are_not_looked_at_twice() -> None:
    assert not payloads.is_large("x" * payloads.INLINE_BYTES)
    assert payloads.is_large("x" * (payloads.INLINE_BYTES + 1))
    assert not payloads.is_large("ä" * (payloads.INLINE_BYTES // 2))
    assert payloads.is_large("ä" * (payloads.INLINE_BYTES // 2 + 1))


@pytest.mark.integration
def test_another_workspace_cannot_see_who_uses_what(engine: Engine, objects: Path, other_workspace: Workspace) -> None:
    engine.run(definition([node("t", "TRIGGER.MANUAL")], []), LARGE)
    with tenant(other_workspace.id):
        assert not Payload.objects.exists()
        assert not PayloadUse.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM executions_payload")
        assert cursor.fetchone() == (0,)
