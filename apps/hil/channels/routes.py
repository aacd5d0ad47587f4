"""Where a question goes besides the inbox, as an author writes it. Pure.

`email`: to each person who is asked. `slack`: to each of them in Slack. `slack:#approvals` or `slack:C0123ABCD`: into a
channel. `webhook`: to the workspace's address.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MOST_ROUTES = 10
_SLACK_CHANNEL = re.compile(r"#[^\s#,<>]{1,80}|[CGD][A-Z0-9]{5,20}")


@dataclass(frozen=True, slots=True)
class Route:
    """One way. `target` is empty where it leads to the people who are asked."""

    channel: str
    target: str = ""


def parse(text: str) -> Route:
    """One way, as written. Raises `ValueError` in words."""
    name, _, target = text.strip().partition(":")
    name, target = name.strip().lower().replace("-", ""), target.strip()
    if name in ("email", "mail") and not target:
        return Route("email")
    if name == "slack" and (not target or _SLACK_CHANNEL.fullmatch(target)):
        return Route("slack", target)
    if name == "webhook" and not target:
        return Route("webhook")
    if name == "slack":
        raise ValueError(
            f"“{target[:60]}” is no channel of Slack: write slack:#approvals, or slack alone for each person."
        )
    raise ValueError(f"There is no channel “{text.strip()[:60]}”: write email, slack, slack:#approvals or webhook.")


def routes_of(given: Any) -> list[Route]:
    """What a question's `channels` say, each way once; what cannot be read is left out."""
    found: dict[Route, None] = {}
    for text in given if isinstance(given, list) else []:
        try:
            found[parse(str(text))] = None
        except ValueError:
            continue
    return list(found)


def checked(routes: Sequence[str]) -> list[str]:
    """The ways as they are kept. Raises `ValueError` in words for what is none."""
    for text in routes:
        if "{{" not in text:
            parse(text)
    return list(routes)
