"""The conditions of n8n's If, Filter and Switch as one expression each, in both of the forms they have had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from apps.workflows.transfer.n8n.expressions import Names, operand

Json = Any

_COMPARED: Final = {
    "equals": "{l} == {r}", "equal": "{l} == {r}", "notEquals": "{l} != {r}", "notEqual": "{l} != {r}",
    "gt": "{l} > {r}", "larger": "{l} > {r}", "gte": "{l} >= {r}", "largerEqual": "{l} >= {r}",
    "lt": "{l} < {r}", "smaller": "{l} < {r}", "lte": "{l} <= {r}", "smallerEqual": "{l} <= {r}",
    "contains": "{l}.includes({r})", "notContains": "!{l}.includes({r})",
    "startsWith": "{l}.startsWith({r})", "notStartsWith": "!{l}.startsWith({r})",
    "endsWith": "{l}.endsWith({r})", "notEndsWith": "!{l}.endsWith({r})",
    "regex": "{l}.test({r})", "notRegex": "!{l}.test({r})",
    "after": "{l}.isAfter({r})", "before": "{l}.isBefore({r})",
    "afterOrEquals": "!{l}.isBefore({r})", "beforeOrEquals": "!{l}.isAfter({r})",
    "lengthEquals": "{l}.length == {r}", "lengthNotEquals": "{l}.length != {r}",
    "lengthGt": "{l}.length > {r}", "lengthLt": "{l}.length < {r}",
    "lengthGte": "{l}.length >= {r}", "lengthLte": "{l}.length <= {r}",
    "exists": "{l} != null", "notExists": "{l} == null",
    "empty": "isEmpty({l})", "isEmpty": "isEmpty({l})", "notEmpty": "!isEmpty({l})", "isNotEmpty": "!isEmpty({l})",
    "true": "{l} == true", "false": "{l} == false",
}  # fmt: skip
_DEFAULTS: Final = {"boolean": "equal", "number": "smaller", "string": "equal", "dateTime": "after"}
_ON_TEXT: Final = (
    "contains",
    "notContains",
    "startsWith",
    "notStartsWith",
    "endsWith",
    "notEndsWith",
    "regex",
    "notRegex",
)


class Unreadable(Exception):
    """A condition cannot be written here; the message says why."""


def expression(given: Json, names: Names, *, combine: Json = None) -> str:
    """The condition as `{{ … }}`. Raises `Unreadable`."""
    return f"{{{{ {inner(given, names, combine=combine)} }}}}"


def inner(given: Json, names: Names, *, combine: Json = None) -> str:
    """The same without braces."""
    if not isinstance(given, Mapping):
        raise Unreadable("there is no condition")
    if isinstance(given.get("conditions"), list):
        is_any = given.get("combinator") == "or"
        options = given["options"] if isinstance(given.get("options"), Mapping) else {}
        parts = [_second(row, names, options) for row in given["conditions"] if isinstance(row, Mapping)]
    else:
        is_any = combine == "any"
        parts = [
            _first(kind, row, names)
            for kind, rows in given.items()
            if kind in _DEFAULTS and isinstance(rows, list)
            for row in rows
            if isinstance(row, Mapping)
        ]
    if not parts:
        raise Unreadable("there is no condition")
    return (" || " if is_any else " && ").join(parts if len(parts) == 1 else [f"({part})" for part in parts])


def compared(operation: str, kind: str, left: Json, right: Json, names: Names, *, ignores_case: bool = False) -> str:
    """One comparison. Raises `Unreadable`."""
    form = _COMPARED.get(operation)
    if form is None:
        raise Unreadable(f"n8n's operation “{operation[:40]}” has no equivalent")
    one, other = operand(left, names), operand(_typed(right, kind), names)
    if kind == "string" and operation in _ON_TEXT:
        one = f"string({one})"
    if ignores_case and kind == "string":
        one, other = (f"{each}.lower()" if each.endswith(")") or each[:1] == "'" else each for each in (one, other))
    return form.format(l=one, r=other)


def _second(row: Mapping[str, Json], names: Names, options: Mapping[str, Json]) -> str:
    operator = row.get("operator")
    if isinstance(operator, str):
        operator = {"operation": operator, "type": "string"}
    if not isinstance(operator, Mapping):
        raise Unreadable("a condition does not say how it compares")
    kind, operation = str(operator.get("type", "string")), str(operator.get("operation", "equals"))
    left, right = row.get("leftValue"), row.get("rightValue")
    is_loose = options.get("caseSensitive") is False
    return compared(operation, kind, left, right, names, ignores_case=is_loose)


def _first(kind: str, row: Mapping[str, Json], names: Names) -> str:
    operation = str(row.get("operation", _DEFAULTS[kind]))
    left, right = row.get("value1"), row.get("value2", False if kind == "boolean" else "")
    if kind == "string" and operation in ("equal", "notEqual"):
        sign = "==" if operation == "equal" else "!="
        return f"string({operand(left, names)}) {sign} {operand(right, names)}"
    return compared(operation, kind, left, right, names)


def _typed(value: Json, kind: str) -> Json:
    """A value that is written as a text, as what it is compared as."""
    if not isinstance(value, str) or value.startswith("="):
        return value
    if kind in ("number", "array") and value.strip():
        try:
            number = float(value)
        except ValueError:
            return value
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if kind == "boolean" and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value
