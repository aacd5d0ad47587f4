"""The socket of a workflow's editor, against a real web process."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from apps.accounts import services as accounts
from apps.accounts.models import Membership
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.workflows import services
from apps.workflows.consumers import _is_id, _place
from apps.workflows.models import Workflow
from tests.cast import Cast
from tests.executions.live import Web, daphne
from tests.workflows.definitions import small

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def web(django_db_setup: None) -> Iterator[Web]:
    """One web process for all tests here."""
    with daphne() as found:
        yield found


@pytest.fixture
def workflow(committed_db: None, cast: Cast) -> Workflow:
    return services.workflow_create(workspace_id=cast.workspace.id, actor=cast.owner, name="Orders", definition=small())


def address(workflow_id: Any) -> str:
    return f"/ws/workflows/{workflow_id}/?workspace=acme"


def hear(socket: ClientConnection, kind: str, timeout: float = 5, **members: Any) -> dict[str, Any]:
    """The next message of a kind with these members. People repeat themselves."""
    while True:
        message: dict[str, Any] = json.loads(socket.recv(timeout=timeout))
        if message["kind"] == kind and members.items() <= message.items():
            return message


def test_people_see_one_another_and_what_was_saved(web: Web, cast: Cast, workflow: Workflow) -> None:
    with web.socket(cast.alice, address(workflow.id)) as alice:
        assert hear(alice, "you")["revision"] == 1
        with web.socket(cast.bob, address(workflow.id)) as bob, web.socket(cast.bob, address(workflow.id)) as again:
            hear(again, "you")
            person = {"id": str(cast.bob.id), "name": "Bob", "initials": "B", "hue": 3}
            peers = {hear(alice, "here")["peer"]}
            while len(peers) < 2:
                seen = hear(alice, "here")
                assert seen["person"] == person
                peers.add(seen["peer"])
            while hear(bob, "here")["person"]["name"] != "Alice":
                pass
            bob.send(json.dumps({"chosen": ["hook", 7, "x" * 500], "open": "hook", "params": {"secret": 1}}))
            chosen = hear(alice, "here", open="hook")
            assert chosen == {
                "kind": "here",
                "peer": chosen["peer"],
                "person": person,
                "chosen": ["hook"],
                "open": "hook",
            }
            bob.send(json.dumps({"cursor": [10.26, -4]}))
            assert hear(alice, "cursor") == {"kind": "cursor", "peer": chosen["peer"], "at": [10.3, -4.0]}
            services.workflow_update(
                workspace_id=cast.workspace.id,
                workflow_id=workflow.id,
                actor=cast.owner,
                definition=small("other"),
                draft_revision=1,
            )
            for socket in (alice, bob, again):
                told = {"kind": "saved", "revision": 2, "by": "Alice", "by_id": str(cast.alice.id)}
                assert hear(socket, "saved") == told
        assert {hear(alice, "gone")["peer"], hear(alice, "gone")["peer"]} == peers


def test_outsiders_are_sent_away_and_who_is_removed_sees_no_more(web: Web, cast: Cast, workflow: Workflow) -> None:
    unseen = [(cast.charlie, address(workflow.id)), (None, address(workflow.id)), (cast.bob, address(uuid7()))]
    unseen.append((cast.charlie, f"/ws/workflows/{workflow.id}/"))
    for person, path in unseen:
        with web.socket(person, path) as socket:
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=5)
            assert socket.close_code == 4404
    with web.socket(cast.bob, address(workflow.id)) as socket:
        hear(socket, "you")
        with tenant(cast.workspace.id):
            membership = Membership.objects.get(workspace=cast.workspace, user=cast.bob)
        accounts.member_remove(workspace=cast.workspace, membership=membership, actor=cast.owner)
        with pytest.raises(ConnectionClosed):
            hear(socket, "never", timeout=9)
        assert socket.close_code == 4404


@pytest.mark.parametrize("flood", [["x" * 9_000], ["{}"] * 700])
def test_who_says_too_much_is_cut_off(web: Web, cast: Cast, workflow: Workflow, flood: list[str]) -> None:
    with web.socket(cast.bob, address(workflow.id)) as socket:
        hear(socket, "you")
        for text in ("{not json", "[]", "7", '{"cursor": "x"}', '{"chosen": 3}', "[" * 5_000):
            socket.send(text)
        with contextlib.suppress(ConnectionClosed):
            for text in flood:
                socket.send(text)
        with pytest.raises(ConnectionClosed):
            hear(socket, "never")
        assert socket.close_code == 4429


@pytest.mark.parametrize(
    "value", [None, [1], [1, 2, 3], ["1", 2], [True, 1], [1e9, 1], [10**400, 1], [float("nan"), 1], {"x": 1}]
)
def test_only_a_place_on_the_canvas_is_passed_on(value: Any) -> None:
    assert _place(value) is None


@pytest.mark.parametrize("value", [None, 1, "", "x" * 101, "\ud800", "a b", "<b>"])
def test_only_ids_are_passed_on(value: Any) -> None:
    assert not _is_id(value)
