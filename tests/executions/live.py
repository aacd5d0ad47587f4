"""A real daphne, and the browser's side of a live feed."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from django.test import Client
from websockets.sync.client import ClientConnection, connect

from apps.accounts.models import User

Json = dict[str, Any]


@dataclass(frozen=True)
class Web:
    """A web process of this test run."""

    port: int
    pid: int

    def threads(self) -> int:
        """How many threads the process has now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"^Threads:\s*(\d+)$", status, re.M)[1])  # type: ignore[index]

    def socket(self, who: User | None, path: str, **headers: str) -> ClientConnection:
        """A WebSocket of this person."""
        extra = {"Cookie": cookie(who)} if who else {}
        extra["Origin"] = headers.pop("Origin", f"http://127.0.0.1:{self.port}")
        url = f"ws://127.0.0.1:{self.port}{path}"
        return connect(url, additional_headers=extra | headers, open_timeout=5, close_timeout=2)

    @contextmanager
    def stream(self, who: User | None, path: str, **headers: str) -> Iterator[Stream]:
        """An event stream of this person."""
        extra = {"Cookie": cookie(who)} if who else {}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers=extra | headers)
            yield Stream(connection.getresponse())
        finally:
            connection.close()


class Stream:
    """Server-sent events as they come."""

    def __init__(self, response: Any) -> None:
        self.response, self.status = response, response.status
        self.last_id = ""

    def messages(self) -> Iterator[Json]:
        """The data of every event, until the server ends the stream."""
        for raw in self.response:
            line = raw.decode().rstrip("\n")
            if line.startswith("id: "):
                self.last_id = line[4:]
            elif line.startswith("data: "):
                yield json.loads(line[6:])


def cookie(who: User) -> str:
    """The cookie of somebody who is signed in."""
    client = Client()
    client.force_login(who)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


@contextmanager
def daphne() -> Iterator[Web]:
    """A web process with the settings and servers of this test run."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port), "config.asgi:application"]
    process = subprocess.Popen(command, env=dict(os.environ))
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, "daphne did not start"
                time.sleep(0.05)
        yield Web(port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=10)
