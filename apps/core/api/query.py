"""The part of an address behind the question mark."""

from __future__ import annotations

from collections.abc import Iterable

from apps.core.errors import FieldError, Invalid
from apps.core.suggest import shown

EVERYWHERE = ("workspace",)
PAGED = ("page_size", "cursor")
_MOST_NAMED = 20


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """Raise `Invalid`, naming the parameters there are, when one is given that would be ignored."""
    options = [*known, *EVERYWHERE]
    unknown = [name for name in given if name not in options][:_MOST_NAMED]
    if unknown:
        names = ", ".join(options)
        raise Invalid(
            f"There is no parameter “{shown(unknown[0])}” here.",
            hint=f"Known: {names}.",
            errors=[FieldError(shown(name), f"Unknown. Known: {names}.", "unknown") for name in unknown],
        )


def refuse_both(given: Iterable[str], name: str, alias: str) -> None:
    """Raise `Invalid` when a parameter is given by both of its names, one of which would be ignored."""
    if {name, alias} <= set(given):
        message = f"{name} and {alias} are two names of one parameter; give one of them."
        raise Invalid(message, errors=[FieldError(alias, message)])
