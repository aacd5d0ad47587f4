"""The eight factors by which a text is, or is not, an answer to our question. Pure.

Seven are computed here. `content` is judged: by a model where one is connected, and otherwise by what the words say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apps.hil.replies import lexicon
from apps.hil.replies.reading import Reading, Way, words_of

WEIGHTS: Mapping[str, float] = {
    "content": 0.28,
    "pattern": 0.16,
    "person": 0.16,
    "thread": 0.16,
    "human": 0.08,
    "channel": 0.06,
    "time": 0.05,
    "keywords": 0.05,
}
"""Of the eight factors; they add up to one."""
_TOO_QUICK = timedelta(seconds=1)
_LATE = timedelta(days=1)
_SHORT = 12
_ROBOTS = re.compile(
    r"(^|[<\s])(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?|notifications?|automailer)([+.-][^@\s]*)?@",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The question, as far as an answer can be held against it. `channels`: those it was sent by."""

    title: str
    ways: Sequence[Way]
    asked_at: datetime
    deadline_at: datetime | None = None
    channels: frozenset[str] = frozenset()
    needs_form: bool = False
    """Its answer is more than a choice, so words alone cannot give it."""
    needs_button: bool = False
    """What it sets off cannot be undone, so only a button counts."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A text that came in. `own` is what its writer wrote themselves, see `texts.own_words`.

    `is_linked`: whether it hangs on our message (a thread, a reply to our mail); None when that cannot be said.
    `headers` are a mail's, with lower-case names; `is_bot`: what the channel itself says of the sender.
    """

    own: str
    channel: str
    at: datetime
    is_from_recipient: bool
    is_linked: bool | None
    sender: str = ""
    names: Sequence[str] = ()
    subject: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_bot: bool = False


def factors_of(asked: Asked, arrived: Arrived, reading: Reading, content: float) -> dict[str, float]:
    """Each factor from 0 (speaks against) to 1 (speaks for), rounded to hundredths."""
    found = {
        "content": content,
        "pattern": _pattern(arrived, reading),
        "person": 1.0 if arrived.is_from_recipient else 0.0,
        "thread": {True: 1.0, None: 0.5, False: 0.0}[arrived.is_linked],
        "human": 0.0 if is_automatic(arrived) else 1.0,
        "channel": 1.0 if arrived.channel in asked.channels else 0.0,
        "time": _time(asked, arrived.at),
        "keywords": _keywords(asked, arrived, reading),
    }
    return {name: round(found[name], 2) for name in WEIGHTS}


def score_of(factors: Mapping[str, float]) -> float:
    """From 0 to 1. A program never answers; somebody who was not asked hardly ever does."""
    total = sum(WEIGHTS[name] * value for name, value in factors.items())
    if not factors["human"]:
        total = min(total, 0.1)
    if not factors["person"]:
        total = min(total, 0.3 if factors["content"] < 0.7 else 0.5)
    return round(total, 2)


def is_automatic(arrived: Arrived) -> bool:
    """Whether a program wrote it: an absence note, a bounce, a bot, a mailing list."""
    headers = arrived.headers
    submitted = headers.get("auto-submitted", "no").strip().lower()
    if arrived.is_bot or not submitted.startswith("no"):
        return True
    if any(
        name in headers for name in ("x-autoreply", "x-autorespond", "x-auto-response", "list-id", "list-unsubscribe")
    ):
        return True
    if headers.get("precedence", "").strip().lower() in ("bulk", "junk", "list", "auto_reply"):
        return True
    if headers.get("return-path", "-").strip() == "<>" or _ROBOTS.search(arrived.sender):
        return True
    said = " ".join(words_of(f"{arrived.subject} \n {arrived.own}"))
    return any(f" {' '.join(words_of(phrase))} " in f" {said} " for phrase in lexicon.AWAY)


def _pattern(arrived: Arrived, reading: Reading) -> float:
    if reading.outcome:
        return 1.0
    length = len(words_of(arrived.own))
    return 0.5 if reading.mentions and 0 < length <= _SHORT * 3 else 0.3 if 0 < length <= _SHORT else 0.0


def _time(asked: Asked, at: datetime) -> float:
    if at < asked.asked_at or at - asked.asked_at < _TOO_QUICK:
        return 0.0
    if asked.deadline_at is not None and at > asked.deadline_at:
        return 0.5 if at - asked.deadline_at < _LATE else 0.0
    return 1.0


def _keywords(asked: Asked, arrived: Arrived, reading: Reading) -> float:
    if reading.mentions:
        return 1.0
    common = {word for word in words_of(asked.title) if len(word) > 3 or not word.isascii()}
    return 0.5 if common & set(words_of(arrived.own)) else 0.0
