"""A host worth attacking: secrets in files, environment and descriptors, servers that count who comes, a bystander."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from apps.core.sandbox.jail import Tier, lacks

CANARY = "canary-5f1d0c"
ROOT = Path(__file__).resolve().parents[3]
_MADE = ["bwrap", "--unshare-user-try", "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "true"]


@dataclass
class Host:
    """What the attacks aim at, as the variables they get, and whether something of it was touched."""

    known: dict[str, Any]
    folder: Path
    bystander: subprocess.Popen[bytes]
    listeners: list[socket.socket]

    def harm(self) -> list[str]:
        """What happened to it, in words."""
        found = []
        if (self.folder / "secret").read_text() != CANARY:
            found.append("the secret was changed")
        if sorted(path.name for path in self.folder.iterdir()) != ["secret", "socket"]:
            found.append("something was written beside it")
        if self.bystander.poll() is not None:
            found.append("the bystander was killed")
        for listener in self.listeners:
            try:
                listener.accept() if listener.type == socket.SOCK_STREAM else listener.recv(10)
                found.append(f"somebody came to {listener.getsockname()}")
            except BlockingIOError:
                pass
        return found


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):  # in everybody's reach, were it not for the sandbox
        folder.chmod(0o777)
    secret, place, abstract = tmp_path / "secret", tmp_path / "socket", f"agentflow-{os.getpid()}"
    secret.write_text(CANARY)
    secret.chmod(0o666)
    monkeypatch.setenv("AGENTFLOW_CANARY", CANARY)
    stream = socket.create_server(("127.0.0.1", 0))
    port = stream.getsockname()[1]
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", port))
    by_file, by_name = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    short = os.path.relpath(place)
    by_file.bind(short if len(short) < len(str(place)) else str(place))
    by_name.bind(f"\0{abstract}")
    by_file.listen()
    by_name.listen()
    listeners = [stream, datagrams, by_file, by_name]
    for listener in listeners:
        listener.setblocking(False)
        listener.set_inheritable(True)
    with open(secret) as handed, subprocess.Popen(["sleep", "600"], env={"CANARY": CANARY}) as bystander:
        os.set_inheritable(handed.fileno(), True)
        known = {
            "secret": str(secret),
            "folder": str(tmp_path),
            "place": str(place),
            "abstract": abstract,
            "port": port,
            "parent": os.getpid(),
            "stranger": bystander.pid,
            "handed": handed.fileno(),
            "product": str(ROOT),
            "installed": sysconfig.get_path("purelib"),
            "interpreter": sys.executable,
        }
        try:
            yield Host(known, tmp_path, bystander, listeners)
        finally:
            bystander.kill()
            for listener in listeners:
                listener.close()


@pytest.fixture(params=["bwrap", "landlock"])
def tier(request: pytest.FixtureRequest) -> Tier:
    found: Tier = request.param
    if missing := lacks(found, "python"):
        pytest.skip(missing)
    if found == "bwrap" and (done := subprocess.run(_MADE, capture_output=True, text=True)).returncode:
        pytest.skip(f"this machine lets bubblewrap make no namespaces: {done.stderr.strip()}")
    return found
