from __future__ import annotations

import os
from pathlib import Path

import pytest

from config.embedded import services
from config.embedded.errors import EmbeddedError

URLS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "CELERY_BROKER_URL")


def test_given_servers_replace_the_embedded_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {name: f"given://{name}" for name in URLS}
    for name, url in given.items():
        monkeypatch.setenv(name, url)
    with_given = services.attach(tmp_path)
    assert with_given.servers == []
    assert {name: os.environ[name] for name in URLS} == given
    assert list(tmp_path.iterdir()) == []


@pytest.mark.integration
def test_only_what_is_missing_is_started(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://given/database")
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://given/database")
    for name in ("REDIS_URL", "CELERY_BROKER_URL"):
        monkeypatch.setenv(name, "")
    attached = services.attach(var)
    try:
        assert [server.name for server in attached.servers] == ["valkey"]
        assert os.environ["REDIS_URL"].startswith("unix:///")
        assert os.environ["CELERY_BROKER_URL"].startswith("redis+socket:///")
        assert os.environ["DATABASE_URL"] == "postgresql://given/database"
    finally:
        attached.close()
    assert not (var / "postgres").exists()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AGENTFLOW_VAR", str(tmp_path / "file" / "var"))
    with pytest.raises(EmbeddedError, match="Set AGENTFLOW_VAR"):
        services.var_directory()
