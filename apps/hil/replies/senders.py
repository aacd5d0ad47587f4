"""Whether a mail comes from whom it says, by what the workspace's own mail server found (RFC 8601). Pure.

Senders can write `Authentication-Results` themselves, so only those of the server that is named count: the border of
its mail system takes out what others wrote under its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*\)")
_RESULT = re.compile(r"^\s*(dkim|spf|dmarc)\s*=\s*(\w+)", re.IGNORECASE)
_DOMAIN = re.compile(
    r"\b(?:header\.d|header\.i|smtp\.mailfrom|header\.from)\s*=\s*\"?(?:[^\s\"@;]*@)?([\w.-]+)", re.IGNORECASE
)
_LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class _Found:
    method: str
    result: str
    domains: tuple[str, ...]


def doubt_of(headers: Sequence[str], *, server: str, address: str) -> str:
    """Why it is not proven that a mail was sent from this address, in words; empty when it is.

    `headers` are the mail's `Authentication-Results`, `server` the name of the server that is believed. Proven is what
    passes DMARC, and where the domain has none, what passes DKIM or SPF for the sender's own domain.
    """
    domain = address.rpartition("@")[2].lower()
    found = [each for text in headers for each in _results(text, server)]
    if not found:
        return f"{server} says nothing about who sent it."
    policies = {each.result for each in found if each.method == "dmarc"}
    if "fail" in policies:
        return f"{server} found that it does not come from {domain} (DMARC)."
    if "pass" in policies:
        return ""
    for each in found:
        if each.method != "dmarc" and each.result == "pass" and any(_belong(domain, other) for other in each.domains):
            return ""
    return f"{server} could not confirm that it comes from {domain} (DKIM, SPF)."


def _results(text: str, server: str) -> Iterator[_Found]:
    parts = _uncommented(text[:_LONGEST]).split(";")
    named = parts[0].split()
    if not named or named[0].lower() != server.lower():
        return
    for part in parts[1:]:
        said = _RESULT.match(part)
        if said:
            domains = tuple(each.lower().strip(".") for each in _DOMAIN.findall(part))
            yield _Found(said[1].lower(), said[2].lower(), domains)


def _uncommented(text: str) -> str:
    """Without comments, which may hold each other and look like results."""
    while (shorter := _COMMENT.sub(" ", text)) != text:
        text = shorter
    return text


def _belong(domain: str, other: str) -> bool:
    """Whether two names are of the same owner: equal, or one below the other (relaxed alignment)."""
    return bool(other) and (domain == other or domain.endswith(f".{other}") or other.endswith(f".{domain}"))
