"""`manage.py up`: the whole product on one machine, from one command, until Ctrl-C.

Starts or adopts PostgreSQL and Valkey, brings the database up to date, then keeps the web server, a
worker and the scheduler running. Everything it starts dies with it, whatever kills it; the servers
stay and are adopted by the next start.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg

from config.embedded.children import (
    Backoff,
    Child,
    Console,
    Environment,
    copy_output,
    start,
)
from config.embedded.errors import EmbeddedError
from config.embedded.process import describe_exit, signal_group
from config.embedded.server import Server
from config.embedded.services import REPOSITORY, Services, attach, var_directory

PATIENCE_SECONDS = 20.0
HEALTH_PATH = "/api/v1/public/health"
MANAGE = [sys.executable, str(REPOSITORY / "manage.py")]
NAMES = ("up", "setup", "web", "worker", "beat")


_GIVEN = """set in the environment:
  AGENTFLOW_PORT   the port to listen at (8000)
  AGENTFLOW_BIND   the address to listen at (127.0.0.1)
  AGENTFLOW_VAR    the folder that keeps everything (var/)
docs/reference/settings.md names all the others."""


def up(arguments: Sequence[str] = ()) -> int:
    """Run the product until it is told to stop. The exit code: 0 stopped cleanly, 1 could not run (said on stderr).

    It takes no arguments but `--help`; others end the process with code 2, as wrong usage does.
    """
    argparse.ArgumentParser(
        prog="manage.py up",
        description="Run the whole product on this machine: database, web server, worker and clock.",
        epilog=_GIVEN,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args(arguments)
    try:
        var = var_directory()
        with only_one(var):
            host, port = address()
            services = attach(var)
            try:
                return asyncio.run(Supervisor(services, var, host, port).run())
            finally:
                services.close()
    except EmbeddedError as error:
        print(f"AgentFlow cannot start: {error}", file=sys.stderr)
        return 1


class Supervisor:
    """What `up` runs once the servers are there."""

    def __init__(self, services: Services, var: Path, host: str, port: int) -> None:
        self._services = services
        self._var = var
        self._host, self._port = host, port
        self._console = Console(NAMES)
        self._stopping = asyncio.Event()
        python = [sys.executable, "-m"]
        self._worker = Child(
            "worker",
            [
                *(*python, "celery", "--quiet", "-A", "config", "worker", "--pool", "threads", "--concurrency", "8"),
                *("-Q", "default,ai,bulk", "--without-gossip", "--without-mingle", "--without-heartbeat"),
            ],
            self._console,
            environment=worker_environment,
            on_death=self._release_work,
        )
        self._children = [
            Child(
                "web",
                [*python, "daphne", "-v", "0", "-b", host, "-p", str(port), "config.asgi:application"],
                self._console,
            ),
            self._worker,
            Child(
                "beat",
                [
                    *(*python, "celery", "--quiet", "-A", "config", "beat"),
                    *("--scheduler", "django_celery_beat.schedulers:DatabaseScheduler"),
                ],
                self._console,
            ),
        ]

    async def run(self) -> int:
        """Bring the database up to date, then keep everything running until a signal comes."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal)
        self._make_room_for_metrics()
        await self._bring_database_up_to_date()
        if self._stopping.is_set():
            return 0
        kept = [asyncio.create_task(child.keep()) for child in self._children]
        watched = [asyncio.create_task(self._watch(server)) for server in self._services.servers]
        greeting = asyncio.create_task(self._greet())
        stop = asyncio.create_task(self._stopping.wait())
        try:
            # A task that ends before the signal has failed: let it be heard.
            await asyncio.wait({stop, *kept, *watched}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._console.line("up", "stopping")
            greeting.cancel()
            await asyncio.gather(*(child.stop(PATIENCE_SECONDS) for child in self._children))
            self._stopping.set()
            for outcome in await asyncio.gather(*kept, *watched, greeting, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome
        return 0

    def _on_signal(self) -> None:
        if self._stopping.is_set():  # asked twice: in a hurry
            for child in self._children:
                child.kill()
        self._stopping.set()

    # Before anything runs

    def _make_room_for_metrics(self) -> None:
        """An empty folder in which the processes put their figures together, if anybody may read them."""
        if os.environ.get("METRICS_TOKEN"):
            folder = self._var / "metrics"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)

    async def _bring_database_up_to_date(self) -> None:
        """Migrate and fill the demo workspace, unless nothing has changed since that was last done."""
        marker = self._var / "database-is-up-to-date"
        if marker.exists() and marker.read_text() == await asyncio.to_thread(state_of_code_and_database):
            return
        self._console.line("up", "bringing the database up to date")
        await self._manage("migrate", "--database", "owner", "--verbosity", "0", "--no-input")
        await self._manage("demo_seed")
        if not self._stopping.is_set():
            marker.write_text(await asyncio.to_thread(state_of_code_and_database))

    async def _manage(self, *arguments: str) -> None:
        """Run a management command, its output on the console. Raises EmbeddedError when it fails."""
        if self._stopping.is_set():
            return
        process = await start([*MANAGE, *arguments], {})
        ender = asyncio.create_task(self._end_when_stopping(process))
        await copy_output(process, lambda text: self._console.line("setup", text))
        code = await process.wait()
        ender.cancel()
        if code and not self._stopping.is_set():
            raise EmbeddedError(
                f"`manage.py {' '.join(arguments)}` {describe_exit(code)}.",
                "Its own words are above. Nothing was started; mend it and start again.",
            )

    async def _end_when_stopping(self, process: asyncio.subprocess.Process) -> None:
        await self._stopping.wait()
        signal_group(process.pid, signal.SIGTERM)

    # While everything runs

    async def _watch(self, server: Server) -> None:
        """Start an embedded server again whenever it dies."""
        backoff, started_at = Backoff(), time.monotonic()
        while not self._stopping.is_set():
            await self._pause(0.25)
            if self._stopping.is_set() or await asyncio.to_thread(server.is_alive):
                continue
            self._console.line("up", f"{server.name} died; starting it again")
            await self._pause(backoff.after(time.monotonic() - started_at))
            started_at = time.monotonic()
            try:
                if await asyncio.to_thread(server.ensure):
                    self._console.line("up", f"{server.name} runs again")
            except EmbeddedError as error:
                self._console.line("up", str(error))

    async def _release_work(self, environment: Environment) -> None:
        """Have a dead worker's work taken up at once, rather than when its lease runs out."""
        worker = environment["AGENTFLOW_WORKER_ID"]
        try:
            await asyncio.to_thread(release_work_of, worker)
        except psycopg.Error as error:
            self._console.line("up", f"worker {worker}: its work waits for its lease to end ({error})".strip())

    async def _greet(self) -> None:
        """Once the web server answers, say where it is and how to sign in."""
        link, is_open = await asyncio.gather(self._sign_in_link(), self._wait_until_open())
        if is_open:
            base = (
                os.environ.get("BASE_URL")
                or f"http://{'127.0.0.1' if self._host == '0.0.0.0' else self._host}:{self._port}"
            )
            self._console.line("up", "")
            self._console.line("up", f"AgentFlow is open at {base}")
            self._console.line("up", f"Sign in to the demo workspace (works once): {link}")
            self._console.line("up", "Ctrl-C stops everything.")
            self._console.line("up", "")

    async def _sign_in_link(self) -> str:
        process = await start([*MANAGE, "sign_in_link", "--workspace", "demo"], {})
        lines: list[str] = []
        await copy_output(process, lines.append)
        if await process.wait() == 0 and lines:
            return lines[-1]
        for line in lines:
            self._console.line("setup", line)
        return "none could be made, see `manage.py sign_in_link` above"

    async def _wait_until_open(self) -> bool:
        while not self._stopping.is_set():
            if await answers(self._host, self._port):
                return True
            await self._pause(0.1)
        return False

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)


def worker_environment() -> Environment:
    """What a worker's start has of its own: a fresh identity, under which it claims work."""
    environment = {"AGENTFLOW_WORKER_ID": str(uuid.uuid4())}
    if os.geteuid() == 0:  # Celery's eight lines about it would greet every user of a container
        environment["PYTHONWARNINGS"] = "ignore:You're running the worker with superuser privileges"
    return environment


@contextlib.contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Hold this installation's right to be running. Raises EmbeddedError when another process has it."""
    descriptor = os.open(var / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.read(descriptor, 20).decode() or "unknown"
            raise EmbeddedError(
                f"it already runs from {var} (process {other}).",
                "Stop that one, or set AGENTFLOW_VAR and AGENTFLOW_PORT for a second, separate installation.",
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def address() -> tuple[str, int]:
    """Where the web server will listen, found free. Raises EmbeddedError saying what to change."""
    host, given = os.environ.get("AGENTFLOW_BIND") or "127.0.0.1", os.environ.get("AGENTFLOW_PORT") or "8000"
    if not given.isdigit() or not 0 < int(given) < 65536:
        raise EmbeddedError(f"AGENTFLOW_PORT is {given!r}.", "Set it to a number from 1 to 65535.")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(given)))
        except OSError as error:
            raise EmbeddedError(
                f"port {given} on {host} cannot be used: {error.strerror}.",
                f"Stop what uses it, or choose another: AGENTFLOW_PORT={int(given) + 1} make run",
            ) from None
    return host, int(given)


async def answers(host: str, port: int) -> bool:
    """Whether the product answers on its health address. "Not all is well" (503) is an answer, too."""
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection("127.0.0.1" if host == "0.0.0.0" else host, port)
            with contextlib.closing(writer):
                writer.write(
                    f"GET {HEALTH_PATH} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n".encode()
                )
                status = (await reader.readline()).split()
    except (OSError, TimeoutError):
        return False
    return len(status) > 1 and status[1] in (b"200", b"503")


def state_of_code_and_database() -> str:
    """A fingerprint that changes with our code, our dependencies, and the migrations the database has had."""
    digest = hashlib.sha256(str(REPOSITORY).encode())
    files = [
        *REPOSITORY.glob("apps/**/*.py"),
        *REPOSITORY.glob("config/settings/*.py"),
        *REPOSITORY.glob("requirements/*.txt"),
    ]
    for path in sorted(files):
        digest.update(path.read_bytes())
    owner_url = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    try:
        with psycopg.connect(owner_url, connect_timeout=10) as connection:
            for row in connection.execute("SELECT app, name, applied::text FROM django_migrations ORDER BY id"):
                digest.update(repr(row).encode())
    except psycopg.errors.UndefinedTable:
        return ""
    return digest.hexdigest()


def release_work_of(worker: str) -> None:
    """Give back what a dead worker had claimed."""
    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=10, autocommit=True) as connection:
        connection.execute("SELECT executions_worker_release(%s)", [worker])
