from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.services import NetworkBlocked, empty_database

if TYPE_CHECKING:
    from tests.cast import Cast


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 80)])
def test_a_test_cannot_leave_the_machine(address: tuple[str, int]) -> None:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    for connect in ("connect", "connect_ex"):
        with socket.socket(family) as outside, pytest.raises(NetworkBlocked, match=r"tests/fakes"):
            getattr(outside, connect)(address)


def test_a_test_cannot_look_up_a_name() -> None:
    with pytest.raises(NetworkBlocked, match=r"look up example\.com"):
        socket.create_connection(("example.com", 443), timeout=1)


def test_this_machine_stays_in_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        for host in ("127.0.0.1", "localhost"):
            socket.create_connection((host, server.getsockname()[1]), timeout=1).close()


def test_the_database_is_the_products(db: None) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, pg_has_role(current_user, 'agentflow_definer', 'USAGE')")
        assert cursor.fetchone() == ("agentflow_app", False)


def test_what_was_committed_is_gone_afterwards_and_migrations_rows_stay(committed_db: None, cast: Cast) -> None:
    from django.contrib.contenttypes.models import ContentType
    from django_celery_beat.models import PeriodicTask

    from apps.accounts.models import User

    kept = ContentType.objects.count(), PeriodicTask.objects.count()
    assert User.objects.count() > 0
    empty_database()
    assert User.objects.count() == 0
    assert (ContentType.objects.count(), PeriodicTask.objects.count()) == kept
