"""Bodies and queries as they go over the wire: forms, forms with files, lists. Pure but for the files it reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import quote_plus

from pydantic import Field

from apps.nodes.contract import Artifacts, Expr, Json, NodeParams

Lists: TypeAlias = Literal["repeat", "brackets", "indices", "comma"]
_ESCAPES = {'"': "%22", "\r": "%0D", "\n": "%0A"}


class Part(NodeParams):
    """One part of a form with files."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    """Name of the field."""
    value: Expr[Any] = None
    """What stands in it; an object or a list is sent as JSON."""
    file: Expr[Any] = None
    """Instead: a file, as an earlier node gave it."""
    file_name: Expr[str] = ""
    """What the receiver is told the file is called. Empty: its own name."""
    content_type: Expr[str] = ""
    """What the receiver is told it is. Empty: the file's own kind."""


def query_of(query: Mapping[str, Json], lists: Lists) -> dict[str, Json]:
    """The fields with their lists written so; a list that is left stands for its name, repeated."""
    found: dict[str, Json] = {}
    for name, value in query.items():
        if not isinstance(value, list) or lists == "repeat":
            found[name] = value
        elif lists == "brackets":
            found[f"{name}[]"] = value
        elif lists == "comma":
            found[name] = ",".join(map(text_of, value))
        else:
            found |= {f"{name}[{at}]": each for at, each in enumerate(value)}
    return found


def form_of(form: Mapping[str, Json], lists: Lists) -> bytes:
    """`application/x-www-form-urlencoded`."""
    pairs = (f"{quote_plus(name)}={quote_plus(text_of(value))}" for name, value in _pairs(form, lists))
    return "&".join(pairs).encode()


def multipart_of(parts: Sequence[Part], artifacts: Artifacts, *, boundary: str) -> tuple[bytes, str]:
    """`multipart/form-data` and its Content-Type. The same `boundary` and parts give the same bytes."""
    line = hashlib.sha256(boundary.encode()).hexdigest()[:32]
    content = bytearray()
    for part in parts:
        head, body = _part(part, artifacts)
        content += f"--{line}\r\n{head}\r\n\r\n".encode() + body + b"\r\n"
    content += f"--{line}--\r\n".encode()
    return bytes(content), f"multipart/form-data; boundary={line}"


def text_of(value: Json) -> str:
    """A value as a form carries it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return _json(value)
    return "" if value is None else str(value)


def _pairs(fields: Mapping[str, Json], lists: Lists) -> Iterator[tuple[str, Json]]:
    for name, value in query_of(fields, lists).items():
        for each in value if isinstance(value, list) else [value]:
            yield name, each


def _part(part: Part, artifacts: Artifacts) -> tuple[str, bytes]:
    disposition = f'Content-Disposition: form-data; name="{_escaped(part.name)}"'
    if part.file is None:
        kind = part.content_type or ("application/json" if isinstance(part.value, dict | list) else "")
        return disposition + (f"\r\nContent-Type: {_line(kind)}" if kind else ""), text_of(part.value).encode()
    known = part.file if isinstance(part.file, dict) else {}
    name = part.file_name or str(known.get("name") or "file")
    kind = part.content_type or str(known.get("content_type") or "application/octet-stream")
    head = f'{disposition}; filename="{_escaped(name)}"\r\nContent-Type: {_line(kind)}'
    return head, artifacts.get(part.file)


def _escaped(text: str) -> str:
    """As browsers write names of fields and files."""
    return "".join(_ESCAPES.get(each, each) for each in text)


def _line(text: str) -> str:
    return " ".join(text.split())


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
