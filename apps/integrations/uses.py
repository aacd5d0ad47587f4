"""Where credentials are named: higher floors say so, because only they know what holds a reference.

A finder is registered once, while the app is loaded, and is called inside `tenant()`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Use:
    """A node that names a credential."""

    workflow_id: UUID
    workflow_name: str
    node_id: str
    node_name: str
    where: Literal["draft", "published"]


Finder = Callable[[UUID, UUID], list[Use]]
_finders: list[Finder] = []


def register(finder: Finder) -> None:
    """Ask this one, too: it gets the workspace's and the credential's id."""
    if finder not in _finders:
        _finders.append(finder)


def uses_of(workspace_id: UUID, credential_id: UUID) -> list[Use]:
    """Every node that names the credential."""
    return [use for finder in _finders for use in finder(workspace_id, credential_id)]
