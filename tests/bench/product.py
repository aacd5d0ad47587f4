"""A product of its own to measure: started in an empty folder, spoken to by HTTP, ended at the end."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.workloads import Workload

ROOT = Path(__file__).resolve().parent.parent.parent


class Product:
    """A running product, spoken to by HTTP only."""

    def __init__(self, port: int, environment: dict[str, str]) -> None:
        self.base, self.environment = f"http://127.0.0.1:{port}", environment
        self.key = ""
        self.supervisor: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The supervisor's."""
        assert self.supervisor is not None
        return self.supervisor.pid

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One API call as JSON. Raises `urllib.error.HTTPError` when refused."""
        request = urllib.request.Request(
            f"{self.base}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                raw = response.read()
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()[:500]}") from None
        return json.loads(raw) if raw else None

    def is_up(self) -> bool:
        """Whether it says of itself that all of it works."""
        try:
            with urllib.request.urlopen(f"{self.base}/api/v1/public/health", timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False


@contextmanager
def product(port: int, allow: str, **more: str) -> Iterator[Product]:
    """The product in a folder of its own, ended at the end. `more` is put into its environment."""
    with tempfile.TemporaryDirectory(prefix="agentflow-bench-") as var:
        environment = {
            **os.environ,
            "AGENTFLOW_VAR": var,
            "AGENTFLOW_PORT": str(port),
            "EGRESS_ALLOW": allow,
            "BASE_URL": f"http://127.0.0.1:{port}",
            "NODE_PACKAGES": "tests.fakes.nodes",
            **more,
        }
        manage = [sys.executable, str(ROOT / "manage.py")]
        log = (Path(var) / "up.log").open("w")
        found = Product(port, environment)
        up = found.supervisor = subprocess.Popen([*manage, "up"], env=environment, stdout=log, stderr=log, cwd=ROOT)
        try:
            for _ in range(240):
                if found.is_up():
                    break
                if up.poll() is not None:
                    raise RuntimeError(f"The product did not start:\n{Path(log.name).read_text()[-4000:]}")
                time.sleep(0.5)
            else:
                raise RuntimeError(f"The product did not become healthy:\n{Path(log.name).read_text()[-4000:]}")
            made = subprocess.run(
                [*manage, "api_key_create", "--workspace", "demo", "--name", "bench"],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
                cwd=ROOT,
            )
            found.key = made.stdout.strip()
            yield found
        finally:
            up.terminate()
            try:
                up.wait(timeout=40)
            except subprocess.TimeoutExpired:
                up.kill()
            log.close()


@contextmanager
def slow_server(port: int) -> Iterator[str]:
    """The receiver that takes its time, as a process of its own."""
    server = subprocess.Popen([sys.executable, "-m", "tests.fakes.slow", "--port", str(port)], cwd=ROOT)
    try:
        for _ in range(100):
            if server.poll() is not None:
                raise RuntimeError(f"The receiver did not start on port {port}.")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/slow"
    finally:
        server.terminate()
        server.wait(timeout=10)


def install(target: Product, workload: Workload) -> None:
    """Make a workload's webhook live."""
    made = target.call(
        "POST", "/api/v1/app/workflows", {"name": f"Bench {workload.name}", "definition": workload.definition}
    )
    target.call("POST", f"/api/v1/app/workflows/{made['id']}/activate")
