"""The chain of the audit log: what it holds together, and what breaks it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import StringIO
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction

from apps.accounts import chain, services
from apps.accounts.models import AuditEvent, AuditHead, AuditLink
from apps.core.origin import Origin, coming_from
from apps.core.tenancy import tenant
from tests.accounts.test_races import at_once
from tests.cast import Cast
from tests.services import RUN, Run

pytestmark = pytest.mark.integration


@contextmanager
def behind_the_back() -> Iterator[psycopg.Cursor[Any]]:
    """The database as a superuser who switched the triggers off sees it."""
    run = Run(**json.loads(os.environ[RUN]))
    database = urlsplit(os.environ["DATABASE_URL"]).path.lstrip("/")
    with psycopg.connect(run.database(database, run.admin_url), autocommit=True) as admin, admin.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield cursor


def record(cast: Cast, number: int = 1, **more: Any) -> None:
    for index in range(number):
        with tenant(cast.workspace.id):
            services.audit_record(
                workspace_id=cast.workspace.id, actor=cast.owner, action="thing.done", target=f"thing {index}", **more
            )


def test_every_event_has_a_link_and_the_chain_holds(committed_db: None, cast: Cast) -> None:
    record(cast, 5, data={"a": 1.0, "b": 1e22, "c": [0.1, -0.0, 1e-7, 1e300], "d": {"ü": None}})
    with tenant(cast.workspace.id):
        events = AuditEvent.objects.count()
        seqs = list(AuditLink.objects.order_by("seq").values_list("seq", flat=True))
        head = AuditHead.objects.get(workspace=cast.workspace)
    assert seqs == list(range(1, events + 1))
    found = chain.verify(cast.workspace.id)
    assert (found.wrong, found.checked, found.hash) == ("", events, head.hash)
    assert chain.verify(cast.other_workspace.id).wrong == ""


def test_where_it_came_from_is_recorded(committed_db: None, cast: Cast) -> None:
    with coming_from(Origin("192.0.2.7", "curl/8")):
        record(cast)
    with tenant(cast.workspace.id):
        newest = AuditEvent.objects.filter(workspace=cast.workspace).latest("id")
    assert (newest.address, newest.user_agent, newest.via) == ("192.0.2.7", "curl/8", "session")


def test_writers_at_once_make_one_chain(committed_db: None, cast: Cast) -> None:
    found = at_once(*[lambda: record(cast, 10)] * 8)
    assert found == [None] * 8
    assert chain.verify(cast.workspace.id).wrong == ""
    with tenant(cast.workspace.id):
        assert AuditHead.objects.get().seq == AuditEvent.objects.count() >= 80


def test_a_writer_waits_for_no_transaction_that_goes_on(committed_db: None, cast: Cast) -> None:
    def in_between() -> None:
        with tenant(cast.workspace.id):
            services.audit_record(workspace_id=cast.workspace.id, actor=cast.owner, action="a.b", target="")
            (other,) = at_once(lambda: record(cast))  # another connection, which commits while this one is open
            assert other is None

    in_between()
    assert chain.verify(cast.workspace.id).wrong == ""


def test_what_is_rolled_back_leaves_no_gap(committed_db: None, cast: Cast) -> None:
    def fail() -> None:
        with tenant(cast.workspace.id):
            services.audit_record(workspace_id=cast.workspace.id, actor=cast.owner, action="a.b", target="")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    record(cast)
    assert chain.verify(cast.workspace.id).wrong == ""


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE accounts_audit_event SET target = 'else' WHERE id = %(id)s", "has been changed"),
        ("UPDATE accounts_audit_event SET address = '203.0.113.9' WHERE id = %(id)s", "has been changed"),
        ("UPDATE accounts_audit_event SET digest = repeat('0', 64) WHERE id = %(id)s", "has been changed"),
        ("DELETE FROM accounts_audit_event WHERE id = %(id)s", "has been deleted"),
        ("DELETE FROM accounts_audit_link WHERE event_id = %(id)s", "is missing"),
        ("UPDATE accounts_audit_link SET hash = repeat('0', 64) WHERE event_id = %(id)s", "does not follow"),
    ],
)
def test_the_first_broken_row_is_named(committed_db: None, cast: Cast, damage: str, said: str) -> None:
    record(cast, 4)
    with tenant(cast.workspace.id):
        broken = AuditLink.objects.order_by("-seq")[1]
    with behind_the_back() as cursor:
        cursor.execute(damage.encode(), {"id": broken.event_id})
    found = chain.verify(cast.workspace.id)
    assert said in found.wrong
    assert (found.seq, found.checked) == (broken.seq, broken.seq - 1)
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError):
        call_command("audit_verify", stdout=out, stderr=err)
    assert f"acme: event {broken.seq} " in err.getvalue()
    assert "umbrella: " in out.getvalue()


def test_a_rewritten_row_with_its_own_digest_is_found_by_the_next_link(committed_db: None, cast: Cast) -> None:
    record(cast, 3)
    with tenant(cast.workspace.id):
        event = AuditLink.objects.select_related("event").order_by("-seq")[1].event
    event.target = "else"
    with behind_the_back() as cursor:
        cursor.execute(
            "UPDATE accounts_audit_event SET target = 'else', digest = %s WHERE id = %s",
            [chain.digest_of(event), event.id],
        )
    assert "does not follow" in chain.verify(cast.workspace.id).wrong


def test_the_newest_rows_cannot_be_cut_off(committed_db: None, cast: Cast) -> None:
    record(cast, 3)
    with tenant(cast.workspace.id):
        last = AuditLink.objects.latest("seq")
    with behind_the_back() as cursor:
        cursor.execute("DELETE FROM accounts_audit_link WHERE event_id = %s", [last.event_id])
        cursor.execute("DELETE FROM accounts_audit_event WHERE id = %s", [last.event_id])
    assert "is missing" in chain.verify(cast.workspace.id).wrong


def test_a_row_smuggled_in_is_found(committed_db: None, cast: Cast) -> None:
    record(cast)
    with behind_the_back() as cursor:
        cursor.execute(
            "INSERT INTO accounts_audit_event (id, workspace_id, at, actor_kind, actor_label, action, target, data,"
            " digest) VALUES (gen_random_uuid(), %s, now(), 'user', 'mallory', 'a.b', '', '{}', '')",
            [cast.workspace.id],
        )
    assert chain.verify(cast.workspace.id).wrong == "is in no chain"


@pytest.mark.parametrize("alias", ["default", "owner"])
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE accounts_audit_event SET target = ''",
        "DELETE FROM accounts_audit_event",
        "UPDATE accounts_audit_link SET seq = seq + 1",
        "DELETE FROM accounts_audit_link",
    ],
)
def test_nobody_changes_or_deletes_rows(committed_db: None, cast: Cast, alias: str, sql: str) -> None:
    record(cast)
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("SELECT set_config('app.workspace', %s, true)", [str(cast.workspace.id)])
        with pytest.raises(DatabaseError, match=r"never changed|permission denied"), transaction.atomic(using=alias):
            cursor.execute(sql)


def test_retention_takes_the_oldest_and_the_rest_stays_a_chain(committed_db: None, cast: Cast, settings: Any) -> None:
    record(cast, 6)
    with tenant(cast.workspace.id):
        seqs = list(AuditLink.objects.order_by("seq").values_list("seq", "event_id"))
    with behind_the_back() as cursor:  # two of them are from long ago; the chain does not care, the digests do
        for _, event_id in seqs[:2]:
            cursor.execute("UPDATE accounts_audit_event SET at = now() - interval '400 days' WHERE id = %s", [event_id])
    assert services.audit_forget() == 2
    found = chain.verify(cast.workspace.id)
    assert (found.wrong, found.checked) == ("", len(seqs) - 2)
    assert services.audit_forget() == 0
    record(cast)
    assert chain.verify(cast.workspace.id).checked == len(seqs) - 1


def test_what_was_recorded_before_there_was_a_chain_is_put_into_it(committed_db: None, cast: Cast) -> None:
    record(cast, 3, data={"from": "x", "n": 2.0})
    migration = import_module("apps.accounts.migrations.0005_audit")
    with behind_the_back() as cursor:
        cursor.execute("DELETE FROM accounts_audit_link")
        cursor.execute("DELETE FROM accounts_audit_head")
        cursor.execute("UPDATE accounts_audit_event SET digest = ''")
        cursor.execute("ALTER TABLE accounts_audit_event DISABLE TRIGGER USER")
        try:
            with transaction.atomic(using="owner"):
                migration.chain_what_is_there(apps, SimpleNamespace(connection=connections["owner"]))
        finally:
            connections["owner"].close()
            cursor.execute("ALTER TABLE accounts_audit_event ENABLE TRIGGER USER")
    record(cast)
    for workspace in (cast.workspace, cast.other_workspace):
        assert chain.verify(workspace.id).wrong == ""


def test_the_runtime_role_writes_no_links(committed_db: None, cast: Cast) -> None:
    for sql in (
        "INSERT INTO accounts_audit_link SELECT * FROM accounts_audit_link",
        "UPDATE accounts_audit_head SET seq = 0",
        "DELETE FROM accounts_audit_head",
    ):
        with pytest.raises(DatabaseError), tenant(cast.workspace.id), connection.cursor() as cursor:
            cursor.execute(sql)
