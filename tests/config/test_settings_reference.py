"""docs/reference/settings.md names every environment variable the product reads, with its default."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reference/settings.md"
READERS = {"text", "choice", "flag", "number", "listing", "networks", "plans", "rate", "seconds"}
# Read under a name that is put together, or by a library.
UNSEEN = {f"{name}_CLIENT_{part}" for name in ("GOOGLE", "GITHUB", "MICROSOFT") for part in ("ID", "SECRET")}
NOT_OURS = {"PATH", "PYTHONDONTWRITEBYTECODE"}


def sources() -> Iterator[Path]:
    yield ROOT / "manage.py"
    yield from sorted((ROOT / "config").rglob("*.py"))
    yield from sorted((ROOT / "apps").rglob("*.py"))


def reads() -> Iterator[tuple[str, str]]:
    """Names and defaults; a default that is worked out is `*`, none is empty."""
    for path in sources():
        for call in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args):
                continue
            place, name = ast.unparse(call.func.value), call.args[0]
            is_reader = place == "env" and call.func.attr in READERS
            is_environ = place == "os.environ" and call.func.attr in ("get", "setdefault")
            if (is_reader or is_environ) and isinstance(name, ast.Constant):
                yield str(name.value), default_of(call) if is_reader else "*"


def default_of(call: ast.Call) -> str:
    if len(call.args) == 1:
        return ""
    try:
        value = eval(compile(ast.Expression(call.args[1]), "default", "eval"), {"__builtins__": {}})
    except NameError:
        return "*"
    return str(int(value)) if isinstance(value, bool) else str(value)


def documented() -> dict[str, str]:
    rows = [line.split("|") for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    return {name: row[2].strip() for row in rows for name in re.findall(r"`(\w+)`", row[1])}


def test_every_variable_is_described_and_nothing_else() -> None:
    read = {name for name, _ in reads()} - NOT_OURS
    assert "EGRESS_ALLOW" in read
    assert set(documented()) == read | UNSEEN


def test_the_defaults_are_those_of_the_code() -> None:
    page = documented()
    wrong = [
        f"{name}: the page says {page[name] or 'nothing'}, the code {default}"
        for name, default in reads()
        # What is empty and what is worked out is told in words.
        if default not in ("", "*") and page[name] and f"`{default}`" not in page[name]
    ]
    assert wrong == []
