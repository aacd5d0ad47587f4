"""pytest plugin: real PostgreSQL and Valkey for every run, a migrated database for every worker.

The servers are thrown away with the run and are up before Django's settings are read. Tests run as
the product does, as role `agentflow_app` behind row-level security: in pytest-django's `db` inside a
transaction that is rolled back, or with `committed_db`, which commits and is cleaned up afterwards.
A given DATABASE_URL or REDIS_URL is used instead; its role must be allowed to create databases.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from config.embedded.account import account_for
from config.embedded.postgres import Postgres, statements_of
from config.embedded.services import REPOSITORY
from config.embedded.valkey import Valkey

RUN = "AGENTFLOW_TEST_RUN"
STAGES = {"browser": 0, "chaos": 1, "integration": 3}
UNITS = 2
KEPT_TEMPLATES = 3
ROOM_BYTES = 2**30
_open = ExitStack()


@dataclass(frozen=True)
class Run:
    """Where this run's servers are. The URLs of PostgreSQL name the template database."""

    admin_url: str
    owner_url: str
    app_url: str
    redis_url: str
    var: str
    is_given: bool = False

    def database(self, name: str, url: str) -> str:
        """One of the URLs, for another database."""
        return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


# Servers and databases


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Bring up what settings need. A wrapper, so that it comes before pytest-django reads them."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker:
        run = Run(**json.loads(os.environ[RUN]))
    else:
        run = _start()
        os.environ[RUN] = json.dumps(asdict(run))
    _use(run, worker or "main")
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """Close the way out, and make sure the servers end with the run."""
    config.add_cleanup(_open.close)
    _open.enter_context(_network_guard())


def _start() -> Run:
    folder = _open.enter_context(folder_for_servers())
    account = account_for(folder)
    redis_url = os.environ.get("REDIS_URL")
    if not redis_url:
        valkey = Valkey(folder, account, is_disposable=True)
        valkey.attach()
        _open.callback(valkey.release)
        redis_url = valkey.redis_url
    if os.environ.get("DATABASE_URL"):
        return _template_on_given_server(redis_url, str(folder))
    template = migrated_template(folder / "building")
    shutil.copytree(template, folder / "postgres" / "data", symlinks=True)
    for path in (folder / "postgres", *(folder / "postgres").rglob("*")):
        account.owns(path)
    (folder / "postgres").chmod(0o700)
    postgres = Postgres(folder, account, is_disposable=True)
    postgres.attach()
    _open.callback(postgres.release)
    return Run(
        postgres.url("postgres"), postgres.url("agentflow_owner"), postgres.url("agentflow_app"), redis_url, str(folder)
    )


@contextmanager
def folder_for_servers(name: str = "agentflow-tests") -> Iterator[Path]:
    """A folder for the data of disposable servers, in memory where there is room; removed afterwards.

    Unlike tmp_path, one that the account root hands servers to can reach.
    """
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_BYTES
    place = memory if has_room else Path(tempfile.gettempdir())
    for left in place.glob(f"{name}.*"):  # of runs that were killed
        if not Path(f"/proc/{left.name.split('.')[1]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{name}.{os.getpid()}.", dir=place))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def migrated_template(workshop: Path) -> Path:
    """A data folder with a migrated database, kept in var/ until migrations or packages change."""
    digest = hashlib.sha256(str(REPOSITORY).encode())
    for pattern in ("apps/*/migrations/*.py", "apps/core/tenancy.py", "config/settings/*.py", "config/embedded/sql/*"):
        for path in sorted(REPOSITORY.glob(pattern)):
            digest.update(path.read_bytes())
    digest.update((REPOSITORY / "requirements" / "base.txt").read_bytes())
    kept = REPOSITORY / "var" / "test-templates"
    found = kept / digest.hexdigest()[:20]
    if found.exists():
        return found
    kept.mkdir(parents=True, exist_ok=True)
    workshop.mkdir(mode=0o755)
    postgres = Postgres(workshop, account_for(workshop), is_disposable=True)
    postgres.stop_signals = Postgres.stop_signals  # what is copied must have been shut down cleanly
    postgres.attach()
    try:
        _migrate(postgres.url("agentflow_owner"), postgres.url("agentflow_app"))
    finally:
        postgres.release()
    fresh = kept / f".{found.name}.{os.getpid()}"
    shutil.copytree(postgres.data, fresh, symlinks=True)
    try:
        fresh.rename(found)
    except OSError:  # another run was quicker
        shutil.rmtree(fresh)
    for old in sorted(kept.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT_TEMPLATES]:
        shutil.rmtree(old, ignore_errors=True)
    return found


def _template_on_given_server(redis_url: str, var: str) -> Run:
    name = f"agentflow_test_{os.getpid()}"
    app_url = os.environ["DATABASE_URL"]
    owner_url = os.environ.get("DATABASE_OWNER_URL") or app_url
    given = Run(owner_url, owner_url, app_url, redis_url, var)
    scripts = REPOSITORY / "config" / "embedded" / "sql"
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for statement in statements_of((scripts / "cluster.sql").read_text()):
            if statement.startswith(("CREATE ROLE", "GRANT")):
                try:
                    connection.execute(statement.encode())
                except (psycopg.errors.DuplicateObject, psycopg.errors.InsufficientPrivilege):
                    pass  # the operator made the roles beforehand
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    owner_url, app_url = given.database(name, owner_url), given.database(name, app_url)
    run = Run(owner_url, owner_url, app_url, redis_url, var, is_given=True)
    _open.callback(_drop, given.admin_url, name)
    with psycopg.connect(run.admin_url, autocommit=True) as connection:
        for statement in statements_of((scripts / "database.sql").read_text()):
            connection.execute(statement.encode())
    _migrate(run.owner_url, run.app_url)
    return run


def _migrate(owner_url: str, app_url: str) -> None:
    urls = {"DATABASE_URL": app_url, "DATABASE_OWNER_URL": owner_url, "REDIS_URL": "unix:///nonexistent?db=0"}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--database", "owner", "--verbosity", "0", "--no-input"],
        cwd=REPOSITORY,
        env={**os.environ, **urls, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise pytest.UsageError(f"The test database cannot be migrated.\n{done.stderr}")


def _use(run: Run, worker: str) -> None:
    """Give this process a database of its own, cloned from the template, and point settings at it."""
    name = f"{_name_in(run.admin_url)}_{worker}"
    server_url = run.database("postgres", run.admin_url)
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY").format(
        *(sql.Identifier(word) for word in (name, _name_in(run.admin_url), urlsplit(run.owner_url).username or ""))
    )
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(create)
    if run.is_given:
        _open.callback(_drop, server_url, name)
    number = int(worker.removeprefix("gw")) + 1 if worker.startswith("gw") else 0
    redis_url = run.redis_url.replace("?db=0", f"?db={number % 16}")
    os.environ |= {
        "DATABASE_URL": run.database(name, run.app_url),
        "DATABASE_OWNER_URL": run.database(name, run.owner_url),
        "REDIS_URL": redis_url,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "AGENTFLOW_VAR": f"{run.var}/var",
    }
    os.environ.pop("CELERY_BROKER_URL", None)


def _drop(admin_url: str, name: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _name_in(url: str) -> str:
    return urlsplit(url).path.lstrip("/")


# Fixtures


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None) -> None:
    """The database is there already; Django creates none."""


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database whose changes are committed, for tests with threads or other processes. Emptied afterwards."""
    from django.db import connections

    with django_db_blocker.unblock():
        try:
            yield
        finally:
            connections.close_all()
            empty_database()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """One worker has the browser, one the chaos, side by side: each mostly waits for processes of its own.

    By their folders: xdist's own groups want to change the ids of tests, which pytest 9.2 does not let them.
    """
    scheduler = import_module("xdist.scheduler").LoadScopeScheduling(config, log)
    alone = re.compile(r"tests/(e2e|chaos)/")
    scheduler._split_scope = lambda nodeid: found[1] if (found := alone.match(nodeid)) else nodeid
    return scheduler


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest in one piece first, browser and chaos, so that nobody waits for it at the end.

    Refuses Django's own way to commit, which empties tables as a role that may not.
    """
    for item in items:
        marker = item.get_closest_marker("django_db")
        if (marker and marker.kwargs.get("transaction")) or "transactional_db" in getattr(item, "fixturenames", ()):
            raise pytest.UsageError(f"{item.nodeid}: use the fixture committed_db instead of transactional_db.")
    items.sort(key=_stage)


def _stage(item: pytest.Item) -> int:
    return min((stage for name, stage in STAGES.items() if item.get_closest_marker(name)), default=UNITS)


def empty_database() -> None:
    """Remove what tests have committed; rows that migrations made stay. Empties this worker's Valkey, too."""
    import redis

    run = Run(**json.loads(os.environ[RUN]))
    admin_url = run.database(_name_in(os.environ["DATABASE_URL"]), run.admin_url)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        filled = [name for name in _tables_with_rows(connection) if name not in _tables_of_migrations(run.admin_url)]
        if filled:
            truncate = sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(
                sql.SQL(", ").join(sql.Identifier(name) for name in filled)
            )
            connection.execute("SET lock_timeout = '5s'")
            try:
                connection.execute(truncate)
            except psycopg.errors.LockNotAvailable:
                # Something the test started still works on these tables. It must not hold up the others.
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
                )
                connection.execute(truncate)
                pytest.fail("The test left a transaction open, in a thread or process that it should have ended.")
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.flushdb()


@cache
def _tables_of_migrations(template_url: str) -> frozenset[str]:
    with psycopg.connect(template_url) as connection:
        return frozenset(_tables_with_rows(connection))


def _tables_with_rows(connection: psycopg.Connection[Any]) -> list[str]:
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND pg_relation_size(oid) > 0"
    )
    return [str(name) for (name,) in rows]


# The network


class NetworkBlocked(RuntimeError):
    """A test tried to leave the machine."""


@contextmanager
def _network_guard() -> Iterator[None]:
    """Let sockets of this process reach this machine only."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def check(connection: socket.socket, target: object) -> None:
        if isinstance(target, tuple) and not _is_here(str(target[0])):
            connection.close()  # whoever made it does not expect this error
            raise NetworkBlocked(f"A test tried to reach {target[0]}:{target[1]}. Serve it from tests/fakes instead.")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        check(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        check(self, address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name and not _is_address(name) and not _is_here(name):
            raise NetworkBlocked(f"A test tried to look up {name}. Give the code under test a resolver of your own.")
        return getaddrinfo(host, port, *args, **kwargs)

    patched: Any = socket.socket
    patched.connect, patched.connect_ex = guarded_connect, guarded_connect_ex
    socket.getaddrinfo = guarded_getaddrinfo
    try:
        yield
    finally:
        patched.connect, patched.connect_ex, socket.getaddrinfo = connect, connect_ex, getaddrinfo


def _is_address(host: str) -> bool:
    """Whether `host` is resolved without asking anybody: an address in any notation libc takes."""
    try:
        ip_address(host.split("%")[0])
    except ValueError:
        try:
            socket.inet_aton(host.rstrip("."))
        except OSError:
            return False
    return True


def _is_here(host: str) -> bool:
    try:
        address = ip_address(host.split("%")[0])
    except ValueError:
        return host.rstrip(".") in ("", "localhost", socket.gethostname())
    return address.is_loopback or address.is_unspecified


def pytest_report_header() -> str:
    """Say which servers are used."""
    return f"servers: {os.environ['DATABASE_URL']} {os.environ['REDIS_URL']}"
