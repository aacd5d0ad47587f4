"""Words for messages: the name somebody probably meant, and values short enough to show."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


def nearest(word: str, known: Iterable[str]) -> str:
    """A sentence that offers the known word most like this one, or lists a few, or nothing when there are none."""
    options = list(known)
    folded = {option.casefold(): option for option in options}
    close = difflib.get_close_matches(word[:100].casefold(), list(folded), n=1, cutoff=0.6)
    if close:
        return f"Did you mean “{folded[close[0]]}”?"
    if not options:
        return ""
    return f"Known: {', '.join(options[:12])}{' …' if len(options) > 12 else ''}."


def shown(value: Any, limit: int = 60) -> str:
    """A value as it may stand in a message: short, on one line."""
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
