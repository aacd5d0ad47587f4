"""A browser for the tests: the machine's own, or one that comes as a package and runs where its libraries are."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Callable, Optional  # noqa: UP035 - readable by Python 3.8

from config.embedded import frontend

NAMES = ("chromium", "chromium-browser", "google-chrome")
_WHERE = "import('@sparticuz/chromium').then(async (m) => console.log(await m.default.executablePath()))"


def find(root: Path, python: Path, say: Callable[[str], None]) -> Optional[str]:  # noqa: UP045
    """The path of a browser that starts on this machine, installing one if need be; None, and why, without any."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    place = root / "tests" / "e2e"
    how = frontend.npm(root, python)
    if not (place / "node_modules" / "@sparticuz").is_dir():
        say("installing a browser for the tests")
        done = _quietly([*how[0], "ci", "--no-audit", "--no-fund", "--loglevel=error"], place, how[1])
        if done.returncode:
            say(f"no browser could be installed, so its tests are skipped: {done.stdout.strip()[-300:]}")
            return None
    path = _quietly(["node", "-e", _WHERE], place, how[1]).stdout.strip()
    tried = _quietly([path, "--version"], place, how[1]) if path else None
    if tried is None or tried.returncode:
        why = tried.stdout.strip()[-300:] if tried else "the package did not say where it is"
        say(f"the browser does not start here, so its tests are skipped: {why}")
        return None
    return path


def _quietly(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, stdout=str(error))
