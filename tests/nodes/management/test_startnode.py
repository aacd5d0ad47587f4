"""`manage.py startnode`: what it writes is found, passes the checks, and passes its own test."""

from __future__ import annotations

import importlib.util
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.nodes.checks import objections
from apps.nodes.contract import Node
from tests.nodes.running import run_example


def start(into: Path, *args: str) -> list[Path]:
    out = StringIO()
    call_command("startnode", *args, "--into", str(into), stdout=out)
    return [into / line for line in out.getvalue().split()]


def load(path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("args", "node", "test", "module"),
    [
        (
            ("ACTION", "SHORTEN_TEXT"),
            "apps/nodes/builtin/actions/shorten_text.py",
            "tests/nodes/builtin/test_shorten_text.py",
            "apps.nodes.builtin.actions.shorten_text",
        ),
        (
            ("TRIGGER", "DOORBELL"),
            "apps/nodes/builtin/triggers/doorbell.py",
            "tests/nodes/builtin/test_doorbell.py",
            "apps.nodes.builtin.triggers.doorbell",
        ),
        (
            ("EXTERNAL_ACTION", "SLACK", "--vendor", "slack"),
            "apps/integrations/vendors/slack/nodes/slack.py",
            "tests/integrations/vendors/slack/nodes/test_slack.py",
            "apps.integrations.vendors.slack.nodes.slack",
        ),
    ],
)
def test_what_it_writes_passes(
    tmp_path: Path, args: tuple[str, ...], node: str, test: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = start(tmp_path, *args)
    assert written == [tmp_path / node, tmp_path / test]
    assert (tmp_path / node).parent.joinpath("__init__.py").exists()
    made = load(tmp_path / node, module, monkeypatch)
    (cls,) = [value for value in vars(made).values() if isinstance(value, type) and value.__module__ == module]
    assert issubclass(cls, Node)
    assert objections(cls) == []
    for example in cls.examples:
        assert run_example(cls, example) == (example.returns, example.port)
    tests = load(tmp_path / test, "written_test", monkeypatch)
    for name, function in vars(tests).items():
        if name.startswith("test_"):
            function()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("ACTIONS", "X"), "There is no node type ACTIONS"),
        (("ACTION", "shorten"), "write it like HTTP_REQUEST"),
        (("ACTION", "../X"), "write it like HTTP_REQUEST"),
        (("ACTION", "HTTP_REQUEST"), "exists already"),
        (("EXTERNAL_ACTION", "SLACK"), "--vendor"),
        (("EXTERNAL_ACTION", "SLACK", "--vendor", "../x"), "--vendor"),
    ],
)
def test_what_cannot_be_written_is_told(tmp_path: Path, args: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        start(tmp_path, *args)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    start(tmp_path, "ACTION", "SHORTEN_TEXT")
    with pytest.raises(CommandError, match="exists already"):
        start(tmp_path, "ACTION", "SHORTEN_TEXT")
