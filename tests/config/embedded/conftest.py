"""Folders for servers that a test may break."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.embedded.account import account_for
from config.embedded.postgres import Postgres
from config.embedded.server import Server
from tests.services import folder_for_servers


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder for servers, with a space in its path."""
    with folder_for_servers("agentflow embedded") as folder:
        yield folder


@pytest.fixture(scope="session")
def made_data() -> Iterator[Path]:
    """PostgreSQL's data folder as a first start leaves it: making one takes longer than most tests."""
    with folder_for_servers() as folder:
        server = Postgres(folder, account_for(folder), is_disposable=True)  # for its quick ways
        server.stop_signals = Postgres.stop_signals
        server.attach()
        server.release()
        yield server.data


@pytest.fixture
def postgres(var: Path, made_data: Path) -> Iterator[Postgres]:
    """A server that has run before and now does not."""
    server = Postgres(var, account_for(var))
    shutil.copytree(made_data, server.data)
    for path in (server.data, *server.data.rglob("*")):
        server.account.owns(path)
    yield server
    server.release()


@pytest.fixture
def kill_9() -> Callable[[Server], int]:
    """Kill a server without warning, and wait until the kernel has done it. Gives the process id it had."""

    def kill(server: Server) -> int:
        pid = server.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        while server.pid() is not None:
            time.sleep(0.01)
        return pid

    return kill
