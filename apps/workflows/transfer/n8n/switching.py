"""The outputs of n8n's Switch as cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.workflows.transfer.n8n.conditions import Unreadable, compared
from apps.workflows.transfer.n8n.expressions import fault, operand
from apps.workflows.transfer.n8n.given import Given

Json = Any


def cases(given: Given) -> tuple[list[dict[str, Json]], tuple[str, ...]]:
    """The cases, and our port for each of n8n's outputs."""
    if given.params.get("mode") == "expression":
        return _by_number(given)
    rows = given.rows("rules", "values") or given.rows("rules", "rules")
    found: list[dict[str, Json]] = []
    ports: dict[int, str] = {}
    for at, row in enumerate(rows):
        output = row.get("output")
        is_first_form = "conditions" not in row
        place = output if is_first_form and isinstance(output, int) and not isinstance(output, bool) else at
        name = _name(row, place, [case["name"] for case in found])
        test = (
            _first_form(given, row, at) if is_first_form else given.condition(row["conditions"], f"rules.values[{at}]")
        )
        ports.setdefault(place, name)
        found.append({"name": name, "condition": test})
    fallback = given.params.get("fallbackOutput", given.options.get("fallbackOutput", "none"))
    last = max(ports, default=-1) + 1
    if fallback == "extra":
        ports[last] = "default"
    elif isinstance(fallback, int) and not isinstance(fallback, bool) and fallback >= 0:
        hint = "Connect its port “default” to the same node."
        given.say("check", f"What fits no case left by output {fallback} there.", hint, "fallbackOutput")
    if not found:
        given.say("check", "It has no cases.", "Write one; it never holds now.", "rules")
        found, ports = [{"name": "0", "condition": "{{ false }}"}], {0: "0", 1: "default"}
    return found, tuple(ports.get(at, "default") for at in range(min(max(ports) + 1, 100)))


def _name(row: Mapping[str, Json], place: int, taken: list[str]) -> str:
    key = row.get("outputKey")
    name = (
        key.strip()[:60]
        if isinstance(key, str) and key.strip() and row.get("renameOutput") is not False
        else str(place)
    )
    if name in ("default", "error"):
        name = f"{name} case"
    while name in taken:
        name = f"{name[:56]}'"
    return name


def _first_form(given: Given, row: Mapping[str, Json], at: int) -> str:
    kind = str(given.params.get("dataType", "number"))
    operation = str(row.get("operation", "equal" if kind != "number" else "smaller"))
    try:
        test = compared(operation, kind, given.params.get("value1"), row.get("value2"), given.names)
    except Unreadable as refused:
        given.say(
            "check", f"A case cannot be read: {refused}.", "Write it anew; it never holds now.", f"rules.rules[{at}]"
        )
        return "{{ false }}"
    found = f"{{{{ {test} }}}}"
    message, hint = fault(found)
    if message:
        given.say("check", f"A case cannot be read here: {message}.", hint or "Correct it.", f"rules.rules[{at}]")
    return found


def _by_number(given: Given) -> tuple[list[dict[str, Json]], tuple[str, ...]]:
    count = given.params.get("numberOutputs", given.params.get("outputsAmount", 4))
    many = min(max(count, 1), 50) if isinstance(count, int) and not isinstance(count, bool) else 4
    which = operand(given.params.get("output", 0), given.names)
    names = tuple(str(at) for at in range(many))
    return [{"name": name, "condition": f"{{{{ number({which}) == {name} }}}}"} for name in names], names
