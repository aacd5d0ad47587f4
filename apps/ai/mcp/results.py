"""What a tool of an MCP server answered, as the run keeps it and the model is told it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping

from apps.ai.mcp.listing import LONGEST_TITLE, clean_text
from apps.nodes.contract import Artifacts, Json, NodeError

MOST_FILES, LONGEST_TEXT = 20, 100_000


def output_of(answer: Mapping[str, Json], artifacts: Artifacts) -> Json:
    """Text alone as text; what has more, as `{"text", "structured", "files", "links"}` without what is empty.

    Pictures, sounds and files become artifacts. Raises `NodeError` `ai.mcp_tool_failed` with the tool's own words when
    the tool says that it failed.
    """
    texts: list[str] = []
    files: list[Json] = []
    links: list[Json] = []
    for at, part in enumerate(answer.get("content") or ()):
        kind = part.get("type")
        inner = part.get("resource") or {}
        if kind == "text":
            texts.append(part["text"])
        elif kind == "resource" and "text" in inner:
            texts.append(inner["text"])
        elif kind == "resource_link":
            links.append({"name": clean_text(part.get("name", ""), LONGEST_TITLE), "url": part.get("uri", "")})
        elif (data := part.get("data") or inner.get("blob")) and len(files) < MOST_FILES:
            media_type = part.get("mimeType") or inner.get("mimeType") or "application/octet-stream"
            files.append(artifacts.put(_raw(data), name=f"{kind}-{at + 1}", content_type=media_type))
    text = _cut("\n".join(texts))
    if answer.get("isError"):
        raise NodeError("ai.mcp_tool_failed", text[:2_000] or "The tool failed and did not say why.")
    structured = answer.get("structuredContent")
    found = {"text": text, "structured": structured, "files": files, "links": links}
    kept = {name: value for name, value in found.items() if value not in ("", None, [])}
    if structured is not None and len(json.dumps(structured)) > LONGEST_TEXT:
        kept["structured"] = _cut(json.dumps(structured, ensure_ascii=False))
    elif structured is not None and not files and not links:
        return structured  # its text says the same, for models that take nothing else
    return text if kept.keys() <= {"text"} else kept


def _raw(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise NodeError("ai.mcp_unreadable", "The tool answered with a file that is not Base64.") from None


def _cut(text: str) -> str:
    left = len(text) - LONGEST_TEXT
    return text if left <= 0 else f"{text[:LONGEST_TEXT]}\n[{left:,} more characters were left out]"
