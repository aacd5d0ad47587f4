from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.embedded import supervisor
from config.embedded.errors import EmbeddedError
from config.embedded.services import REPOSITORY

WEB = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/api/v1/public/health" else 500)
        self.end_headers()
    def log_message(self, *args): pass
port = int(sys.argv[sys.argv.index("-p") + 1])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""
WORKER = """
import json, os, sys, time
role = "worker" if "worker" in sys.argv else "beat"
print(json.dumps({"role": role, "pid": os.getpid(), "id": os.environ.get("AGENTFLOW_WORKER_ID")}), flush=True)
time.sleep(60)
"""
MANAGE = """
import sys
print("http://127.0.0.1/enter/token/" if sys.argv[1] == "sign_in_link" else f"did {sys.argv[1]}", flush=True)
"""
UP = """
import pathlib, sys
from config.embedded import supervisor
supervisor.REPOSITORY = pathlib.Path({folder!r})
supervisor.MANAGE = [sys.executable, {manage!r}]
sys.exit(supervisor.up())
"""


class Running:
    """A supervisor in a process of its own, with small programs in place of the product's."""

    def __init__(self, folder: Path, port: int) -> None:
        for name, text in (("daphne.py", WEB), ("celery.py", WORKER), ("manage.py", MANAGE)):
            (folder / name).write_text(text)
        self.environment = {
            **os.environ,
            "PYTHONPATH": f"{folder}{os.pathsep}{REPOSITORY}",
            "AGENTFLOW_VAR": str(folder / "var"),
            "AGENTFLOW_PORT": str(port),
        }
        self.command = [sys.executable, "-c", UP.format(folder=str(folder), manage=str(folder / "manage.py"))]
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            self.command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def wait_for(self, pattern: str, seconds: float = 15) -> re.Match[str]:
        """The first line not yet seen that matches."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + seconds
        rest = b""
        while time.monotonic() < deadline:
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                while not rest.endswith(b"\n"):
                    piece = os.read(self.process.stdout.fileno(), 1)
                    if not piece:
                        break
                    rest += piece
                self.lines.append(rest.decode())
                found = re.search(pattern, self.lines[-1])
                if found:
                    return found
                if not rest:
                    break
                rest = b""
        raise AssertionError(f"{pattern!r} did not come. Until then:\n{''.join(self.lines)}")

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def running(tmp_path: Path, port: int) -> Iterator[Running]:
    started = Running(tmp_path, port)
    yield started
    started.end()


@pytest.mark.integration
def test_it_brings_everything_up_once_restarts_what_dies_and_stops_cleanly(
    running: Running, port: int, tmp_path: Path
) -> None:
    running.wait_for("setup +. did migrate")
    running.wait_for("setup +. did demo_seed")
    workers: list[dict[str, Any]] = []
    while not workers:
        found = json.loads(running.wait_for(r"(worker|beat) +. (\{.*)").group(2))
        workers += [found] if found["role"] == "worker" else []
    running.wait_for("AgentFlow is open at")
    running.wait_for("Sign in .*: http://127.0.0.1/enter/token/")

    second = subprocess.run(running.command, env=running.environment, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert (
        f"it already runs from {running.environment['AGENTFLOW_VAR']} (process {running.process.pid})" in second.stderr
    )

    os.kill(workers[0]["pid"], signal.SIGKILL)
    running.wait_for("worker was killed by SIGKILL; starting it again now")
    again = json.loads(running.wait_for(r"worker . (\{.*)").group(1))
    assert again["id"] != workers[0]["id"], "each start of a worker claims under a name of its own"

    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(10) == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert not Path(f"/proc/{again['pid']}").exists()

    quick = subprocess.Popen(running.command, env=running.environment, stdout=subprocess.PIPE, text=True)
    assert quick.stdout is not None
    with quick.stdout:
        lines = iter(quick.stdout.readline, "")
        first = next(line for line in lines if "did " in line or "AgentFlow is open" in line)
        assert "AgentFlow is open" in first, "the second start finds the database up to date"
        quick.send_signal(signal.SIGINT)
        assert quick.wait(10) == 0


def test_a_taken_port_is_said_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        monkeypatch.setenv("AGENTFLOW_PORT", str(taken))
        with pytest.raises(EmbeddedError, match=f"AGENTFLOW_PORT={taken + 1} make run"):
            supervisor.address()


@pytest.mark.parametrize("given", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFLOW_PORT", given)
    with pytest.raises(EmbeddedError, match="number from 1 to 65535"):
        supervisor.address()


@pytest.mark.parametrize(("argument", "code", "said"), [("--help", 0, "AGENTFLOW_PORT"), ("--port", 2, "unrecognized")])
def test_it_takes_no_arguments_and_says_how_it_is_set(
    argument: str, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        supervisor.up([argument])
    assert ended.value.code == code
    assert said in "".join(capsys.readouterr())
