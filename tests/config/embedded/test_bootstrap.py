from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded import bootstrap, checks, frontend
from config.embedded.checks import Check
from config.embedded.services import REPOSITORY


@pytest.mark.parametrize(
    ("version", "is_new_enough"),
    [
        ("v18.20.4", False),
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.3", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.1.0", True),
        ("", False),
    ],
)
def test_the_machines_node_is_used_when_new_enough(
    version: str, is_new_enough: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert frontend._system_npm() == (str(tmp_path / "npm") if is_new_enough else None)


def test_a_node_without_npm_is_not_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "node").write_text("#!/bin/sh\necho v24.0.0\n")
    (tmp_path / "node").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert frontend._system_npm() is None


def test_the_front_end_is_built_anew_only_when_something_it_reads_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def npm(how: object, arguments: list[str], static: Path) -> None:
        ran.append(arguments[0] if arguments[0] == "ci" else "build")
        (static / "dist").mkdir(exist_ok=True)
        (static / "dist" / "manifest.json").write_text("{}")

    def build() -> list[str]:
        ran.clear()
        frontend.build(tmp_path, Path(sys.executable), lambda: None, lambda text: None)
        return list(ran)

    monkeypatch.setattr(frontend, "_run", npm)
    monkeypatch.setattr(frontend, "_system_npm", lambda: "npm")
    for path in ("static/src/app.ts", "static/package.json", "static/package-lock.json", "templates/base.html"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("first")
    (tmp_path / "static" / "node_modules").mkdir()

    assert build() == ["ci", "build"]
    assert build() == []
    (tmp_path / "templates" / "base.html").write_text("second")
    assert build() == ["build"]
    (tmp_path / "static" / "src" / "new.ts").write_text("third")
    assert build() == ["build"]
    (tmp_path / "static" / "package-lock.json").write_text("fourth")
    assert build() == ["ci", "build"]
    (tmp_path / "static" / "dist" / "manifest.json").unlink()
    assert build() == ["build"]


def test_a_failed_check_shows_its_words_and_fails_the_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here, environment = Path.cwd(), dict(os.environ)
    good = Check("good", ["sh", "-c", "echo unheard"], here, environment)
    bad = Check("bad", ["sh", "-c", "echo line 3 is wrong; exit 1"], here, environment)
    silent = Check("silent", ["sh", "-c", "exit 2"], here, environment)
    monkeypatch.setattr(checks, "_checks", lambda *_: [good, bad, silent])
    assert checks.run(here, Path(sys.executable), (["npm"], {})) == 1
    out = capsys.readouterr().out
    assert "line 3 is wrong" in out
    assert "exit code 2" in out
    assert "unheard" not in out

    monkeypatch.setattr(checks, "_checks", lambda *_: [good])
    assert checks.run(here, Path(sys.executable), (["npm"], {})) == 0


def test_a_failing_program_ends_the_start_with_its_words_and_a_hint(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"(?s)no disk.*This failed: sh.*Buy one\."):
        bootstrap.run(["sh", "-c", "echo no disk; exit 1"], "Buy one.", cwd=tmp_path)


def test_an_unknown_command_is_said() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "config.embedded.bootstrap", "dance"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "No such command: dance. `make help` lists them." in done.stderr
