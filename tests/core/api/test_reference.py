"""The list of calls: each once, with what it does."""

from __future__ import annotations

import re

from apps.core.api.reference import api_page


def test_every_call_stands_there_once_and_says_what_it_does() -> None:
    rows = re.findall(r"^\| `([A-Z]+)` \| `(\S+)` \| (.*) \|$", api_page(), flags=re.MULTILINE)
    assert len(rows) > 100
    assert len({(method, path) for method, path, _ in rows}) == len(rows)
    assert [path for _, path, words in rows if not words.strip()] == []
