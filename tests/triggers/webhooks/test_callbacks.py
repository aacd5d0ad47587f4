"""A workflow that waits for a call, and others who call: from the request to what the workflow makes of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client, override_settings

from apps.accounts.access.objects import Kind
from apps.accounts.services import member_add, object_share
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.executions import services
from apps.executions.calls import Address, address_of
from apps.executions.models import Call, Execution, NodeRun, Value
from apps.executions.worker.dispatcher import Dispatcher
from config.settings.logs import without_tokens
from tests.triggers.conftest import Answered, Caller, Office, definition, hook, node

pytestmark = pytest.mark.integration

URL = '{{ $execution.callback_url["approval"] }}'
TELL = node("tell", "FLOW.RESPOND", body={"call": URL})
SEEN = node("seen", "ACTION.TRANSFORM", fields=[{"name": "body", "value": "{{ $json.body }}"}])


def approval(**params: Any) -> dict[str, Any]:
    return node("approval", "FLOW.WAIT", **({"mode": "callback"} | params))


def started(office: Office, caller: Caller, **params: Any) -> tuple[str, UUID]:
    """An execution that told its caller which address it will wait at."""
    office.activate(definition(hook(), TELL, approval(**params), SEEN))
    url = caller.post("/webhooks/acme/orders", {"id": 1}).json()["call"]
    path = url.partition("//")[2].partition("/")[2]
    address = address_of(path.partition("/")[2])
    assert address is not None
    return f"/{path}", address.execution_id


def until(office: Office, execution_id: UUID, *statuses: str) -> Execution:
    deadline = time.monotonic() + 10
    while True:
        with tenant(office.workspace.id):
            found = Execution.objects.get(id=execution_id)
        if found.status in statuses:
            return found
        assert time.monotonic() < deadline, f"still {found.status}, not {statuses}"
        time.sleep(0.01)


def code(answer: Answered) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_call_is_what_the_node_returns(office: Office, engine: Dispatcher, caller: Caller) -> None:
    url, execution_id = started(office, caller)
    until(office, execution_id, "WAITING")

    answer = caller.post(f"{url}?from=bank", {"ok": True}, x_trace="7", authorization="Bearer secret")

    assert (answer.status_code, answer.json()) == (200, {"status": "resumed", "execution_id": str(execution_id)})
    found = until(office, execution_id, "SUCCESS")
    assert found.output == {"body": {"ok": True}}
    assert found.resume_count == 1
    with tenant(office.workspace.id):
        output = NodeRun.objects.get(execution_id=execution_id, node_id="approval").output
    assert output["query"] == {"from": "bank"}
    assert output["method"] == "POST"
    assert output["headers"]["x-trace"] == "7"
    assert "authorization" not in output["headers"]


def test_an_early_call_is_kept_and_resolves_the_wait_as_it_parks(
    office: Office, engine: Dispatcher, caller: Caller
) -> None:
    pause = node("pause", "FLOW.WAIT", duration=0.6)
    office.activate(definition(hook(), TELL, pause, approval(), SEEN))
    url = caller.post("/webhooks/acme/orders", {"id": 1}).json()["call"]
    path = "/" + url.partition("//")[2].partition("/")[2]

    answer = caller.post(path, "early")

    assert answer.json()["status"] == "stored"
    assert code(caller.post(path, "second"))[0] == 409
    execution_id = UUID(answer.json()["execution_id"])
    assert until(office, execution_id, "SUCCESS").output == {"body": "early"}
    with tenant(office.workspace.id):
        assert not Call.objects.exists()
    assert code(caller.post(path, "late")) == (409, "executions.already_answered")


def test_the_second_call_hears_who_was_first_and_when(office: Office, engine: Dispatcher, caller: Caller) -> None:
    url, execution_id = started(office, caller)
    until(office, execution_id, "WAITING")
    caller.post(url, 1)

    second = caller.post(url, 2)

    assert code(second) == (409, "executions.already_answered")
    assert "Already answered by a call at 20" in second.json()["detail"]
    until(office, execution_id, "SUCCESS")
    assert code(caller.post(url, 3)) == (409, "executions.already_answered")


def test_the_same_call_sent_again_is_answered_as_the_first(office: Office, engine: Dispatcher, caller: Caller) -> None:
    url, execution_id = started(office, caller)
    until(office, execution_id, "WAITING")

    first, again = (caller.post(url, {"n": n}, idempotency_key="pay-1") for n in (1, 2))

    assert (first.json()["status"], again.json()["status"]) == ("resumed", "again")
    assert until(office, execution_id, "SUCCESS").output == {"body": {"n": 1}}


def test_of_a_hundred_at_once_one_is_taken(office: Office, engine: Dispatcher, caller: Caller) -> None:
    url, execution_id = started(office, caller)
    until(office, execution_id, "WAITING")

    answers = caller.post_at_once(100, url, {"n": 1})

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 99
    assert until(office, execution_id, "SUCCESS").output == {"body": {"n": 1}}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_looking_at_the_address_decides_nothing(
    office: Office, engine: Dispatcher, caller: Caller, method: str
) -> None:
    url, execution_id = started(office, caller)
    until(office, execution_id, "WAITING")

    answer = caller.post(url, method=method)

    assert (code(answer), answer["Allow"]) == ((405, "triggers.wrong_method"), "POST")
    time.sleep(0.1)
    until(office, execution_id, "WAITING")


def test_the_author_can_allow_get(office: Office, engine: Dispatcher, caller: Caller) -> None:
    url, execution_id = started(office, caller, method="GET")
    until(office, execution_id, "WAITING")

    assert caller.post(url, 1).status_code == 405
    assert caller.post(f"{url}?ok=yes", method="GET").status_code == 200
    assert until(office, execution_id, "SUCCESS").output == {"body": None}


def test_a_forged_address_is_unknown(office: Office, engine: Dispatcher, caller: Caller) -> None:
    url, execution_id = started(office, caller)
    token = url.rpartition("/")[2]
    other = Address(execution_id, "approval", "", "GET").token  # signed, and so genuine
    swapped = token[:43] + other[43:]  # the proof of one, the text of another
    wrong = [token[:-4], "A" * len(token), swapped, token + "A", "", "x", "é", token.replace(token[5], "-"), "a" * 9000]

    answers = [caller.post(f"/callbacks/{each}", 1) for each in wrong]

    assert {code(answer) for answer in answers} == {(404, "executions.call_unknown")}
    before = settings.SECRET_KEY
    with override_settings(SECRET_KEY="another" * 9):
        assert address_of(token) is None
        with override_settings(SECRET_KEY_FALLBACKS=[before]):
            assert address_of(token) is not None


def test_an_execution_that_is_gone_is_unknown(caller: Caller, committed_db: None) -> None:
    token = Address(uuid7(), "approval", "", "POST").token
    assert code(caller.post(f"/callbacks/{token}", 1)) == (404, "executions.call_unknown")


def test_after_the_end_it_is_too_late(office: Office, engine: Dispatcher, caller: Caller) -> None:
    url, execution_id = started(office, caller)
    until(office, execution_id, "WAITING")
    services.execution_cancel(workspace_id=office.workspace.id, execution_id=execution_id, now=clock.now(), by="alice")

    assert code(caller.post(url, 1)) == (410, "executions.call_too_late")


def test_nobody_calls_in_time(office: Office, engine: Dispatcher, caller: Caller) -> None:
    late = node("late", "ACTION.TRANSFORM", fields=[{"name": "was_late", "value": True}])
    edges = "hook > tell, tell > approval, approval > seen, approval.timeout > late"
    document = definition(hook(), TELL, approval(timeout={"seconds": 0.5}), SEEN, late, edges=edges)
    office.activate(document)
    url = caller.post("/webhooks/acme/orders", {"id": 1}).json()["call"]
    path = "/" + url.partition("//")[2].partition("/")[2]
    address = address_of(path.rpartition("/")[2])
    assert address is not None

    assert until(office, address.execution_id, "SUCCESS").output == {"was_late": True}
    assert code(caller.post(path, 1)) == (410, "executions.call_too_late")


def test_json_that_cannot_be_stored_is_refused_and_changes_nothing(
    office: Office, engine: Dispatcher, caller: Caller
) -> None:
    url, execution_id = started(office, caller)
    until(office, execution_id, "WAITING")

    for body, status in ((b'{"a": "\\u0000"}', 400), (b"{", 400), (b'"' + b"x" * 1_100_000 + b'"', 413)):
        assert caller.post(url, body).status_code == status
    until(office, execution_id, "WAITING")
    assert caller.post(url, {"a": 1}).status_code == 200


def test_two_branches_are_called_in_any_order(office: Office, engine: Dispatcher, caller: Caller) -> None:
    urls = {"a": '{{ $execution.callback_url["a"] }}', "b": '{{ $execution.callback_url["b"] }}'}
    document = definition(
        hook(),
        node("tell", "FLOW.RESPOND", body=urls),
        node("a", "FLOW.WAIT", mode="callback"),
        node("b", "FLOW.WAIT", mode="callback"),
        node("both", "FLOW.MERGE", mode="all", combine="list"),
        edges="hook > tell, tell > a, tell > b, a > both, b > both",
    )
    office.activate(document)
    found = caller.post("/webhooks/acme/orders", {}).json()
    paths = {name: "/" + url.partition("//")[2].partition("/")[2] for name, url in found.items()}
    address = address_of(paths["a"].rpartition("/")[2])
    assert address is not None

    assert caller.post(paths["b"], "second").status_code == 200
    assert caller.post(paths["a"], "first").status_code == 200

    output: Any = until(office, address.execution_id, "SUCCESS").output
    assert [each["body"] for each in output] == ["first", "second"]


def test_through_django_it_is_the_same(
    office: Office, engine: Dispatcher, caller: Caller, django_asgi_caller: Caller
) -> None:
    url, execution_id = started(office, caller)
    assert django_asgi_caller.post(url, {"ok": 1}).status_code == 200
    assert code(django_asgi_caller.post("/callbacks/none", {"ok": 1})) == (404, "executions.call_unknown")
    assert until(office, execution_id, "SUCCESS").output == {"body": {"ok": 1}}


def test_only_nodes_that_wait_for_a_call_have_an_address(office: Office, engine: Dispatcher, caller: Caller) -> None:
    body = {"all": "{{ $execution.callback_url }}"}
    nap = node("nap", "FLOW.WAIT", duration=0)
    office.activate(definition(hook(), node("tell", "FLOW.RESPOND", body=body), nap, approval()))
    assert list(caller.post("/webhooks/acme/orders", {}).json()["all"]) == ["approval"]


def test_the_time_of_a_token_is_not_the_database_s(office: Office, engine: Dispatcher, caller: Caller) -> None:
    """A call by a web process whose clock is ahead resolves the wait all the same."""
    url, execution_id = started(office, caller, timeout={"hours": 1})
    until(office, execution_id, "WAITING")
    clock.correct(timedelta(hours=2))
    try:
        assert caller.post(url, {"ok": 1}).status_code == 200
    finally:
        clock.correct(timedelta())
    assert until(office, execution_id, "SUCCESS").output == {"body": {"ok": 1}}


def test_the_token_is_no_secret_in_logs() -> None:
    token = Address(uuid7(), "approval", "", "POST").token
    assert json.dumps(without_tokens(f"POST /callbacks/{token} 200")) == '"POST /callbacks/\\u2026 200"'


def test_each_round_of_a_loop_has_an_address_of_its_own(office: Office, engine: Dispatcher, caller: Caller) -> None:
    inside = {"parent": "each"}
    url = '{{ $execution.callback_url["sign"] }}'
    document = definition(
        hook(respond="immediately"),
        node("each", "FLOW.LOOP", items="{{ $json.body.who }}", parallelism=3, result="{{ $node['sign'].body }}"),
        node("tell", "ACTION.KEY_VALUE", operation="set", key="ask/{{ $item }}", value=url) | inside,
        node("sign", "FLOW.WAIT", mode="callback") | inside,
        edges="hook > each, tell > sign",
    )
    office.activate(document)
    execution_id = UUID(caller.post("/webhooks/acme/orders", {"who": ["a", "b", "c"]}).headers["location"][-36:])
    until(office, execution_id, "WAITING")
    with tenant(office.workspace.id):
        told = dict(Value.objects.values_list("key", "value"))
    addresses = {who: address_of(told[f"ask/{who}"].rpartition("/")[2]) for who in "abc"}
    assert [found and found.path for found in addresses.values()] == ["each[0]", "each[1]", "each[2]"]

    for who in "cab":
        answer = caller.post("/callbacks/" + told[f"ask/{who}"].rpartition("/")[2], f"signed by {who}")
        assert answer.status_code == 200

    assert until(office, execution_id, "SUCCESS").output == ["signed by a", "signed by b", "signed by c"]


def test_the_address_is_shown_to_those_who_may_call_it(
    office: Office, engine: Dispatcher, caller: Caller, api: Callable[..., Any]
) -> None:
    url, execution_id = started(office, caller)
    until(office, execution_id, "WAITING")
    whole = f"{settings.BASE_URL}{url}"
    vera = member_add(workspace=office.workspace, email="vera@example.com", role="viewer", actor=office.cast.owner).user

    carol = member_add(workspace=office.workspace, email="carol@example.com", role="member", actor=office.cast.owner)
    with tenant(office.workspace.id):
        workflow_id = Execution.objects.get(id=execution_id).workflow_id
    object_share(
        workspace_id=office.workspace.id,
        kind=Kind.WORKFLOW,
        object_id=workflow_id,
        name="Orders",
        others="view",
        people={office.cast.bob.id: "execute"},
        actor=office.cast.owner,
    )

    for who, is_shown in ((office.cast.bob, True), (vera, False), (carol.user, False)):
        found = api(who).get(f"/api/v1/app/executions/{execution_id}/").json()
        assert found["waits"][0].get("callback_url") == (whole if is_shown else None)
        browser = Client()
        browser.force_login(who)
        page = browser.get(f"/w/acme/executions/{execution_id}/").content.decode()
        assert "waits for a call of its own address" in page
        assert (whole in page) is is_shown
    caller.post(url, 1)
    until(office, execution_id, "SUCCESS")
    assert "callback_url" not in api(office.cast.bob).get(f"/api/v1/app/executions/{execution_id}/").json()["waits"][0]
