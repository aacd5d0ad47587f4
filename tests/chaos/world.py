"""A whole product of throw-away processes that a plan may kill, freeze and restart."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from config.embedded.account import account_for
from config.embedded.postgres import Postgres
from config.embedded.process import die_with_parent
from config.embedded.services import REPOSITORY
from config.embedded.valkey import Valkey

LEASE_SECONDS = 2
SETUP = """
import django; django.setup()
from tests.cast import make_cast
from apps.accounts import services
cast = make_cast()
print(services.api_key_create(workspace=cast.workspace, name="chaos", actor=cast.owner).secret)
"""


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """One process of the product, started again whenever the plan killed it."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.command, self.environment, self.log = command, environment, log
        self.deaths = 0
        self.start()

    def start(self) -> None:
        """Start it."""
        parent = os.getpid()
        with self.log.open("ab") as output:
            self.popen = subprocess.Popen(
                self.command,
                env=self.environment,
                cwd=REPOSITORY,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(parent),
            )

    def kill(self) -> None:
        """SIGKILL, and a new one in its place."""
        self.popen.kill()
        self.popen.wait()
        self.deaths += 1
        self.start()

    def freeze(self) -> None:
        """SIGSTOP: alive, and deaf."""
        self.popen.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self.popen.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """SIGTERM, then SIGKILL."""
        self.popen.send_signal(signal.SIGCONT)
        self.popen.terminate()
        try:
            self.popen.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


class World:
    """PostgreSQL, Valkey, one web process, workers, and a receiver that remembers. Use as a context manager."""

    def __init__(self, folder: Path, *, workers: int) -> None:
        self.folder, self.worker_count = folder, workers
        self._stack = ExitStack()
        self.key = ""

    def __enter__(self) -> World:
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self, stack: ExitStack) -> None:
        self.folder.chmod(0o755)
        account = account_for(self.folder)
        self.postgres, self.valkey = Postgres(self.folder, account), Valkey(self.folder, account)
        for server in (self.postgres, self.valkey):
            server.attach()
            stack.callback(server.release)
        self.web_port, self.receiver_port = free_port(), free_port()
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("AGENTFLOW_")} | {
            "DATABASE_URL": self.postgres.url("agentflow_app"),
            "DATABASE_OWNER_URL": self.postgres.url("agentflow_owner"),
            "REDIS_URL": self.valkey.redis_url,
            "CELERY_BROKER_URL": self.valkey.celery_url,
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "AGENTFLOW_VAR": str(self.folder),
            "ENGINE_LEASE_SECONDS": str(LEASE_SECONDS),
            "EGRESS_ALLOW": f"127.0.0.1:{self.receiver_port}",
            "BASE_URL": f"http://127.0.0.1:{self.web_port}",
        }
        self._manage("migrate", "--database", "owner", "--verbosity", "0", "--no-input")
        self.key = self._python("-c", SETUP).strip().splitlines()[-1]
        self.effects = self.folder / "effects.jsonl"
        python = [sys.executable, "-m"]
        receiver = ["tests.fakes.slow", "--port", str(self.receiver_port), "--log", str(self.effects)]
        self.receiver = self._process(stack, "receiver", [*python, *receiver])
        daphne = ["daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(self.web_port), "config.asgi:application"]
        self.web = self._process(stack, "web", [*python, *daphne])
        worker = ["celery", "--quiet", "-A", "config", "worker", "--pool", "threads", "--concurrency", "4"]
        worker += ["-Q", "default,ai,bulk", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        self.workers = [
            self._process(stack, f"worker{at}", [*python, *worker, "-n", f"w{at}@chaos"])
            for at in range(self.worker_count)
        ]
        self.await_web()

    def _process(self, stack: ExitStack, name: str, command: list[str]) -> Process:
        made = Process(command, self.environment, self.folder / f"{name}.log")
        stack.callback(made.end)
        return made

    def _manage(self, *arguments: str) -> str:
        return self._python(str(REPOSITORY / "manage.py"), *arguments)

    def _python(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{arguments[:2]} failed:\n{done.stderr[-3000:]}")
        return done.stdout

    # ── Speaking to it ───────────────────────────────────────────────────────────────────────────────────────────────

    def await_web(self, seconds: float = 40) -> None:
        """Until the web process answers anything at all."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status, _ = self.call("GET", "/api/v1/app/me")
            if status == 200:
                return
            time.sleep(0.1)
        raise AssertionError(f"the web process did not come up:\n{(self.folder / 'web.log').read_text()[-3000:]}")

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """One request: its status and JSON. Status 0 when nobody answered."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.web_port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"} | (headers or {}),
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                raw, status = response.read(), response.status
        except urllib.error.HTTPError as error:
            raw, status = error.read(), error.code
        except OSError:
            return 0, None
        try:
            return status, json.loads(raw) if raw else None
        except ValueError:
            return status, raw.decode(errors="replace")

    def insist(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Ask again while nobody answers or the answer is 5xx, for at most 40 s: what a client that means it does."""
        deadline = time.monotonic() + 40
        while True:
            status, found = self.call(method, path, body, headers)
            if status and status < 500:
                return status, found
            if time.monotonic() > deadline:
                raise AssertionError(f"{method} {path}: still {status} {found} after 40 s")
            time.sleep(0.2)
