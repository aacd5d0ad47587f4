"""The doctor on a patient that is well in parts."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test.utils import override_settings

from apps.core.sandbox import choice
from apps.executions import payloads
from apps.insights.doctor import Diagnosis, examine
from tests.chaos.world import free_port

pytestmark = pytest.mark.integration


def test_each_part_is_one_line_and_what_is_wrong_has_its_mend(
    committed_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTFLOW_PORT", str(free_port()))
    out = StringIO()
    with override_settings(SANDBOX_TIER="off"), pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=out)

    lines = out.getvalue().splitlines()
    assert ended.value.code == 1
    assert any(line.startswith("✓ PostgreSQL") for line in lines)
    assert any(line.startswith("✓ migrations") for line in lines)
    at = next(number for number, line in enumerate(lines) if line.startswith("✗ worker"))
    assert "celery -A config worker" in lines[at + 1]
    assert "3 to mend." in lines  # web, worker and beat: no product runs in a unit test


def test_a_part_that_is_away_does_not_end_the_examination(committed_db: None, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    vite: dict[str, Any] = {"default": {"manifest_path": tmp_path / "none" / "manifest.json"}}
    kept = {"kind": "folder", "path": str(tmp_path / "file")}
    payloads.storage.cache_clear()
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0", DJANGO_VITE=vite, OBJECT_STORAGE=kept):
        found = {diagnosis.name: diagnosis for diagnosis in examine()}
    payloads.storage.cache_clear()

    assert "cannot be written" in found["objects"].detail

    assert not found["Valkey"].is_ok
    assert not found["front end"].is_ok
    assert found["disk"].name == "disk"
    assert found["PostgreSQL"].is_ok


def test_without_a_sandbox_it_says_what_each_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = {"bwrap": "bubblewrap is not installed.", "landlock": ""}
    monkeypatch.setattr("apps.core.sandbox.selftest.fault", lambda tier, language: faults[tier])

    def seen() -> Diagnosis:
        choice.forget()
        return next(each for each in examine() if each.name == "sandbox")

    try:
        second_best = seen()
        assert second_best.is_ok
        assert "python in landlock, javascript in landlock." in second_best.detail
        assert "bubblewrap is not installed." in second_best.detail

        faults["landlock"] = "This kernel has no Landlock."
        none = seen()
        assert not none.is_ok
        assert "landlock cannot run python: This kernel has no Landlock." in none.detail
        assert "apt install bubblewrap" in none.mend
    finally:
        choice.forget()
