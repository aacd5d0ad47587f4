"""Reads from a replica, proven with a real one: a second PostgreSQL that streams from the first."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client, override_settings

from apps.accounts.models import User
from apps.core import clock, replica
from apps.core.tenancy import tenant
from apps.executions import launch
from apps.executions.launch import Start
from apps.executions.models import Execution
from apps.insights import doctor, health
from apps.workflows import services as workflows
from apps.workflows.models import Workflow
from config.embedded.account import account_for
from config.embedded.postgres import Postgres
from config.settings import environment
from tests.cast import Cast, make_cast
from tests.services import folder_for_servers, migrated_template

pytestmark = pytest.mark.integration

LISTS = (
    "/w/acme/",
    "/w/acme/executions/",
    "/w/acme/executions/?status=failed&q=a",
    "/w/acme/logs/",
    "/w/acme/settings/usage/",
    "/api/v1/app/executions/",
    "/api/v1/app/logs/",
    "/api/v1/app/usage/",
)
MANUAL = {
    "nodes": [{"id": "start", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}}],
    "connections": [],
    "settings": {},
}


class Primary(Postgres):
    """Keeps what the replica has not had yet."""

    def command(self) -> list[str]:
        return [*super().command(), "-c", "wal_keep_size=64MB"]


class Replica(Postgres):
    """Follows the primary `source`."""

    source: Postgres

    def command(self) -> list[str]:
        return [*super().command(), "-c", f"primary_conninfo=host={self.source.sockets} port=5432 user=postgres"]


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Primary, Replica]]:
    """Both begin as copies of one cleanly stopped database, which is what `pg_basebackup` would have made."""
    with folder_for_servers("agentflow-replica") as folder:
        template = migrated_template(folder / "building")
        made: list[Any] = []
        for name, kind in (("one", Primary), ("two", Replica)):
            place = folder / name
            place.mkdir(mode=0o755)
            account = account_for(place)
            shutil.copytree(template, place / "postgres" / "data", symlinks=True)
            server = kind(place, account, is_disposable=True)
            if isinstance(server, Replica):
                server.source = made[0]
                (server.data / "standby.signal").touch()
            for path in (place / "postgres", *(place / "postgres").rglob("*")):
                account.owns(path)
            server.attach()
            made.append(server)
        yield made[0], made[1]
        for server in reversed(made):
            server.release()


@pytest.fixture
def two(servers: tuple[Primary, Replica], django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Replica]:
    """This process with the first as its database and the second as its replica."""
    usual = connections.settings["default"]
    urls = [environment.database(server.url("agentflow_app"), name="TEST") for server in servers]
    given = [usual | url | {"OPTIONS": usual["OPTIONS"] | {"connect_timeout": "2"} | url["OPTIONS"]} for url in urls]
    monkeypatch.setattr(replica, "_samples", replica._Samples())
    monkeypatch.setattr(replica, "_circuit", replica._Circuit())
    monkeypatch.setattr(replica, "OLDEST_SECONDS", 60.0)  # however slow this machine is
    cache.clear()
    with django_db_blocker.unblock(), override_settings(DATABASE_ROUTERS=["apps.core.replica.Router"]):
        for alias, found in zip(("default", "replica"), given, strict=True):
            monkeypatch.setitem(connections.settings, alias, found)
            leave(alias)
        servers[1].ensure()
        try:
            yield servers[1]
        finally:
            replaying(servers[1])
            leave("default")
            leave("replica")


@pytest.fixture
def cast(two: Replica) -> Iterator[Cast]:
    """The cast with one workflow and one execution, on both."""
    made = make_cast()
    started(made)
    replica._samples.wanted()
    replica.lag(patience=10)
    yield made
    replaying(two)
    tell(two.source, "TRUNCATE accounts_user, accounts_workspace CASCADE")


def leave(alias: str) -> None:
    """Let the next use of an alias connect anew, to where it then leads."""
    connections[alias].close()
    del connections[alias]


def started(cast: Cast) -> str:
    """One more execution, on the primary."""
    workspace_id = cast.workspace.id
    found = Workflow.objects.filter(workspace_id=workspace_id)
    with tenant(workspace_id):
        workflow = found.first() or workflows.workflow_create(
            workspace_id=workspace_id, actor=cast.owner, name="Orders", definition=MANUAL
        )
    start = Start(workflow_id=workflow.id)
    return str(launch.execution_launch(workspace_id=workspace_id, actor=cast.owner, start=start, now=clock.now()).id)


def tell(server: Postgres, statement: str) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as link:
        link.execute(statement.encode())


def replaying(server: Replica) -> None:
    if server.is_alive():
        tell(server, "SELECT pg_wal_replay_resume()")


def seen(client: Client) -> list[str]:
    return [row["id"] for row in client.get("/api/v1/app/executions/").json()["results"]]


@pytest.fixture
def browser(cast: Cast) -> Callable[[User], Client]:
    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


@contextmanager
def asked_there() -> Iterator[list[str]]:
    """The statements that go to the replica."""
    statements: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    with connections["replica"].execute_wrapper(note):
        yield statements


def test_every_list_comes_from_the_replica(cast: Cast, browser: Callable[[User], Client]) -> None:
    client = browser(cast.alice)
    with tenant(cast.workspace.id):
        figures = f"/w/acme/workflows/figures/?id={Workflow.objects.get().id}"
    for address in (*LISTS, figures):
        with asked_there() as statements:
            response = client.get(address)
        assert response.status_code == 200, address
        assert any("executions_" in sql for sql in statements), address


def test_the_wall_stands_there_too(cast: Cast) -> None:
    def ids() -> list[Any]:
        return list(Execution.objects.values_list("id"))

    assert len(replica.read(cast.workspace.id, ids)) == 1
    assert replica.read(cast.other_workspace.id, ids) == []
    with connections["replica"].cursor() as cursor:
        cursor.execute("SELECT current_user, (SELECT count(*) FROM executions_execution)")
        assert cursor.fetchone() == ("agentflow_app", 0)


def test_nothing_is_written_there_nor_lost_elsewhere(cast: Cast) -> None:
    def change() -> None:
        Execution.objects.update(queue="ai")

    def change_what_was_read() -> None:
        found = Execution.objects.get()
        with tenant(cast.workspace.id):
            found.queue = "ai"
            found.save(update_fields=["queue"])

    def ask_the_primary() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    for work in (change, ask_the_primary):
        with pytest.raises(RuntimeError, match=r"replica\.cursor"):
            replica.read(cast.workspace.id, work)
    replica.read(cast.workspace.id, change_what_was_read)
    with tenant(cast.workspace.id):
        assert Execution.objects.get().queue == "ai"


def test_inside_a_transaction_its_own_writes_are_read(cast: Cast) -> None:
    with tenant(cast.workspace.id):
        Execution.objects.update(queue="bulk")
        assert replica.read(cast.workspace.id, lambda: Execution.objects.get().queue) == "bulk"


def test_who_wrote_sees_it_at_once_and_others_soon(
    cast: Cast, two: Replica, browser: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = browser(cast.alice), browser(cast.bob)
    (first,) = seen(alice)
    replica.lag(patience=10)
    tell(two, "SELECT pg_wal_replay_pause()")

    assert alice.post(f"/w/acme/executions/{first}/cancel/").status_code == 302
    assert alice.get("/api/v1/app/executions/").json()["results"][0]["status"] == "CANCELED"
    assert bob.get("/api/v1/app/executions/").json()["results"][0]["status"] == "NEW"

    monkeypatch.setattr(replica, "SAMPLE_SECONDS", 0.05)
    monkeypatch.setattr(replica, "OLDEST_SECONDS", 0.1)
    time.sleep(0.2)
    assert bob.get("/api/v1/app/executions/").json()["results"][0]["status"] == "CANCELED"
    with pytest.raises(health.Amiss, match="more than 2 s behind"):
        health.check_replica()

    replaying(two)
    replica.lag(patience=10)
    with asked_there() as statements:
        assert alice.get("/api/v1/app/executions/").json()["results"][0]["status"] == "CANCELED"
    assert any("executions_execution" in sql for sql in statements)


def test_without_it_lists_come_from_the_primary(
    cast: Cast, two: Replica, browser: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(cast.alice)
    replica.lag(patience=10)
    assert "follows" in health.check_replica()
    assert asyncio.run(health.look()).parts["replica"].is_ok
    two._stop()
    started(cast)
    assert len(seen(client)) == 2
    with pytest.raises(health.Amiss, match="replica fails"):
        health.check_replica()
    assert not asyncio.run(health.look()).parts["replica"].is_ok
    (line,) = [found for found in doctor.examine() if found.name == "replica"]
    assert not line.is_ok
    assert "DATABASE_REPLICA_URL" in line.mend
    looked = time.monotonic()
    assert len(seen(client)) == 2
    assert time.monotonic() - looked < 1, "it was not left alone after the first failure"

    two.ensure()
    monkeypatch.setattr(replica._circuit, "_tried_again_at", 0.0)
    replica.lag(patience=10)
    with asked_there() as statements:
        assert len(seen(client)) == 2
    assert any("executions_execution" in sql for sql in statements)


def test_a_primary_is_no_replica(cast: Cast, two: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings, "replica", connections.settings["default"])
    leave("replica")
    assert len(replica.read(cast.workspace.id, lambda: list(Execution.objects.all()))) == 1
    with pytest.raises(replica.NotUsable, match="no replica"):
        replica.lag()
