"""What an MCP server says it can do, made safe to keep and to show to a model. Pure."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Self

from apps.nodes.contract import Json

MOST_TOOLS = 128
"""As many as providers take."""
LONGEST_DESCRIPTION, LONGEST_SCHEMA, LONGEST_TITLE = 1_024, 16_000, 100
_LONGEST_NAME = 64
_UNSAFE = re.compile(r"[^a-zA-Z0-9_-]+")


@dataclass(frozen=True, slots=True)
class ListedTool:
    """One tool as it was listed, cleaned. `digest` stands for all of it as the server wrote it.

    `reads` and `repeats` are what the server claims: that it changes nothing, that a repeat changes nothing more.
    """

    name: str
    title: str
    description: str
    parameters: dict[str, Json]
    digest: str
    reads: bool = False
    repeats: bool = False

    @classmethod
    def of(cls, written: Mapping[str, Json]) -> Self | None:
        """From the server's JSON. None where its schema is too large to be shown to a model."""
        schema = dict(written.get("inputSchema") or {}) | {"type": "object"}
        if len(json.dumps(schema)) > LONGEST_SCHEMA:
            return None
        hints = written.get("annotations") or {}
        title = written.get("title") or hints.get("title") or written["name"]
        return cls(
            name=written["name"],
            title=clean_text(title, LONGEST_TITLE).replace("\n", " "),
            description=clean_text(written.get("description") or "", LONGEST_DESCRIPTION),
            parameters=_clean_texts(schema),
            digest=hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest(),
            reads=hints.get("readOnlyHint") is True and hints.get("destructiveHint") is not True,
            repeats=hints.get("idempotentHint") is True,
        )


@dataclass(frozen=True, slots=True)
class Listing:
    """The tools of one server at one moment. `left_out`: those that are too large, or too many."""

    tools: tuple[ListedTool, ...]
    left_out: tuple[str, ...] = ()
    protocol: str = ""
    """The version that was agreed on, so that the next session need not ask."""

    @classmethod
    def of(cls, written: Iterable[Mapping[str, Json]], *, wanted: Collection[str], protocol: str) -> Self:
        """From the server's JSON; `wanted` names the tools that are wanted, none: all."""
        found: dict[str, ListedTool] = {}
        left_out: list[str] = []
        for each in written:
            if wanted and each["name"] not in wanted:
                continue
            tool = ListedTool.of(each) if len(found) < MOST_TOOLS else None
            if tool is None:
                left_out.append(clean_text(each["name"], LONGEST_TITLE))
            else:
                found.setdefault(tool.name, tool)
        return cls(tuple(found.values()), tuple(left_out), protocol)

    def as_json(self) -> dict[str, Json]:
        """For steps and caches."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Json]) -> Self:
        """What `as_json` gave."""
        return cls(tuple(ListedTool(**each) for each in kept["tools"]), tuple(kept["left_out"]), kept["protocol"])


def offered_names(tools: Iterable[ListedTool], prefix: str = "") -> dict[str, ListedTool]:
    """The tools by names that every provider takes: other characters become `_`, and no two are the same."""
    found: dict[str, ListedTool] = {}
    start = f"{_UNSAFE.sub('_', prefix).strip('_')[:20]}_" if prefix else ""
    for tool in tools:
        safe = f"{start}{_UNSAFE.sub('_', tool.name)}"[:_LONGEST_NAME] or "tool"
        name, count = safe, 1
        while name in found:
            count += 1
            name = f"{safe[: _LONGEST_NAME - 4]}_{count}"
        found[name] = tool
    return found


def clean_text(text: str, most: int) -> str:
    """A stranger's text without what nobody sees (control, formatting and tag characters), at most so long."""
    seen = "".join(each for each in str(text) if each in "\n\t" or unicodedata.category(each)[0] != "C").strip()
    return seen if len(seen) <= most else f"{seen[: most - 1]}…"


def _clean_texts(value: Json) -> Json:
    if isinstance(value, str):
        return clean_text(value, LONGEST_DESCRIPTION)
    if isinstance(value, Mapping):
        return {clean_text(name, LONGEST_TITLE): _clean_texts(inner) for name, inner in value.items()}
    return [_clean_texts(inner) for inner in value] if isinstance(value, list | tuple) else value
