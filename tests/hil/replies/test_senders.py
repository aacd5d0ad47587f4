"""What the workspace's mail server found out about who sent a mail."""

from __future__ import annotations

import time

import pytest

from apps.hil.replies.senders import doubt_of

SERVER, JONAS = "mx.acme.example", "jonas@elsewhere.example"


def doubt(*headers: str) -> str:
    return doubt_of(headers, server=SERVER, address=JONAS)


@pytest.mark.parametrize(
    "header",
    [
        "mx.acme.example; dmarc=pass header.from=elsewhere.example",
        "MX.acme.example 1; spf=fail smtp.mailfrom=list.example; dmarc=pass (p=REJECT) header.from=elsewhere.example",
        "mx.acme.example;\r\n dkim=pass (2048-bit key) header.d=elsewhere.example header.s=s1",
        "mx.acme.example; dkim=pass header.i=@mail.elsewhere.example; dmarc=none",
        'mx.acme.example; spf=pass smtp.mailfrom="bounce@elsewhere.example"',
    ],
)
def test_what_is_proven(header: str) -> None:
    assert doubt(header) == ""
    assert doubt("mx.other.example; dmarc=fail", header) == ""  # somebody else's opinion


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ([], "says nothing"),
        (["mx.other.example; dmarc=pass"], "says nothing"),
        (["mx.acme.example.evil.example; dmarc=pass"], "says nothing"),
        (["mx.acme.example; none"], "says nothing"),
        (["(mx.acme.example; dmarc=pass) x; dmarc=pass"], "says nothing"),
        (["mx.acme.example; dmarc=fail (p=NONE) header.from=elsewhere.example"], "(DMARC)"),
        (["mx.acme.example; dkim=pass header.d=elsewhere.example; dmarc=fail"], "(DMARC)"),
        (["mx.acme.example; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=evil.example"], "(DKIM, SPF)"),
        (["mx.acme.example; dkim=pass header.d=notelsewhere.example"], "(DKIM, SPF)"),
        (["mx.acme.example; dkim=fail (dkim=pass header.d=elsewhere.example); spf=softfail"], "(DKIM, SPF)"),
        (["mx.acme.example; dkim=pass"], "(DKIM, SPF)"),
    ],
)
def test_what_is_not(headers: list[str], words: str) -> None:
    assert words in doubt(*headers)


def test_headers_made_to_keep_us_busy_are_read_at_once() -> None:
    began = time.monotonic()
    for part in ("(", "()", "(\\", "; dkim=", "a@", 'header.d="'):
        doubt(f"mx.acme.example; {part * 200_000}")
    assert time.monotonic() - began < 2
