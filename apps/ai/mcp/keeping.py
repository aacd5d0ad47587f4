"""Tool lists that were asked for a moment ago: per workspace, server, credential and selection."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from uuid import UUID

from django.core.cache import cache

from apps.ai.mcp.listing import Listing

SECONDS = 300


def kept_or(workspace_id: UUID, what: tuple[str, ...], ask: Callable[[], Listing]) -> Listing:
    """The list as it was asked for within the last minutes, or asked for now. Raises what `ask` raises."""
    key = _key(workspace_id, what)
    found = cache.get(key)
    if found is not None:
        return Listing.from_json(found)
    listing = ask()
    cache.set(key, listing.as_json(), SECONDS)
    return listing


def forget(workspace_id: UUID, what: tuple[str, ...]) -> None:
    """Ask anew next time."""
    cache.delete(_key(workspace_id, what))


def _key(workspace_id: UUID, what: tuple[str, ...]) -> str:
    return f"mcp:{workspace_id}:{hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]}"
