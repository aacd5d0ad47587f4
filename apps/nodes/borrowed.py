"""Functions of the expression language used by nodes: their refusals become the node's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from apps.nodes.contract import NodeError
from apps.nodes.expressions import ExprError
from apps.nodes.expressions.budget import Budget

_FUEL: Final = 5_000_000
_REGEX_SECONDS: Final = 1.0
"""More than an expression may take: what a node has is one long text, not one of many conditions."""


def budget() -> Budget:
    """What one run of a node may spend on borrowed functions."""
    return Budget(_FUEL, _REGEX_SECONDS)


@contextmanager
def refusals(code: str, where: str = "") -> Iterator[None]:
    """Raise an `ExprError` from inside as a `NodeError` of this code; `where` names the parameter or item."""
    try:
        yield
    except ExprError as error:
        message = f"{error.message[:1].upper()}{error.message[1:]}" if not where else f"{where}: {error.message}"
        hint = f"{error.hint[:1].upper()}{error.hint[1:]}." if error.hint else ""
        raise NodeError(code, f"{message}.", hint) from None
