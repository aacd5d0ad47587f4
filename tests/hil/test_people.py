"""Who is meant by what an author writes."""

from __future__ import annotations

from typing import Any

import pytest

from apps.hil.people import Assignee, parse, parts

ID = "01996a5e-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Mara@Example.com ", Assignee("email", "mara@example.com")),
        ("Mara König <mara@example.com>", Assignee("email", "mara@example.com")),
        (ID, Assignee("id", ID)),
        (f"user:{ID}", Assignee("id", ID)),
        ("role: Admin", Assignee("role", "admin")),
        ("slack:U012AB3CD", Assignee("slack", "U012AB3CD")),
    ],
)
def test_what_is_meant(text: str, meant: Assignee) -> None:
    assert parse(text) == meant


@pytest.mark.parametrize("text", ["", "mara", "role:boss", "slack:#general", "@example.com", "a@b", "user:7"])
def test_what_names_nobody(text: str) -> None:
    with pytest.raises(ValueError, match=r"no role|names nobody|no id"):
        parse(text)


def test_lists_however_they_are_written() -> None:
    assert parts("a@x.com, b@x.com;\nc@x.com") == ["a@x.com", "b@x.com", "c@x.com"]
    assert parts(["a@x.com, b@x.com", " "]) == ["a@x.com", "b@x.com"]


@pytest.mark.parametrize("given", [None, 7, {"a": 1}, [None]])
def test_a_missing_value_is_not_everybody(given: Any) -> None:
    with pytest.raises(ValueError, match="Name the people"):
        parts(given)
