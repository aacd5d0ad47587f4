from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from config.embedded import account as account_module
from config.embedded.account import account_for
from config.embedded.errors import EmbeddedError
from config.embedded.postgres import Postgres, statements_of
from config.embedded.server import Server

pytestmark = pytest.mark.integration


def test_the_last_one_out_stops_the_server(postgres: Postgres, var: Path) -> None:
    other = Postgres(var, account_for(var))
    postgres.attach()
    pid = postgres.pid()
    other.attach()
    assert other.pid() == pid, "the second one adopts the server of the first"

    postgres.release()
    assert other.is_answering(), "somebody still uses it"

    other.release()
    assert postgres.pid() is None
    assert not postgres.pid_file.exists(), "it was shut down cleanly"


def test_a_server_left_behind_by_a_killed_process_is_adopted(postgres: Postgres) -> None:
    postgres.attach()
    pid = postgres.pid()
    assert postgres._held is not None
    os.close(postgres._held)  # all the kernel does for a killed process
    postgres._held = None

    postgres.attach()
    assert postgres.pid() == pid


def test_the_roles_keep_apart_what_they_may(postgres: Postgres) -> None:
    postgres.attach()
    with psycopg.connect(postgres.url("agentflow_owner"), autocommit=True) as owner:
        assert owner.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
        assert owner.execute("SHOW fsync").fetchone() == ("on",)
        owner.execute("CREATE TABLE secret (id int)")
        owner.execute("CREATE FUNCTION peek() RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1'")
        owner.execute("ALTER FUNCTION peek() OWNER TO agentflow_definer")
        rows = owner.execute(
            "SELECT rolname, rolcanlogin, rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles"
            " WHERE rolname LIKE 'agentflow%' ORDER BY rolname"
        ).fetchall()
    assert rows == [
        ("agentflow_app", True, False),
        ("agentflow_definer", False, False),
        ("agentflow_owner", True, False),
    ]
    with psycopg.connect(postgres.url("agentflow_app"), autocommit=True) as app:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("SELECT * FROM secret")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("CREATE TABLE mine (id int)")


def test_it_comes_back_with_its_data_after_kill_9(postgres: Postgres, kill_9: Callable[[Server], int]) -> None:
    postgres.attach()
    with psycopg.connect(postgres.url("agentflow_owner"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        pid = kill_9(postgres)
        assert postgres.ensure() is True
    assert postgres.pid() not in (None, pid)
    with psycopg.connect(postgres.url("agentflow_owner")) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert postgres.ensure() is False, "nothing to do the second time"


def test_a_process_id_that_now_is_another_programs_does_not_keep_it_down(postgres: Postgres) -> None:
    postgres.pid_file.write_text(f"{os.getpid()}\n{postgres.data}\n")
    postgres.account.owns(postgres.pid_file)

    postgres.attach()
    assert postgres.is_answering()


def test_data_of_another_major_version_is_refused_untouched(postgres: Postgres) -> None:
    (postgres.data / "PG_VERSION").write_text("17\n")
    before = sorted(postgres.data.rglob("*"))
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 17; this release brings PostgreSQL 18"):
        postgres.attach()
    assert sorted(postgres.data.rglob("*")) == before


def test_a_start_that_fails_says_why_and_holds_nothing(postgres: Postgres, var: Path) -> None:
    configuration = postgres.data / "postgresql.conf"
    right = configuration.read_text()
    configuration.write_text(right + "\nno_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match="no_such_setting"):
        postgres.attach()

    configuration.write_text(right)
    postgres.attach()
    postgres.release()
    assert postgres.pid() is None, "the failed attempt does not count as a user"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the servers to another account")
def test_root_keeps_data_outside_a_folder_the_account_cannot_reach(
    var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_module, "SHELTER", var / "shelter")
    tmp_path.chmod(0o700)
    server = Postgres(tmp_path, account_for(tmp_path), is_disposable=True)
    server.attach()
    server.release()
    assert (tmp_path / "postgres").is_symlink()
    assert (tmp_path / "postgres" / "data" / "PG_VERSION").exists()
    assert server.data.is_relative_to(var / "shelter")


def test_statements_are_told_apart() -> None:
    assert statements_of("-- a; comment\nSELECT\n  1;\n\nSELECT 2;\n") == ["SELECT 1;", "SELECT 2;"]
