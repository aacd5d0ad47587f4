"""The seam through which a higher app answers a vendor at once, where the vendor waits for more than "received".

Registered in the higher app's `AppConfig.ready`. Called after the proof, outside of any transaction, with no more than
the two seconds a vendor's patience leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from uuid import UUID

from apps.integrations.inbound.declare import Reply

Quick: TypeAlias = Callable[[UUID, UUID, Mapping[str, Any]], Reply | None]
"""Workspace, credential, body. A reply is given as it stands and the delivery goes no further; None: it is told."""

_quick: dict[str, Quick] = {}


def answer_with(vendor: str, quick: Quick) -> None:
    """Ask this one first. Raises `RuntimeError` when somebody else is asked already."""
    if _quick.get(vendor, quick) is not quick:
        raise RuntimeError(f"Two apps want to answer {vendor} at once.")
    _quick[vendor] = quick


def quick_of(vendor: str) -> Quick | None:
    """Who answers at once, if anybody does."""
    return _quick.get(vendor)
