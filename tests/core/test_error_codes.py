"""The catalogue of error codes is complete, unambiguous and readable."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from apps.core import problems
from apps.core.error_codes import error_codes
from apps.core.errors import DomainError

APPS = Path(__file__).resolve().parents[2] / "apps"


def test_it_holds_the_code_of_every_class_in_the_source() -> None:
    declared = {
        code
        for path in APPS.rglob("*.py")
        for code in re.findall(r"""^    code = "([a-z_]+\.[a-z_]+)"$""", path.read_text(), flags=re.MULTILINE)
    }
    assert len(declared) > 50
    assert declared - {entry.code for entry in error_codes()} == set()


def test_one_code_means_one_thing() -> None:
    error_codes()
    classes: dict[str, set[str]] = defaultdict(set)
    pending = [DomainError]
    while pending:
        cls = pending.pop()
        pending += cls.__subclasses__()
        if cls.__module__.startswith("apps."):
            classes[cls.code].add(cls.__qualname__)
    assert {code: names for code, names in classes.items() if len(names) > 1} == {}


def test_every_code_says_what_it_means() -> None:
    assert [entry.code for entry in error_codes() if not entry.message.endswith((".", "?"))] == []


def test_refusals_without_a_class_are_there_too() -> None:
    found = {entry.code: entry for entry in error_codes()}
    assert found["core.method_not_allowed"].status == 405
    assert set(problems.CODES.values()) <= set(found)
