"""Whether a definition reads the workspace's variables. Pure."""

from __future__ import annotations

from typing import Any

_ROOT = "$vars"


def reads_variables(definition: Any) -> bool:
    """Whether an expression anywhere in a definition may read `$vars`. A text that only speaks of it counts too."""
    stack = [definition]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            if _ROOT in item:
                return True
        elif isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return False
