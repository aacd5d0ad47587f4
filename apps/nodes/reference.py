"""The reference pages of node types and expressions as Markdown, made from the declarations themselves. Pure."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from itertools import groupby

from apps.nodes.contract import Example, Json, Node, NodeType
from apps.nodes.expressions import FUNCTIONS, Function
from apps.nodes.registry import label, node_types

_NOTE = "<!-- Written by `manage.py reference_write`. Change the code, then run it again. -->\n\n"
_KINDS = {
    NodeType.TRIGGER: "Triggers",
    NodeType.ACTION: "Actions",
    NodeType.FLOW: "Flow",
    NodeType.HUMAN_IN_THE_LOOP: "People",
}
_GROUPS = {
    "text": "Texts",
    "list": "Lists, and what they share with texts",
    "number": "Numbers and conversions",
    "date": "Dates",
    "object": "Objects and JSON",
}
_TYPES = {"string": "text", "integer": "whole number", "array": "list", "null": "empty"}


def pages() -> dict[str, str]:
    """The pages by their file name below `docs/reference/`."""
    return {"nodes.md": nodes_page(), "expressions.md": expressions_page()}


# ── Node types ───────────────────────────────────────────────────────────────────────────────────────────────────────


def nodes_page() -> str:
    """Every node type: what it does, its parameters, what it returns, its examples."""
    types = list(node_types().values())
    lines = [
        "# Node types",
        "",
        "Every node type there is, as the code declares it. The same as data, with JSON Schema:",
        "`GET /api/v1/app/node-types`. *Expressions* says whether `{{ … }}` may stand in a parameter.",
        "",
        "| type | subtype | what it does |",
        "|---|---|---|",
    ]
    lines += [f"| `{cls.type}` | [`{cls.subtype}`](#{_anchor(cls)}) | {_cell(_words(cls)[0])} |" for cls in types]
    for kind, members in groupby(types, key=lambda cls: cls.type):
        lines += ["", f"## {_KINDS.get(NodeType(kind), str(kind))}"]
        for cls in members:
            lines += _node(cls)
    return _NOTE + "\n".join(lines) + "\n"


def _words(cls: type[Node]) -> tuple[str, str]:
    first, _, rest = (inspect.getdoc(cls) or "").partition("\n")
    return first, rest.strip()


def _anchor(cls: type[Node]) -> str:
    return f"{label(cls)} {cls.subtype}".lower().replace(" ", "-")


def _node(cls: type[Node]) -> Iterator[str]:
    summary, rest = _words(cls)
    yield from ("", f"### {label(cls)} `{cls.subtype}`", "", f"`{cls.type}` · {summary}")
    if rest:
        yield from ("", rest)
    yield from ("", _ports(cls))
    if cls.retry.attempts > 1:
        yield from (
            "",
            f"Failures that may pass are tried again: {cls.retry.attempts} attempts unless the node says more.",
        )
    schema = cls.Params.model_json_schema()
    rows = list(_parameters(schema, schema.get("$defs", {})))
    if rows:
        yield from ("", "| parameter | kind | default | expressions | meaning |", "|---|---|---|---|---|", *rows)
    else:
        yield from ("", "No parameters.")
    output = cls.Output.model_json_schema().get("properties", {})
    if output:
        yield from ("", "Returns:", "")
        yield from (f"- `{name}`: {_cell(member.get('description', ''))}" for name, member in output.items())
    for example in cls.examples:
        yield from _example(example)


def _ports(cls: type[Node]) -> str:
    if cls.ports_of.__func__ is not Node.ports_of.__func__:  # type: ignore[attr-defined]
        return "Ports: those its parameters name" + "".join(f", and `{port}`" for port in cls.ports) + "."
    if not cls.ports:
        return "Ports: none."
    return f"Ports: {', '.join(f'`{port}`' for port in cls.ports)}."


def _parameters(schema: Mapping[str, Json], kinds: Mapping[str, Json]) -> Iterator[str]:
    """Rows of the parameters and of what is inside them; what several kinds of an object share stands once."""
    found: dict[tuple[str, ...], list[str]] = {}
    for *cells, only in _cells(schema, kinds, "", ""):
        found.setdefault(tuple(cells), []).append(only)
    for (*first, meaning), several in found.items():
        names = ", ".join(f"`{name}`" for name in several if name)
        yield f"| {' | '.join(first)} | {f'Kind {names}: ' if names else ''}{meaning} |"


def _cells(
    schema: Mapping[str, Json], kinds: Mapping[str, Json], before: str, only: str
) -> Iterator[tuple[str, str, str, str, str, str]]:
    """The cells of each row. `only` says for which kind of the object it exists."""
    needed = set(schema.get("required", ()))
    for name, member in schema.get("properties", {}).items():
        if only and "const" in member:
            continue
        where = f"{before}{name}"
        default = "needed" if name in needed else _json(member.get("default"))
        is_open = "yes" if _takes_expressions(member) else ""
        meaning = _cell(member.get("description", ""))
        yield f"`{where}`", _cell(_kind(member, kinds)), _cell(default), is_open, meaning, only
        mark = "[]" if member.get("type") == "array" else ""
        for inner, when in _objects(member, kinds):
            yield from _cells(inner, kinds, f"{where}{mark}.", when)


def _objects(member: Mapping[str, Json], kinds: Mapping[str, Json]) -> Iterator[tuple[Mapping[str, Json], str]]:
    """The objects a parameter can hold, when their members are declared, and which kind of it each stands for."""
    names = {where: name for name, where in member.get("discriminator", {}).get("mapping", {}).items()}
    for part in (member, member.get("items", {}), *member.get("oneOf", ()), *member.get("anyOf", ())):
        if isinstance(part, Mapping) and "$ref" in part:
            yield kinds[part["$ref"].rpartition("/")[2]], names.get(part["$ref"], "")


def _takes_expressions(member: Mapping[str, Json]) -> bool:
    inner = member.get("additionalProperties")
    parts = [member, inner if isinstance(inner, Mapping) else {}, *member.get("anyOf", ())]
    return any(part.get("x-expression") for part in parts)


def _kind(member: Mapping[str, Json], kinds: Mapping[str, Json]) -> str:
    if "const" in member:
        return _json(member["const"])
    if "enum" in member:
        return ", ".join(_json(value) for value in member["enum"])
    if "$ref" in member:
        return "object"
    if "discriminator" in member:
        chosen = member["discriminator"]
        return f"object; its `{chosen['propertyName']}` is one of {', '.join(map(_json, chosen['mapping']))}"
    for several in ("oneOf", "anyOf"):
        if several in member:
            return " or ".join(dict.fromkeys(_kind(part, kinds) for part in member[several]))
    found: str = member.get("type", "any")
    if member.get("format") == "date-time":
        return "date"
    return _TYPES.get(found, found)


def _json(value: Json) -> str:
    return "" if value in (None, "") else f"`{json.dumps(value, ensure_ascii=False)}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _example(example: Example) -> Iterator[str]:
    yield from ("", f"**{example.title}**", "", "```json")
    shown: dict[str, Json] = {"params": example.params}
    if example.input is not None:
        shown["input"] = example.input
    if example.answers:
        shown["answered with"] = list(example.answers)
    shown["returns"] = example.returns
    if example.port != "main":
        shown["port"] = example.port
    inner = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in shown.items())
    yield from ("{", inner, "}", "```")


# ── Expressions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def expressions_page() -> str:
    """Every function of the expression language with an example and its result."""
    lines = [
        "# Functions of expressions",
        "",
        "Every function an expression can call. The first parameter stands before the dot: `upper(text: text)` is",
        "called as `'ada'.upper()`. A `?` marks what may be left out, `...` what may be repeated. How expressions are",
        "written at all: [Write an expression](../guides/write-an-expression.md).",
    ]
    for group, members in groupby(FUNCTIONS, key=lambda function: function.group):
        lines += ["", f"## {_GROUPS.get(group, group)}", "", "| function | what it gives | example | result |"]
        lines += ["|---|---|---|---|", *map(_function, members)]
    return _NOTE + "\n".join(lines) + "\n"


def _function(function: Function) -> str:
    doc = function.doc
    if function.aliases:
        doc += f" Also {_names(function.aliases)}."
    if function.globals:
        doc += f" {'Also stands' if function.is_method else 'Stands'} alone: {_names(function.globals)}."
    result = json.dumps(function.result, ensure_ascii=False)
    return f"| {_code(function.signature)} | {_cell(doc)} | {_code(function.example)} | {_code(result)} |"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _code(text: str) -> str:
    escaped = text.replace("|", "\\|")
    return f"`{escaped}`"
