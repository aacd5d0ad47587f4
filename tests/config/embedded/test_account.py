from __future__ import annotations

import os
from pathlib import Path

import pytest

from config.embedded.account import account_for, make_private, socket_directory
from config.embedded.errors import EmbeddedError


def test_a_short_plain_path_keeps_its_socket_inside(tmp_path: Path) -> None:
    account = account_for(tmp_path)
    directory = socket_directory(tmp_path, account)
    make_private(directory, account)
    assert directory == tmp_path / "run"
    assert directory.stat().st_mode & 0o777 == 0o700
    assert directory.stat().st_uid == account.uid


@pytest.mark.parametrize("name", ["with space", "x" * 100, "schräg", "per%cent"])
def test_other_paths_have_it_elsewhere_and_always_at_the_same_place(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    home.mkdir()
    account = account_for(tmp_path)
    directory = socket_directory(home, account)
    make_private(directory, account)
    try:
        assert len(os.fsencode(directory)) < 80
        assert directory.stat().st_mode & 0o777 == 0o700
        assert socket_directory(home, account) == directory
        make_private(directory, account)
        directory.chmod(0o755)
        with pytest.raises(EmbeddedError, match="private folder"):
            make_private(directory, account)
    finally:
        directory.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
def test_root_runs_servers_as_the_owner_of_the_folder(tmp_path: Path) -> None:
    assert account_for(tmp_path).uid == 65534
    os.chown(tmp_path, 1, 1)
    assert account_for(tmp_path).uid == 1


def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(EmbeddedError, match="belongs to another user"):
        account_for(tmp_path)
