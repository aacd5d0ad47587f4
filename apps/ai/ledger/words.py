"""Amounts as people read them. Pure."""

from __future__ import annotations

from decimal import Decimal


def dollars(amount: Decimal) -> str:
    """As `$1.50`; small amounts with the digits that tell them from nothing: `$0.0042`."""
    if amount and abs(amount) < Decimal("0.01"):
        return f"${amount.normalize():f}" if abs(amount) < Decimal("0.0001") else f"${amount:.4f}"
    return f"${amount:,.2f}"


def tokens(amount: Decimal | int) -> str:
    """As `1,500 tokens`."""
    return f"{int(amount):,} tokens"


def short(amount: int) -> str:
    """A large number as `1.2 M`."""
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**4, "k")):
        if amount >= size:
            return f"{amount / (size if letter != 'k' else 1000):.3g} {letter}"
    return f"{amount:,}"
