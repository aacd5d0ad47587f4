"""Workflows to begin with. Each file of this folder is one; to add one, add a file.

A file has `title`, `summary` (what it is for), `kind` (one of `KINDS`), `tags`, `needs` (what must be filled in before
it runs; empty: it runs as it is) and `definition`. Addresses that are yours to fill in
end in `example.com`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from apps.workflows.preview import Drawing, drawing

KINDS = ("people", "apis", "reports", "data", "events", "monitoring")
"""What starters are about, in the order they are shown."""
_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Starter:
    """A workflow to begin with."""

    slug: str
    title: str
    summary: str
    kind: str
    tags: tuple[str, ...]
    needs: tuple[str, ...]
    definition: dict[str, Any]
    drawing: Drawing

    def fits(self, kind: str, q: str) -> bool:
        """Whether it is of this kind, and each word of `q` stands in what is said about it."""
        about = " ".join((self.title, self.summary, self.kind, *self.tags)).lower()
        return kind in ("", self.kind) and all(word in about for word in q.lower().split())


@cache
def starters() -> tuple[Starter, ...]:
    """Every starter there is, by kind and title."""
    found = [_read(path) for path in _FOLDER.glob("*.json")]
    return tuple(sorted(found, key=lambda each: (KINDS.index(each.kind), each.title.lower())))


def starter(slug: str) -> Starter | None:
    """The starter whose file is called so."""
    return next((each for each in starters() if each.slug == slug), None)


def _read(path: Path) -> Starter:
    given = json.loads(path.read_text("utf-8"))
    return Starter(
        slug=path.stem,
        title=given["title"],
        summary=given["summary"],
        kind=given["kind"],
        tags=tuple(given["tags"]),
        needs=tuple(given["needs"]),
        definition=given["definition"],
        drawing=drawing(given["definition"]),
    )
