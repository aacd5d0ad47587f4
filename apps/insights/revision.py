"""Which state of the code is running."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.conf import settings

_COMMIT = re.compile(r"[0-9a-f]{40,64}")


@cache
def revision() -> str:
    """AGENTFLOW_REVISION when it is set, else the commit that is checked out, else `unknown`. Read once per process."""
    return settings.REVISION or _commit(Path(settings.BASE_DIR)) or "unknown"


def _commit(root: Path) -> str:
    """The commit of the checkout at `root`, read from its files (git itself may not be installed)."""
    folder = root / ".git"
    try:
        if folder.is_file():  # a worktree names its folder
            folder = (root / folder.read_text().removeprefix("gitdir:").strip()).resolve()
        head = (folder / "HEAD").read_text().strip()
        if not head.startswith("ref:"):
            return head if _COMMIT.fullmatch(head) else ""
        name = head.removeprefix("ref:").strip()
        shared = folder / "commondir"
        common = (folder / shared.read_text().strip()).resolve() if shared.exists() else folder
        loose = common / name
        if loose.exists():
            return loose.read_text().strip()
        for line in (common / "packed-refs").read_text().splitlines():
            commit, _, ref = line.partition(" ")
            if ref == name:
                return commit
    except (OSError, ValueError):
        return ""
    return ""
