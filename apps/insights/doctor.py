"""What may be wrong with an installation, and the mend of each: the checks behind `manage.py doctor`."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from apps.core import replica
from apps.core import selectors as core
from apps.core.sandbox import choice
from apps.core.sandbox.job import LANGUAGES
from apps.executions import payloads
from apps.insights.health import Amiss, check_beat, check_broker, check_replica, check_workers

OLDEST_PYTHON = (3, 11)
OLDEST_POSTGRES = 150_000
LEAST_FREE_BYTES = 1_000_000_000
_REPLICA_MEND = "Compare DATABASE_REPLICA_URL with the replica; on the primary look at pg_stat_replication."


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One part of the installation: how it is, and what to do when it is not well."""

    name: str
    is_ok: bool
    detail: str
    mend: str

    def __str__(self) -> str:
        mark = "✓" if self.is_ok else "✗"
        return f"{mark} {self.name:<12} {self.detail}" + ("" if self.is_ok else f"\n{'':15}→ {self.mend}")


def examine() -> Iterator[Diagnosis]:
    """Every part in turn, also when an earlier one is not well. Never raises."""
    parts: list[tuple[str, Callable[[], str], str]] = [
        ("Python", _python, "Install Python 3.11 or newer, then: make run PYTHON=/path/to/python3.11"),
        ("PostgreSQL", _postgres, "Embedded: make run starts it. Own server: compare DATABASE_URL with it."),
        *([("replica", check_replica, _REPLICA_MEND)] if replica.is_configured() else []),
        ("Valkey", _valkey, "Embedded: make run starts it. Own server: compare REDIS_URL with it."),
        ("broker", check_broker, "Compare CELERY_BROKER_URL (or REDIS_URL) with the broker that runs."),
        ("migrations", _migrations, "python manage.py migrate --database owner"),
        (
            "objects",
            payloads.storage_check,
            "Compare OBJECT_STORAGE_URL and the two S3 keys, or make room in the folder.",
        ),
        ("web", _web, "make run. Taken by something else: AGENTFLOW_PORT=8001 make run"),
        ("worker", check_workers, "make run, or: celery -A config worker --pool threads -Q default,ai,bulk"),
        ("beat", check_beat, "make run, or: celery -A config beat"),
        ("outbox", _outbox, "Look at the log for what could not be told or sent, mend it, and send it again."),
        ("front end", _front_end, "make run builds it, or: cd static && npm ci && npm run build"),
        (
            "sandbox",
            _sandbox,
            "apt install bubblewrap, or Linux 5.13 with Landlock; pip install deno. Without: SANDBOX_TIER=off",
        ),
        ("disk", _disk, "Make room, or set AGENTFLOW_VAR to a folder on a larger disk."),
    ]
    for name, check, mend in parts:
        try:
            yield Diagnosis(name, True, check(), mend)
        except Amiss as amiss:
            yield Diagnosis(name, False, str(amiss), mend)
        except Exception as error:
            yield Diagnosis(name, False, f"Cannot be reached: {_first_line(error)}", mend)


def _python() -> str:
    found = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < OLDEST_PYTHON:
        raise Amiss(f"Python {found} is too old.")
    return f"Python {found}"


def _web() -> str:
    host, port = os.environ.get("AGENTFLOW_BIND") or "127.0.0.1", int(os.environ.get("AGENTFLOW_PORT") or 8000)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if _is_ours(host, port):
                return f"AgentFlow answers on {host}:{port}."
            raise Amiss(f"{host}:{port} cannot be used: {error.strerror}.") from None
    raise Amiss(f"Nothing answers on {host}:{port}.")


def _is_ours(host: str, port: int) -> bool:
    """Whether what listens there answers as this product does. Spoken by hand: this never leaves the machine."""
    request = f"GET /api/v1/public/health HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1" if host == "0.0.0.0" else host, port), timeout=5) as peer:
            peer.sendall(request.encode())
            found = b""
            while chunk := peer.recv(65_536):
                found += chunk
                if len(found) > 65_536:
                    return False
    except OSError:
        return False
    return b'"revision"' in found


def _postgres() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT current_setting('server_version_num')::int, current_setting('server_version'),
                      rolsuper OR rolbypassrls, EXISTS (SELECT FROM pg_extension WHERE extname = 'vector')
               FROM pg_roles WHERE rolname = current_user"""
        )
        number, version, is_mighty, has_vector = cursor.fetchone()
    if number < OLDEST_POSTGRES:
        raise Amiss(f"PostgreSQL {version} is too old; 15 or newer is needed.")
    if is_mighty:
        raise Amiss("The product logs in as a role that passes row-level security; use agentflow_app.")
    if not has_vector:
        raise Amiss("The extension vector is missing: CREATE EXTENSION vector;")
    return f"PostgreSQL {version.split()[0]} at {_place(settings.DATABASES['default'])}"


def _place(database: dict[str, Any]) -> str:
    return f"{database['HOST'] or 'localhost'}, database {database['NAME']}"


def _valkey() -> str:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3) as client:
        info: Any = client.info("server")
    name, version = info.get("server_name", "redis"), info.get("valkey_version") or info["redis_version"]
    parts = urlsplit(settings.REDIS_URL)
    return f"{name.capitalize()} {version} at {parts.hostname or parts.path}"


def _migrations() -> str:
    alias = "owner" if "owner" in settings.DATABASES else "default"
    executor = MigrationExecutor(connections[alias])
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise Amiss(f"{len(missing)} are not applied, the first is {missing[0][0]}.")
    return "The database is up to date."


def _outbox() -> str:
    events, messages = core.given_up()
    if events:
        raise Amiss(f"{events:,} events were given up: what should have followed from them did not.")
    return f"{messages:,} outgoing messages were given up within a week." if messages else "Nothing was given up."


def _front_end() -> str:
    path = Path(str(settings.DJANGO_VITE["default"]["manifest_path"]))
    try:
        entries = json.loads(path.read_text())
    except (OSError, ValueError):
        raise Amiss(f"There is no build at {path.parent}.") from None
    missing = [name for name in ("src/app.ts", "icons.svg") if name not in entries]
    if missing:
        raise Amiss(f"The build lacks {missing[0]}.")
    return f"Built, {len(entries)} entries."


def _sandbox() -> str:
    """The self-test itself, here: a worker of the same installation comes to the same answer."""
    if settings.SANDBOX_TIER == choice.OFF:
        return "Switched off: nodes run no code of yours."
    found, missing = [], []
    for language in LANGUAGES:
        tested = choice.verdicts(language)
        missing += [f"{each.tier} cannot run {language}: {each.fault}" for each in tested if each.fault]
        found += [f"{language} in {each.tier}" for each in tested if not each.fault]
    if len(found) < len(LANGUAGES):
        raise Amiss(" ".join([*(f"{each} works." for each in found), *missing]))
    return " ".join([f"{', '.join(found)}.", *missing])


def _disk() -> str:
    folder = Path(settings.VAR_DIR)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    words = f"{free / 1e9:.1f} GB free at {settings.VAR_DIR}"
    if free < LEAST_FREE_BYTES:
        raise Amiss(f"Only {words}.")
    return words


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
