"""n8n's nodes that shape data. Where it has several items, there is one list here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from apps.workflows.transfer.n8n.expressions import json_template
from apps.workflows.transfer.n8n.given import Given

Json = Any


def set_(given: Given) -> None:
    """Edit Fields: assignments, JSON, or the lists by type of before."""
    params = given.params
    assigned = given.rows("assignments", "assignments") or given.rows("fields", "values")
    keeps = params.get("includeOtherFields", params.get("include") in ("all", "selected", "except"))
    fields: Json
    if params.get("mode") == "raw":
        fields = given.json_at("jsonOutput")
        if isinstance(fields, dict):
            fields = [{"name": name, "value": value} for name, value in fields.items()]
        elif isinstance(fields, str) and fields.startswith("{{"):
            given.piece.mapping = {"mode": "expression", "expression": "{{ $json.value }}"}
            fields = [{"name": "value", "value": fields}]
        else:
            given.say("check", "Its JSON is no object.", "Write its fields.", "jsonOutput")
            fields = []
    elif assigned:
        fields = [{"name": str(row.get("name", "")), "value": _typed(given, row)} for row in assigned]
    else:
        keeps = params.get("keepOnlySet") is not True
        values = params.get("values")
        rows = [
            (kind, row)
            for kind, rows in (values.items() if isinstance(values, Mapping) else ())
            for row in (rows if isinstance(rows, list) else ())
            if isinstance(row, Mapping)
        ]
        fields = [
            {"name": str(row.get("name", "")), "value": given.text(row.get("value"), f"values.{kind}")}
            for kind, row in rows
        ]
    if given.takes_list:
        hint = "Put it into a LOOP, or use an expression such as {{ $json.map(i => …) }}."
        given.say("check", "It set the fields of each item there; here it sees the whole list.", hint)
    found: dict[str, Json] = {"fields": [field for field in fields if field["name"]]}
    if keeps:
        found = {"mode": "merge", **found}
    given.left_out("includeFields", "excludeFields")
    given.options_left_out("ignoreConversionErrors", "dotNotation")
    given.become("ACTION", "TRANSFORM", found)


def _typed(given: Given, row: Mapping[str, Json]) -> Json:
    kind = str(row.get("type", "stringValue")).removesuffix("Value")
    value = row.get("value", row.get(f"{kind}Value"))
    if isinstance(value, str) and not value.startswith("="):
        if kind in ("object", "array") and value.strip():
            return given_json(given, value)
        if kind == "number":
            try:
                number = float(value)
            except ValueError:
                return given.text(value, "assignments")
            return int(number) if number.is_integer() else number
        if kind == "boolean":
            return value.lower() == "true"
    return given.text(value, "assignments")


def given_json(given: Given, text: str) -> Json:
    """A fixed JSON text as its value; the text where it is none."""
    found = json_template(text, given.names)
    return given.text(text) if found is None else found


def split_out(given: Given) -> None:
    """One item per thing in a list of the item."""
    path = _first(given.params.get("fieldToSplitOut"))
    operation: dict[str, Json] = {"kind": "split", "path": path}
    include = given.params.get("include", "noOtherFields")
    if include == "selectedOtherFields":
        operation["keep"] = _names(given.params.get("fieldsToInclude"))
    elif include == "allOtherFields":
        given.say("check", "It kept all other fields of the item there.", "Name them in keep.", "include")
    given.options_left_out("disableDotNotation", "destinationFieldName")
    _list(given, operation)


def limit(given: Given) -> None:
    """The first or last items."""
    take = "last" if given.params.get("keep") == "lastItems" else "first"
    _list(given, {"kind": "limit", "count": given.at("maxItems", 1), "take": take})


def sort(given: Given) -> None:
    """Items in order."""
    rows = given.rows("sortFieldsUi", "sortField")
    if given.params.get("type", "simple") != "simple" or not rows:
        given.say("left_out", f"It cannot sort by “{given.params.get('type', 'nothing')}” here.", "Use an expression.")
        return
    keys = [
        {"path": _first(row.get("fieldName")), "order": "desc" if row.get("order") == "descending" else "asc"}
        for row in rows
    ]
    _list(given, {"kind": "sort", "keys": keys})


def unique(given: Given) -> None:
    """Every different item once."""
    if given.params.get("operation", "removeDuplicateInputItems") != "removeDuplicateInputItems":
        given.say("left_out", "It cannot remember items of earlier runs here.", "Use KEY_VALUE.", "operation")
        return
    operation: dict[str, Json] = {"kind": "unique"}
    if given.params.get("compare") == "selectedFields":
        operation["by"] = _names(given.params.get("fieldsToCompare"))
    elif given.params.get("compare") == "allFieldsExcept":
        given.say("check", "It compared all fields but some there, and compares all here.", name="compare")
    _list(given, operation)


def aggregate(given: Given) -> None:
    """All items in one."""
    if given.params.get("aggregate") == "aggregateAllItemData":
        name = str(given.params.get("destinationFieldName") or "data")
        fields = [{"name": name, "value": "{{ $json }}"}]
    else:
        fields = []
        for row in given.rows("fieldsToAggregate", "fieldToAggregate"):
            path = _first(row.get("fieldToAggregate"))
            name = str(row.get("outputFieldName") or "") if row.get("renameField") is True else ""
            reads = "".join(f"[{part}]" if part.isdigit() else f"?.['{part}']" for part in path.split("."))
            fields.append({"name": name or path.rpartition(".")[2], "value": f"{{{{ $json.map(i => i{reads}) }}}}"})
    if not given.takes_list:
        given.say("check", "It takes a list here.", "Look at what comes to it.")
    given.options_left_out("disableDotNotation")
    given.become("ACTION", "TRANSFORM", {"fields": fields})


_FIGURES: Final = {
    "sum": "sum", "count": "count", "average": "average", "min": "min", "max": "max", "concatenate": "join",
    "countUnique": "", "append": "",
}  # fmt: skip


def summarize(given: Given) -> None:
    """Figures of all items, or of groups."""
    figures = []
    for at, row in enumerate(given.rows("fieldsToSummarize", "values")):
        said, path = str(row.get("aggregation", "count")), _first(row.get("field"))
        ours = _FIGURES.get(said, "")
        if ours:
            figures.append({"name": f"{said}_{path.replace('.', '_')}"[:60], "function": ours, "path": path})
        else:
            given.say("left_out", f"“{said}” has no equivalent.", name=f"fieldsToSummarize.values[{at}]")
    operation: dict[str, Json] = {"kind": "aggregate", "figures": figures}
    by = _names(given.params.get("fieldsToSplitBy"))
    if by:
        operation["by"] = by[0]
        given.say("changed", f"Each group has its “{by[0]}” as key here.", name="fieldsToSplitBy")
    if len(by) > 1:
        given.say("left_out", f"It groups by one field here: {', '.join(by[1:])} is left out.", name="fieldsToSplitBy")
    _list(given, operation)


def item_lists(given: Given) -> None:
    """The node that was several of these at once."""
    operation = str(given.params.get("operation", "splitOutItems"))
    ours: dict[str, Callable[[Given], None]] = {
        "splitOutItems": split_out,
        "limit": limit,
        "sort": sort,
        "removeDuplicates": unique,
        "summarize": summarize,
        "concatenateItems": aggregate,
        "aggregateItems": aggregate,
    }
    if operation in ours:
        ours[operation](given)
    else:
        given.say("left_out", f"Its operation “{operation}” has no equivalent.", name="operation")


def _list(given: Given, operation: dict[str, Json]) -> None:
    params: dict[str, Json] = {"operation": operation}
    if not given.takes_list:
        params["items"] = "{{ Array.isArray($json) ? $json : [$json] }}"
    given.become("ACTION", "LIST", params)


def _first(value: Json) -> str:
    return (_names(value) or [""])[0]


def _names(value: Json) -> list[str]:
    """Names of fields, which n8n writes as a list or with commas between."""
    rows = value if isinstance(value, list) else str(value or "").split(",")
    return [
        name.strip().removeprefix("=").replace("[", ".").replace("]", "") for name in map(str, rows) if name.strip()
    ]


DATA: Final[dict[str, Callable[[Given], None]]] = {
    "set": set_,
    "splitOut": split_out,
    "limit": limit,
    "sort": sort,
    "removeDuplicates": unique,
    "aggregate": aggregate,
    "summarize": summarize,
    "itemLists": item_lists,
}
_GIVE_ITEMS: Final = frozenset({"splitOut", "limit", "sort", "removeDuplicates"})
_GATHER: Final = frozenset({"concatenateItems", "aggregateItems"})


def gives_items(kind: str, params: Mapping[str, Json]) -> bool:
    """Whether this node gives several items there, which are a list here."""
    if kind == "itemLists":
        return params.get("operation", "splitOutItems") not in (*_GATHER, "summarize")
    return kind in _GIVE_ITEMS or (kind == "summarize" and bool(params.get("fieldsToSplitBy")))


def gathers(kind: str, params: Mapping[str, Json]) -> bool:
    """Whether this node makes one of several items."""
    if kind == "itemLists":
        return not gives_items(kind, params)
    return kind in ("aggregate", "summarize") and not gives_items(kind, params)
