"""The page of `docs/reference/` that lists every call of the API. Details and trying it out: `/api/v1/docs/`."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from drf_spectacular.generators import SchemaGenerator

_HEAD = """<!-- Written by `manage.py reference_write`. Change the code, then run it again. -->

# API

Every call, by what it is about. A running product describes each in full at `/api/v1/docs/`, where it can be tried, and
as OpenAPI 3.1 at `/api/v1/schema/`. Who may call, limits and errors: [Use the API](../guides/use-the-api.md)."""
_METHODS = ("get", "post", "put", "patch", "delete")


def api_page() -> str:
    """The page as Markdown."""
    document: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    sections: dict[str, list[str]] = defaultdict(list)
    for path, operations in sorted(document["paths"].items()):
        short = path.removeprefix("/api/v1/").removeprefix("app/")
        for method in _METHODS:
            if method in operations:
                summary = operations[method].get("summary", "").replace("|", "\\|")
                sections[short.split("/")[0]].append(f"| `{method.upper()}` | `{path}` | {summary} |")
    parts = [_HEAD]
    for name in sorted(sections):
        parts += [
            f"\n## {name.replace('-', ' ').capitalize()}\n",
            "| method | address | what it does |",
            "|---|---|---|",
        ]
        parts += sections[name]
    return "\n".join(parts) + "\n"
