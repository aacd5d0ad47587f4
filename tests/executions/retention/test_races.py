"""Removing an object and writing it again at the same moment: whoever refers to it afterwards finds it."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from apps.accounts.models import Workspace
from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import payloads
from apps.executions.models import Payload
from apps.executions.payloads.folder import FolderStorage
from apps.executions.payloads.values import forget
from apps.executions.retention.sweep import sweep

pytestmark = pytest.mark.integration
LARGE = {"text": "x" * 100_000}


def test_a_value_that_is_written_while_it_is_removed_is_there_afterwards(
    committed_db: None, workspace: Workspace, objects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, references = payloads.taken_out(workspace.id, {"output": LARGE})
    forget()  # as in another process
    real, removing, written = FolderStorage.delete, threading.Event(), threading.Event()

    def slowly(self: FolderStorage, key: str) -> None:
        removing.set()
        written.wait(0.5)  # the writer must be waiting for the row by now, and cannot have written
        assert not written.is_set()
        real(self, key)

    monkeypatch.setattr(FolderStorage, "delete", slowly)

    def write() -> None:
        try:
            assert removing.wait(10)
            payloads.taken_out(workspace.id, {"output": LARGE})
            written.set()
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert sweep(now=clock.now() + timedelta(days=2)).objects == 1
    writer.join(10)
    assert written.is_set()
    assert payloads.brought_back(workspace.id, {}, references) == {"output": LARGE}
    with tenant(workspace.id):
        assert Payload.objects.count() == 1


def test_two_that_sweep_at_once_do_it_once(committed_db: None, workspace: Workspace, objects: Path) -> None:
    for number in range(20):
        payloads.taken_out(workspace.id, {"output": {"n": number, **LARGE}})
    done: list[int] = []

    def work() -> None:
        try:
            done.append(sweep(now=clock.now() + timedelta(days=2)).objects)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sum(done) == 20
    assert not [path for path in objects.rglob("*") if path.is_file()]
