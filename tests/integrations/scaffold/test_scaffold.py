"""`manage.py startintegration`: what it writes is found, is styled, and passes its own tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.embedded.services import REPOSITORY

COPIED = ("apps", "config", "tests", "templates", "manage.py", "pyproject.toml")


def start(into: Path, *args: str) -> list[str]:
    out = StringIO()
    call_command("startintegration", *args, "--into", str(into), stdout=out)
    return [line for line in out.getvalue().split("\n") if "/" in line]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the product in which there are two more vendors."""
    place = tmp_path_factory.mktemp("repository")
    away = shutil.ignore_patterns("node_modules")
    for name in COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=away, symlinks=True)
        else:
            shutil.copy(source, place / name)
    start(place, "acme_crm", "--title", "Acme CRM")
    start(place, "zed", "--auth", "token")
    yield place
    shutil.rmtree(place)


def run(place: Path, *words: str) -> str:
    """Run a tool there: what it said. Fails with it."""
    environment = {**os.environ, "PYTHONPATH": str(place)}
    done = subprocess.run(
        [sys.executable, *words], cwd=place, env=environment, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.integration
def test_its_tests_pass_and_so_do_those_of_every_node(repository: Path) -> None:
    # Without the plugin that starts servers: these tests need none, and ours run already.
    options = ["-o", "addopts=--import-mode=importlib", "-p", "django", "--noconftest", "-p", "no:cacheprovider"]
    vendors = [f"tests/integrations/vendors/{name}" for name in ("acme_crm", "zed")]
    tests = [*vendors, "tests/nodes/test_examples.py", "-k", "vendors or ACME_CRM or ZED"]
    said = run(repository, "-m", "pytest", "-q", "--disable-plugin-autoload", *options, *tests)
    assert " passed" in said
    assert "failed" not in said


@pytest.mark.integration
def test_it_is_styled_as_everything_else(repository: Path) -> None:
    written = [
        "apps/integrations/vendors",
        "tests/integrations/vendors",
        "tests/fakes/acme_crm.py",
        "tests/fakes/zed.py",
    ]
    run(repository, "-m", "ruff", "check", *written)
    run(repository, "-m", "ruff", "format", "--check", *written)


def test_one_folder_its_tests_and_a_fake(tmp_path: Path) -> None:
    written = start(tmp_path, "acme_crm")
    homes = {line.rpartition("/acme_crm/")[0] or line for line in written}
    assert homes == {"apps/integrations/vendors", "tests/integrations/vendors", "tests/fakes/acme_crm.py"}
    assert all((tmp_path / line).is_file() for line in written)
    with pytest.raises(CommandError, match="exists already"):
        start(tmp_path, "acme_crm")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("AcmeCRM",), "write it like acme_crm"),
        (("../x",), "write it like acme_crm"),
        (("bearer",), "exists already"),
        (("acme", "--auth", "guess"), "there are oauth2, token"),
        (("acme", "--title", 'A """ title'), "letters, digits"),
    ],
)
def test_what_cannot_be_written_is_told(tmp_path: Path, args: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        start(tmp_path, *args)
    assert list(tmp_path.iterdir()) == []
