"""`manage.py reference_write`: the committed pages are what the code says."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings


def test_the_committed_pages_are_fresh() -> None:
    call_command("reference_write", "--check")


def test_check_names_the_stale_page_and_writes_nothing(tmp_path: Path) -> None:
    page = tmp_path / "docs/reference/nodes.md"
    with override_settings(BASE_DIR=tmp_path):
        call_command("reference_write", stdout=StringIO())
        page.write_text("old")
        with pytest.raises(CommandError, match=r"Stale: nodes\.md in"):
            call_command("reference_write", "--check")
        assert page.read_text() == "old"
        call_command("reference_write", stdout=StringIO())
        call_command("reference_write", "--check")
