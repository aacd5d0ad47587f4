"""The product as `make run` starts it, in a throw-away folder and on a port of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.embedded.process import die_with_parent
from config.embedded.services import REPOSITORY

MANAGE = [sys.executable, str(REPOSITORY / "manage.py")]
PATIENCE_SECONDS = 150
GIVEN = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE", "BASE_URL")
"""What the test run has set for itself, and the product must not inherit."""


class Product:
    """A running product. `link` is the one-time sign-in link it printed, `key` an API key of the demo workspace."""

    def __init__(self, folder: Path, port: int, *, allow: str, **settings: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "up.log"
        self.environment = (
            {
                name: value
                for name, value in os.environ.items()
                if name not in GIVEN and not name.startswith("AGENTFLOW_")
            }
            | {"AGENTFLOW_VAR": str(folder), "AGENTFLOW_PORT": str(port), "EGRESS_ALLOW": allow}
            | settings
        )
        self.link = self.key = ""
        parent = os.getpid()
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                [*MANAGE, "up"],
                env=self.environment,
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(parent, signal.SIGTERM),
            )

    def await_open(self) -> None:
        """Until it has said where it is and how to sign in. Raises `AssertionError` with its own words."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := re.search(r"Sign in to the demo workspace \(works once\): (http\S+)", self.output())):
            assert self._process.poll() is None, f"`manage.py up` ended:\n{self.output()[-3000:]}"
            assert time.monotonic() < deadline, f"not open after {PATIENCE_SECONDS} s:\n{self.output()[-3000:]}"
            time.sleep(0.1)
        self.link = found[1]
        self.key = self.manage("api_key_create", "--workspace", "demo", "--name", "Browser tests").strip()

    def output(self) -> str:
        """All it has written so far."""
        return self.log.read_text(errors="replace")

    def manage(self, *arguments: str) -> str:
        """Run a management command beside it: its standard output. Raises `CalledProcessError`."""
        done = subprocess.run(
            [*MANAGE, *arguments],
            env=self.environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=90,
            check=True,
        )
        return done.stdout

    def child(self, *words: str) -> int:
        """The process id of the supervisor's child with these words in its command. Raises `LookupError`."""
        for pid in Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split():
            command = Path(f"/proc/{pid}/cmdline")
            if command.exists() and {word.encode() for word in words} <= set(command.read_bytes().split(b"\0")):
                return int(pid)
        raise LookupError(f"No {' '.join(words)} runs.")

    def end(self) -> None:
        """Ctrl-C, as a user ends it; SIGKILL when that takes too long."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=45)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"Ctrl-C did not end it within 45 s:\n{self.output()[-3000:]}") from None


@contextmanager
def product(folder: Path, port: int, *, allow: str, **settings: str) -> Iterator[Product]:
    """A running product, ended at the end. Its workflows may call the private addresses `allow` ("host:port,…");
    `settings` are environment variables.
    """
    made = Product(folder, port, allow=allow, **settings)
    try:
        made.await_open()
        yield made
    finally:
        made.end()
