"""A whole product of throw-away processes that a plan may kill, freeze and restart."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg

from config.embedded.account import account_for
from config.embedded.postgres import MAJOR, Postgres, binaries, statements_of
from config.embedded.services import REPOSITORY
from config.embedded.valkey import Valkey
from tests.chaos.broker import Broker
from tests.chaos.process import Nursery, Process, Worker
from tests.services import migrated_template

LEASE_SECONDS = 2
OUTBOX_DELAYS = (0.0, 0.5, 1.0, 1.0, 2.0, 2.0)
SETUP = "tests.chaos.cast"
Headers = Mapping[str, str]


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class World:
    """PostgreSQL, Valkey, one web process, workers, and a receiver that remembers. Use as a context manager.

    As the `copy_of` another one it begins with what was dumped there, and shares its receiver.
    """

    def __init__(
        self, folder: Path, *, workers: int = 2, copy_of: World | None = None, dump: Path | None = None
    ) -> None:
        self.folder, self.worker_count = folder, workers
        self.copy_of, self.dump_file = copy_of, dump
        self._stack = ExitStack()
        self.workers: list[Worker] = []
        self.key = self.other_key = self.workspace_id = self.cookie = ""

    def __enter__(self) -> World:
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self, stack: ExitStack) -> None:
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o755)
        account = account_for(self.folder)
        self.postgres, self.valkey = Postgres(self.folder, account), Valkey(self.folder, account)
        shutil.copytree(migrated_template(self.folder / "building"), self.postgres.data, symlinks=True)
        for path in (self.postgres.home, *self.postgres.home.rglob("*")):
            account.owns(path)
        for server in (self.postgres, self.valkey):
            server.attach()
            stack.callback(server.release)
        self.broker = Broker(self.valkey.socket)
        stack.callback(self.broker.close)
        self.web_port = free_port()
        self.receiver_port: int = self.copy_of.receiver_port if self.copy_of else free_port()
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("AGENTFLOW_")} | {
            "DATABASE_URL": self.postgres.url("agentflow_app"),
            "DATABASE_OWNER_URL": self.postgres.url("agentflow_owner"),
            "REDIS_URL": self.valkey.redis_url,
            "CELERY_BROKER_URL": self.broker.url,
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "AGENTFLOW_VAR": str(self.folder),
            "ENGINE_LEASE_SECONDS": str(LEASE_SECONDS),
            "NODE_PACKAGES": "tests.chaos.nodes",
            "OUTBOX_DELAYS": ",".join(map(str, OUTBOX_DELAYS)),
            "EGRESS_ALLOW": "127.0.0.1",  # the receiver, and the model of some rows
            "BASE_URL": f"http://127.0.0.1:{self.web_port}",
            "CELERY_SKIP_CHECKS": "1",  # a third of a worker's start, and they find the same thing each time
        }
        if self.copy_of:
            shutil.copy2(self.copy_of.folder / "secret_key", self.folder / "secret_key")
        self.nursery = Nursery(self.environment, self.folder / "nursery.log")
        stack.callback(self.nursery.end)
        if self.copy_of is None:
            self.effects = self.folder / "effects.jsonl"
            self.effects.touch()
            listening = ["--port", str(self.receiver_port), "--log", str(self.effects)]
            self.receiver = self._process(stack, "receiver", "tests.fakes.slow", listening)
            self.key, self.other_key = self._cast()
        else:
            self._restore(self.copy_of)
        daphne = ["-v", "0", "-b", "127.0.0.1", "-p", str(self.web_port), "config.asgi:application"]
        self.web = self._process(stack, "web", "daphne", daphne)
        for _ in range(self.worker_count):
            self.add_worker()
        stack.callback(self._end_workers)
        self.await_web()

    def _process(self, stack: ExitStack, name: str, module: str, arguments: list[str]) -> Process:
        made = Process(self.nursery, module, arguments, self.folder / f"{name}.log")
        stack.callback(made.end)
        return made

    def _restore(self, original: World) -> None:
        self.effects, self.receiver = original.effects, original.receiver
        self.key, self.other_key, self.workspace_id = original.key, original.other_key, original.workspace_id
        with psycopg.connect(self.postgres.url("postgres", "postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE agentflow WITH (FORCE)")
            connection.execute("CREATE DATABASE agentflow OWNER agentflow_owner")
        # As docs/operations.md says: what was made with the server, such as the extension, is in no dump.
        with psycopg.connect(self.postgres.url("postgres", "agentflow"), autocommit=True) as connection:
            for statement in statements_of((REPOSITORY / "config" / "embedded" / "sql" / "database.sql").read_text()):
                connection.execute(statement.encode())
        self._postgres_tool("pg_restore", "--dbname", "agentflow", "--exit-on-error", str(self.dump_file))

    def dump(self, to: Path) -> None:
        """Write the whole database, as it is at one moment, while work goes on."""
        self._postgres_tool("pg_dump", "--format", "custom", "--file", str(to), "agentflow")

    def _postgres_tool(self, name: str, *arguments: str) -> None:
        program = binaries(self.postgres.account) / f"pginstall{MAJOR}" / "bin" / name
        command = [str(program), "--host", str(self.postgres.sockets), "--username", "postgres", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise RuntimeError(f"{name} failed:\n{done.stderr[-2000:]}")

    def _cast(self) -> tuple[str, str]:
        log = self.folder / "cast.log"
        made = Process(self.nursery, SETUP, [], log)
        assert made.await_end(30), "the cast is not there"
        try:
            found = json.loads(log.read_text().strip().splitlines()[-1])
            self.workspace_id, self.cookie = str(found["workspace"]), str(found["cookie"])
            return found["acme"], found["umbrella"]
        except (ValueError, IndexError, KeyError):
            raise RuntimeError(f"the cast could not be made:\n{log.read_text()[-3000:]}") from None

    # ── Its processes ────────────────────────────────────────────────────────────────────────────────────────────────

    def add_worker(self, *, shift_seconds: float = 0) -> Worker:
        """One more worker process, whose clock goes wrong by so many seconds."""
        name = f"worker{len(self.workers)}"
        arguments = ["-A", "config", "--quiet", "worker", "--pool", "threads", "--concurrency", "4"]
        arguments += ["-Q", "default,ai,bulk", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        made = Worker(
            self.nursery,
            "celery",
            [*arguments, "-n", f"{name}@chaos"],
            self.folder / f"{name}.log",
            shift_seconds=shift_seconds,
        )
        self.workers.append(made)
        return made

    def add_web(self) -> tuple[Process, str]:
        """One more web process, and where it answers. Whoever asks for it ends it."""
        port = free_port()
        arguments = ["-v", "0", "-b", "127.0.0.1", "-p", str(port), "config.asgi:application"]
        made = Process(self.nursery, "daphne", arguments, self.folder / f"web{port}.log")
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        return made, f"http://127.0.0.1:{port}"

    def await_pulse(self, worker: Worker, seconds: float = 30) -> None:
        """Until a worker has written its lease."""
        until = time.monotonic() + seconds
        while not self.sql("SELECT 1 FROM executions_worker WHERE id = %s", worker.id):
            assert time.monotonic() < until, f"a worker did not come up:\n{worker.log.read_text()[-2000:]}"
            time.sleep(0.05)

    def drop_worker(self, worker: Worker, seconds: float = 40) -> bool:
        """Let a worker end as a deployment does. Whether it went by itself."""
        self.workers.remove(worker)
        return worker.end(seconds)

    def _end_workers(self) -> None:
        for worker in self.workers:
            worker.thaw()
            worker.send(signal.SIGKILL)

    def start_workers(self, count: int) -> None:
        """As many workers with the right time as asked for, whatever was there before."""
        self._end_workers()
        self.workers.clear()
        for _ in range(count):
            self.add_worker()

    def mend(self, workers: int) -> None:
        """Everything there and well, with as many workers, whatever was done to it."""
        self.broker.copies = 1
        for server in (self.postgres, self.valkey):
            server.ensure()
        if not self.web.is_alive:
            self.web.start()
        self.await_web()
        for worker in self.workers:
            worker.thaw()
        while len(self.workers) > workers:
            self.workers.pop().end(1)
        while len(self.workers) < workers:
            self.add_worker()

    # ── Its tables ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def database_url(self) -> str:
        """As a superuser, past every wall: for the judge, and for faults."""
        return self.postgres.url("postgres")

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """One statement as a superuser."""
        with psycopg.connect(self.database_url, autocommit=True, connect_timeout=2) as connection:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    # ── Speaking to it ───────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def base(self) -> str:
        """Where the web process answers."""
        return f"http://127.0.0.1:{self.web_port}"

    def await_web(self, seconds: float = 40) -> None:
        """Until the web process answers anything at all."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status, _ = self.call("GET", "/api/v1/app/me")
            if status == 200:
                return
            time.sleep(0.1)
        raise AssertionError(f"the web process did not come up:\n{(self.folder / 'web.log').read_text()[-3000:]}")

    def call(
        self, method: str, path: str, body: Any = None, headers: Headers | None = None, timeout: float = 5
    ) -> tuple[int, Any]:
        """One request: its status and JSON. Status 0 when nobody answered."""
        request = urllib.request.Request(
            f"{self.base}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.key}", **(headers or {})},
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                raw, status = response.read(), response.status
        except urllib.error.HTTPError as error:
            raw, status = error.read(), error.code
        except OSError:
            return 0, None
        try:
            return status, json.loads(raw) if raw else None
        except ValueError:
            return status, raw.decode(errors="replace")

    def insist(self, method: str, path: str, body: Any = None, headers: Headers | None = None) -> tuple[int, Any]:
        """Ask again while nobody answers or the answer is 5xx, for at most 40 s: what a client that means it does."""
        deadline = time.monotonic() + 40
        while True:
            status, found = self.call(method, path, body, headers)
            if status and status < 500:
                return status, found
            if time.monotonic() > deadline:
                raise AssertionError(f"{method} {path}: still {status} {found} after 40 s")
            time.sleep(0.2)

    def publish(self, name: str, definition: dict[str, Any], *, key: str | None = None) -> str:
        """Make a workflow live. Its id."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        status, made = self.insist("POST", "/api/v1/app/workflows", {"name": name, "definition": definition}, headers)
        assert status == 201, made
        status, found = self.insist("POST", f"/api/v1/app/workflows/{made['id']}/activate", headers=headers)
        assert status == 200, found
        return str(made["id"])
