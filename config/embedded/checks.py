"""`make check`: everything a machine can say about the code without running it, side by side."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

NOWHERE = {
    "DATABASE_URL": "postgresql://nobody@/nothing?host=/nonexistent",
    "REDIS_URL": "unix:///nonexistent?db=0",
    "PYTHONWARNINGS": "ignore:Got an error checking a consistent migration history",
}
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": "of-no-installation-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH",
    "CREDENTIAL_KEYS": "b2Ytbm8taW5zdGFsbGF0aW9uLTAxMjM0NTY3ODktYWI=",
    "ALLOWED_HOSTS": "agentflow.example",
    "BASE_URL": "https://agentflow.example",
}


class Check(NamedTuple):
    """One program whose exit code says whether all is well."""

    name: str
    command: list[str]
    folder: Path
    environment: dict[str, str]


def run(root: Path, python: Path, npm: tuple[list[str], dict[str, str]]) -> int:
    """Run all checks, two at a time; show what failed. 1 when any did."""
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(_run, _checks(root, python, npm)))
    for _, _, words in results:
        if words:
            print(words)
    width = max(len(check.name) for check, _, _ in results)
    for check, seconds, words in results:
        print(f"{'FAILED' if words else 'ok':<6} {check.name:<{width}} {seconds:5.1f} s")
    return 1 if any(words for _, _, words in results) else 0


def _checks(root: Path, python: Path, npm: tuple[list[str], dict[str, str]]) -> list[Check]:
    def module(name: str, *arguments: str) -> list[str]:
        return [str(python), "-m", name, *arguments]

    def manage(*arguments: str) -> list[str]:
        return [str(python), "manage.py", *arguments]

    here = dict(os.environ)
    lint_imports = [str(python), "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    templates = sorted(
        str(path.relative_to(root)) for place in ("templates", "apps") for path in (root / place).rglob("*.html")
    )
    development = {**here, **NOWHERE, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    found = [
        Check("types: mypy", module("mypy"), root, here),
        Check("front end: biome, tsc", [*npm[0], "run", "--silent", "check"], root / "static", npm[1]),
        Check("front end: vitest", [*npm[0], "run", "--silent", "test"], root / "static", npm[1]),
        Check("floors: import-linter", lint_imports, root, here),
        Check("style: ruff check", module("ruff", "check", "--quiet"), root, here),
        Check("style: ruff format", module("ruff", "format", "--check", "--quiet", "."), root, here),
        Check(
            "templates: djade",
            [str(python.parent / "djade"), "--check", "--target-version", "5.2", *templates],
            root,
            here,
        ),
        Check(
            "migrations are complete",
            manage("makemigrations", "--check", "--dry-run", "--verbosity", "1"),
            root,
            development,
        ),
        Check("reference pages are fresh", manage("reference_write", "--check"), root, development),
        Check(
            "settings fit for production",
            manage("check", "--deploy", "--fail-level", "WARNING"),
            root,
            {**here, **NOWHERE, **PRODUCTION},
        ),
    ]
    return [check for check in found if not check.name.startswith("templates") or templates]


def _run(check: Check) -> tuple[Check, float, str]:
    started_at = time.monotonic()
    done = subprocess.run(
        check.command,
        cwd=check.folder,
        env=check.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seconds = time.monotonic() - started_at
    print(f"{'FAILED' if done.returncode else 'ok':<6} {check.name}", file=sys.stderr, flush=True)
    if not done.returncode:
        return check, seconds, ""
    return check, seconds, f"── {check.name} ──\n{done.stdout.strip() or f'exit code {done.returncode}'}\n"
