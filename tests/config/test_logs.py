"""What opens a door by itself never reaches a log."""

from __future__ import annotations

import logging

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.settings.logs import WithoutTokens, logging_for


@pytest.mark.parametrize(
    ("message", "arguments", "expected"),
    [
        ("Not Found: %s", ("/enter/abc-DEF_1/",), "Not Found: /enter/…/"),
        ("GET /i/s3cret?x=1 200", (), "GET /i/…?x=1 200"),
        ("key af_0123abcd_abc-DEF_9 refused", (), "key af_… refused"),
        ("GET /w/acme/inbox/ 200", (), "GET /w/acme/inbox/ 200"),
        ("fault in %s", ("/a\n12:00:00 ERROR x\x1b[31m\u2028",), r"fault in /a\n12:00:00 ERROR x\x1b[31m\u2028"),
        ("%d of %s:\n%s", (1, "é\t", ["a\nb"]), "1 of é\t:\n['a\\nb']"),
    ],
)
def test_tokens_are_hidden(message: str, arguments: tuple[str, ...], expected: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "x", 1, message, arguments, None)
    assert WithoutTokens().filter(record) is True
    assert record.getMessage() == expected


def test_settings_that_are_none_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="LOG_LEVEL"):
        logging_for(level="LOUD", shape="text")
    with pytest.raises(ImproperlyConfigured, match="LOG_FORMAT"):
        logging_for(level="INFO", shape="xml")


def test_a_foreign_host_name_fills_no_log() -> None:
    """Scanners send them all day; each would be an error with its traceback."""
    assert logging.getLogger("django.security.DisallowedHost").level == logging.CRITICAL
