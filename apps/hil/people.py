"""Who is meant by what an author writes into `assignees`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from apps.accounts.access.permissions import Role

Meaning = Literal["id", "email", "role", "slack"]
MOST_ASSIGNEES = 100
_EMAIL = re.compile(r"[^@\s<>\",;]{1,64}@[^@\s<>\",;]{1,190}\.[^@\s<>\",;]{2,}")
_SLACK = re.compile(r"[UW][A-Z0-9]{5,20}")


@dataclass(frozen=True, slots=True)
class Assignee:
    """Somebody, or everybody with a role: `meaning` says what `value` is."""

    meaning: Meaning
    value: str


def parse(text: str) -> Assignee:
    """What is meant: a member's id, an e-mail address, `role:admin`, `slack:U012AB3CD`. Raises `ValueError`."""
    text = text.strip()
    prefix, _, rest = text.partition(":")
    if prefix.lower() == "role":
        role = rest.strip().lower()
        if role not in set(Role):
            raise ValueError(f"There is no role “{rest.strip()[:50]}”: there are {', '.join(Role)}.")
        return Assignee("role", role)
    if prefix.lower() == "slack":
        if not _SLACK.fullmatch(rest.strip()):
            raise ValueError(f"“{rest.strip()[:50]}” is no id of a Slack user: it looks like U012AB3CD.")
        return Assignee("slack", rest.strip())
    if prefix.lower() in ("user", "member"):
        text = rest.strip()
    try:
        return Assignee("id", str(UUID(text)))
    except ValueError:
        pass
    found = re.search(r"<([^<>]+)>\s*$", text)
    address = (found[1] if found else text).strip().lower()
    if not _EMAIL.fullmatch(address):
        raise ValueError(
            f"“{text[:100]}” names nobody: write an e-mail address, a member's id, role:admin or slack:U012AB3CD."
        )
    return Assignee("email", address)


def parts(given: Any) -> list[str]:
    """A list of names, however it was written: as a list, or in one text with commas, semicolons or lines.

    Raises `ValueError` for anything else: a value that is missing must not become "everybody".
    """
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
        raise ValueError("Name the people: as a list of texts, or in one text with commas.")
    return [part.strip() for text in texts for part in re.split(r"[,;\n]", text) if part.strip()]
