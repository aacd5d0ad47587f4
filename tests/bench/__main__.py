"""`make bench`: W1 to W4 and W6 against the whole product, every execution persisted.

Starts a product of its own (own database, broker and port), so that nothing measured is shared with a running one.
Writes one JSON line per row to `var/bench.jsonl` and the table of `docs/benchmarks.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import approvals
from tests.bench.load import load
from tests.bench.workloads import Workload, w1, w2, w3, w4, w6
from tests.chaos.world import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"


class Product:
    """A running product, spoken to by HTTP only."""

    def __init__(self, port: int, environment: dict[str, str]) -> None:
        self.base, self.environment = f"http://127.0.0.1:{port}", environment
        self.key = ""

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
def product(port: int, allow: str) -> Iterator[Product]:
    """The product in a folder of its own, ended at the end."""
    with tempfile.TemporaryDirectory(prefix="agentflow-bench-") as var:
        environment = {
            **os.environ,
            "AGENTFLOW_VAR": var,
            "AGENTFLOW_PORT": str(port),
            "EGRESS_ALLOW": allow,
            "BASE_URL": f"http://127.0.0.1:{port}",
        }
        manage = [sys.executable, str(ROOT / "manage.py")]
        log = (Path(var) / "up.log").open("w")
        up = subprocess.Popen([*manage, "up"], env=environment, stdout=log, stderr=log, cwd=ROOT)
        found = Product(port, environment)
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


def measure(target: Product, workload: Workload, concurrency: int, requests: int) -> dict[str, Any]:
    """One row."""
    url = f"{target.base}/webhooks/demo/{workload.name}"
    load(url, workload.body, workload.is_right, concurrency=concurrency, requests=max(3, requests // 20))
    found = load(url, workload.body, workload.is_right, concurrency=concurrency, requests=requests)
    row = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "workload": workload.name, **asdict(found)}
    print(json.dumps(row), flush=True)
    return row


def table(rows: list[dict[str, Any]], workloads: list[Workload]) -> str:
    """The rows as Markdown."""
    titles = {workload.name: workload.title for workload in workloads}
    lines = [
        f"Measured {rows[0]['at'][:10]}, {os.cpu_count()} cores, {platform.machine()}, Python "
        f"{platform.python_version()}; "
        "the load generator and all services share the cores.",
        "",
        "| workload | concurrency | requests | wrong | executions/s | p50 ms | p95 ms | p99 ms | worst ms |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {row['workload'].upper()} {titles[row['workload']]} | {row['concurrency']} | {row['requests']} "
        f"| {row['wrong']} | {row['per_second']} | {row['p50']} | {row['p95']} | {row['p99']} | {row['worst']} |"
        for row in rows
    ]
    return "\n".join(lines)


def write(text: str) -> None:
    """Put the table between its marks in docs/benchmarks.md."""
    page = ROOT / "docs" / "benchmarks.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def main() -> None:
    """Measure and write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default="w1,w2,w3,w4,w6", help="workloads, comma-separated")
    options.add_argument("--concurrency", default="1,10,50")
    options.add_argument("--dry", action="store_true", help="do not write docs/benchmarks.md")
    given = options.parse_args()
    port, slow_port = free_port(), free_port()
    rows: list[dict[str, Any]] = []
    words = ""
    with slow_server(slow_port) as slow_url, product(port, f"127.0.0.1:{slow_port}") as target:
        workloads = [each for each in (w1(), w2(), w3(), w4(slow_url)) if each.name in given.only.split(",")]
        for workload in workloads:
            install(target, workload)
        for workload in workloads:
            for concurrency in (int(text) for text in given.concurrency.split(",")):
                rows.append(measure(target, workload, concurrency, workload.sizes[concurrency]))
        if "w6" in given.only.split(","):
            install(target, w6())
            row = approvals.measure(target)
            words = approvals.line(row)
            print(json.dumps(row), flush=True)
    results = ROOT / "var" / "bench.jsonl"
    results.parent.mkdir(exist_ok=True)
    with results.open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    if not given.dry:
        write("\n\n".join(part for part in (table(rows, workloads) if rows else "", words) if part))


if __name__ == "__main__":
    main()
