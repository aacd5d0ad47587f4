"""What other products call their types of node and the parameters of these, and what that is here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from apps.nodes.contract import NodeType
from apps.nodes.registry import node_type
from apps.workflows.transfer.drawing import Drawing, Piece
from apps.workflows.transfer.texts import condition, each_text, fault, templated

Json = Any
Params = dict[str, Json]

_TYPES: Final[dict[str, str]] = {
    "HIL": "HUMAN_IN_THE_LOOP", "HUMAN": "HUMAN_IN_THE_LOOP", "HUMAN_LOOP": "HUMAN_IN_THE_LOOP",
    "AI": "AI_AGENT", "AGENT": "AI_AGENT", "LLM": "AI_AGENT", "INTEGRATION": "EXTERNAL_ACTION",
}  # fmt: skip
_SUBTYPES: Final[dict[tuple[str, str], str]] = {
    ("TRIGGER", "SCHEDULE"): "CRON", ("TRIGGER", "SCHEDULED"): "CRON",
    ("FLOW", "CONDITION"): "IF", ("FLOW", "FOR_EACH"): "LOOP", ("FLOW", "DELAY"): "WAIT", ("FLOW", "JOIN"): "MERGE",
    ("FLOW", "WORKFLOW"): "SUB_WORKFLOW", ("FLOW", "EXECUTE_WORKFLOW"): "SUB_WORKFLOW",
    ("ACTION", "DATA_TRANSFORMATION"): "TRANSFORM", ("ACTION", "HTTP"): "HTTP_REQUEST",
    ("ACTION", "CODE"): "RUN_CODE", ("ACTION", "WEBHOOK"): "HTTP_REQUEST",
    ("HUMAN_IN_THE_LOOP", "DATA_INPUT"): "INPUT", ("HUMAN_IN_THE_LOOP", "APPROVAL"): "CONFIRMATION",
    ("AI_AGENT", "OPENAI_CHATGPT"): "OPENAI", ("AI_AGENT", "ANTHROPIC_CLAUDE"): "CLAUDE",
    ("AI_AGENT", "GOOGLE_GEMINI"): "GEMINI",
}  # fmt: skip
_WORDS: Final[dict[str, tuple[str, str]]] = {
    "TRANSFORM": ("ACTION", "TRANSFORM"), "CONDITION": ("FLOW", "IF"), "IF": ("FLOW", "IF"),
    "SWITCH": ("FLOW", "SWITCH"), "ROUTER": ("FLOW", "SWITCH"), "FILTER": ("FLOW", "FILTER"),
    "LOOP": ("FLOW", "LOOP"), "MERGE": ("FLOW", "MERGE"), "DELAY": ("FLOW", "WAIT"), "WAIT": ("FLOW", "WAIT"),
    "WEBHOOK": ("ACTION", "HTTP_REQUEST"), "HTTP": ("ACTION", "HTTP_REQUEST"), "API": ("ACTION", "HTTP_REQUEST"),
    "HTTP_REQUEST": ("ACTION", "HTTP_REQUEST"), "APPROVAL": ("HUMAN_IN_THE_LOOP", "CONFIRMATION"),
    "MANUAL": ("TRIGGER", "MANUAL"), "START": ("TRIGGER", "MANUAL"), "INPUT": ("TRIGGER", "MANUAL"),
    "SCHEDULE": ("TRIGGER", "CRON"), "CRON": ("TRIGGER", "CRON"), "EVENT": ("TRIGGER", "EVENT"),
    "POLLING": ("TRIGGER", "POLLING"), "SUB_WORKFLOW": ("FLOW", "SUB_WORKFLOW"),
}  # fmt: skip
"""Types that stand alone, without a subtype."""
_ROLES: Final = re.compile(r"AI_[A-Z_]*(AGENT|ANALYZER|INTEGRATOR|GENERATOR|ROUTER)")
_DOES_NOTHING: Final = frozenset({"PARALLEL", "NOOP", "NO_OP", "END", "OUTPUT", "DEFAULT"})

_NAMES: Final[dict[tuple[str, str], dict[str, str]]] = {
    ("TRIGGER", "WEBHOOK"): {"webhook_path": "path", "url_path": "path", "http_method": "method"},
    ("TRIGGER", "CRON"): {
        "cron_expression": "expression", "cron": "expression", "schedule": "expression", "tz": "timezone",
    },
    ("TRIGGER", "EVENT"): {"event_name": "event", "event_type": "event", "filter": "match"},
    ("TRIGGER", "MANUAL"): {"schema": "input_schema"},
    ("ACTION", "HTTP_REQUEST"): {
        "endpoint": "url", "http_method": "method", "query_params": "query", "query_parameters": "query",
        "params": "query", "data": "json", "payload": "json", "json_body": "json", "timeout": "timeout_seconds",
    },
    ("ACTION", "TRANSFORM"): {"mappings": "fields", "mapping": "fields", "values": "fields", "output": "fields"},
    ("FLOW", "IF"): {"expression": "condition", "condition_expression": "condition", "if": "condition"},
    ("FLOW", "FILTER"): {"expression": "condition", "filter_condition": "condition", "filter": "condition"},
    ("FLOW", "SWITCH"): {"rules": "cases", "routes": "cases", "conditions": "cases"},
    ("FLOW", "LOOP"): {
        "loop_over": "items", "collection": "items", "array": "items", "list": "items", "concurrency": "parallelism",
        "max_parallel": "parallelism",
    },
    ("FLOW", "WAIT"): {"wait_until": "until", "date": "until"},
    ("FLOW", "SUB_WORKFLOW"): {"workflow_id": "workflow", "workflow_name": "workflow", "inputs": "input"},
    ("HUMAN_IN_THE_LOOP", "CONFIRMATION"): {
        "question": "title", "prompt": "title", "description": "message", "details": "message", "body": "message",
    },
} | {
    ("AI_AGENT", subtype): {
        "model_version": "model", "model_name": "model", "model_id": "model", "deployment": "model",
        "system": "system_prompt", "system_message": "system_prompt", "instructions": "system_prompt",
        "user_prompt": "prompt", "user_message": "prompt", "question": "prompt", "message": "prompt", "text": "prompt",
        "json_schema": "result_schema", "output_schema": "result_schema", "response_schema": "result_schema",
        "max_output_tokens": "max_tokens", "stop_sequences": "stop", "image": "images", "file": "files",
        "attachments": "files", "return_intermediate_steps": "keep_trace",
    }
    for subtype in ("OPENAI", "CLAUDE", "GEMINI", "OLLAMA", "CUSTOM")
}  # fmt: skip
"""What parameters are called, by type of node."""
_LATER: Final[dict[str, str]] = {
    "channel_type": "It asks in the inbox, by link, by email, in slack and by webhook: set channels.",
    "channel": "It asks in the inbox, by link, by email, in slack and by webhook: set channels.",
    "timeout_action": "Connect the port “timeout”, or set on_timeout.",
    "auto_approve_below": "Set auto_approve_when.",
    "condition": "Put an IF before it.",
    "authentication": "Choose a credential in the node.",
    "auth": "Choose a credential in the node.",
    "credentials": "Choose a credential in the node.",
}
"""What to do about parameters that have no equivalent, where there is something."""


def named(type_: str, subtype: str, *, is_trigger: bool = False) -> tuple[str, str]:
    """Our type and subtype for a node of theirs; of nodes without an equivalent the nearest name."""
    first = re.sub(r"[^A-Z0-9]+", "_", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", type_).upper()).strip("_")
    second = re.sub(r"[^A-Z0-9]+", "_", subtype.upper()).strip("_")
    first = first.removeprefix("NODE_TYPE_").removesuffix("_NODE") or "NODE"
    first = _TYPES.get(first, first)
    if is_trigger:
        first, second = "TRIGGER", second or first.removesuffix("_TRIGGER").removeprefix("TRIGGER_")
    if first not in NodeType.__members__:
        if first.endswith("_TRIGGER"):
            first, second = "TRIGGER", first.removesuffix("_TRIGGER")
        elif not second and first in _WORDS:
            return _WORDS[first]
        else:
            return first, second
    for prefix in ("HIL_", f"{first}_"):
        second = second.removeprefix(prefix) if second != prefix[:-1] else second
    second = second.removesuffix("_NODE") if first in ("AI_AGENT", "TOOL", "MEMORY") else second
    return first, _SUBTYPES.get((first, second), second)


def does_nothing(type_: str) -> bool:
    """Whether nodes of this type only lead on."""
    return named(type_, "")[0] in _DOES_NOTHING


def translate(drawing: Drawing, piece: Piece, type_: str, subtype: str, params: Params, *, is_trigger: bool) -> None:
    """Make the piece a node of ours. What it has no equivalent for is told."""
    if _ROLES.fullmatch(f"{subtype}".upper()):
        message = f"“{subtype}” is an agent with a fixed role. Here, an AI_AGENT does what its prompt says."
        drawing.say("left_out", piece, message, "Take an agent, and say in its system prompt what it is.")
        return
    if does_nothing(type_) and not is_trigger:
        piece.is_passed = True
        drawing.say("changed", piece, "It does nothing of its own: what leads to it leads to what follows.")
        return
    if type_.lower() == "webhook" and "path" in params and "url" not in params:
        is_trigger = True
    piece.type, piece.subtype = named(type_, subtype, is_trigger=is_trigger)
    cls = node_type(piece.type, piece.subtype)
    if cls is None:
        piece.params = params
        return
    key = (piece.type, piece.subtype)
    found: Params = {}
    for name, value in params.items():
        ours = _NAMES.get(key, {}).get(name, name)
        if ours not in found or name == ours:
            found[ours] = value
    special = _SPECIAL.get(key)
    if special is not None:
        special(found)
    known = {field.alias or name for name, field in cls.Params.model_fields.items()}
    conditions = {name for name, field in cls.Params.model_fields.items() if _is_condition(field.json_schema_extra)}
    for name in [name for name in found if name not in known]:
        value = found.pop(name)
        if value not in (None, "", [], {}):
            hint = _LATER.get(name, "There is no such parameter here; see what the node needs.")
            drawing.say(
                "left_out", piece, f"Its parameter “{name}” has no equivalent.", hint, path=f"{piece.path}.{name}"
            )
    for name, value in found.items():
        if name in conditions:
            found[name] = condition(value) if isinstance(value, str) else value
        else:
            found[name] = each_text(value, templated)
    piece.params = found
    for name, value in found.items():
        wrong = fault(value)
        if wrong:
            message = f"An expression in “{name}” cannot be read here: {wrong}."
            drawing.say("check", piece, message, "Correct it before publishing.", path=f"{piece.path}.{name}")


def _is_condition(extra: Any) -> bool:
    return isinstance(extra, Mapping) and extra.get("x-condition") is True


# ── Parameters whose form differs ────────────────────────────────────────────────────────────────────────────────────


def _webhook(params: Params) -> None:
    if isinstance(params.get("path"), str):
        params["path"] = params["path"].strip("/")
    methods = params.pop("methods", None) or params.pop("allowed_methods", None)
    if isinstance(methods, list) and methods and isinstance(methods[0], str):
        params.setdefault("method", methods[0])
    if isinstance(params.get("method"), str):
        params["method"] = params["method"].upper()


def _cron(params: Params) -> None:
    if isinstance(params.get("expression"), Mapping):
        schedule = params.pop("expression")
        params |= {
            key: schedule[theirs]
            for key, theirs in (("expression", "cron"), ("timezone", "timezone"))
            if theirs in schedule
        }


def _http(params: Params) -> None:
    if isinstance(params.get("method"), str):
        params["method"] = params["method"].upper()
    for name in ("headers", "query"):
        rows = params.get(name)
        if isinstance(rows, list):
            pairs = [row for row in rows if isinstance(row, Mapping)]
            params[name] = {str(row.get("name", row.get("key", ""))): row.get("value") for row in pairs}
    if isinstance(params.get("body"), dict | list):
        params.setdefault("json", params.pop("body"))


def _transform(params: Params) -> None:
    fields = params.get("fields")
    if isinstance(fields, Mapping):
        params["fields"] = [{"name": str(name), "value": value} for name, value in fields.items()]
    elif isinstance(fields, list):
        params["fields"] = [
            {"name": row.get("name", row.get("to", row.get("key"))), "value": row.get("value", _from(row.get("from")))}
            if isinstance(row, Mapping) else row for row in fields
        ]  # fmt: skip
    params.pop("transformation_type", None)


def _from(place: Json) -> Json:
    return f"{{{{ $json.{place} }}}}" if isinstance(place, str) and place else None


def _switch(params: Params) -> None:
    cases = params.get("cases")
    if isinstance(cases, Mapping):
        cases = [{"name": name, "condition": value} for name, value in cases.items()]
    if isinstance(cases, list):
        on = params.pop("value", params.pop("expression", params.pop("field", None)))
        params["cases"] = [_case(row, on, at) for at, row in enumerate(cases)]


def _case(row: Json, on: Json, at: int) -> Json:
    if not isinstance(row, Mapping):
        return row
    name = row.get("name", row.get("port", row.get("output", f"case{at + 1}")))
    test = row.get("condition", row.get("expression", row.get("if")))
    if test is None and isinstance(on, str):
        value = row.get("value", row.get("equals"))
        literal = f"'{value}'" if isinstance(value, str) else str(value).lower()
        test = f"{condition(on)[2:-2].strip()} == {literal}"
    return {"name": str(name), "condition": condition(test) if isinstance(test, str) else test}


def _loop(params: Params) -> None:
    if isinstance(params.get("items"), str) and "{{" not in params["items"]:
        params["items"] = condition(params["items"])


def _wait(params: Params) -> None:
    units = {"ms": 0.001, "milliseconds": 0.001, "seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}
    unit = params.pop("unit", params.pop("duration_unit", "seconds"))
    for name in ("duration", "amount", "delay", "duration_seconds", "duration_ms", "delay_ms", *units):
        value = params.pop(name, None)
        if isinstance(value, Mapping):
            params["duration"] = dict(value)
            return
        if isinstance(value, int | float) and not isinstance(value, bool):
            scale = 0.001 if name.endswith("ms") else units.get(name, units.get(str(unit).lower(), 1))
            params["duration"] = {"seconds": value * scale}
            return


def _confirmation(params: Params) -> None:
    for name, scale in (("timeout_minutes", 60), ("timeout_hours", 3_600), ("timeout", 1)):
        value = params.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            params.pop(name)
            params.setdefault("timeout_seconds", int(value * scale))
    if "title" not in params and isinstance(params.get("message"), str):
        params["title"] = params.pop("message")
    who: Params = {}
    for name in ("required_approvers", "approvers"):
        if isinstance(params.get(name), list | str) and params[name]:
            who["assignees"] = params.pop(name)
    for name, ours in (("approval_threshold", "approvals"), ("rejection_threshold", "rejections")):
        if isinstance(params.get(name), int) and not isinstance(params[name], bool) and params[name] >= 1:
            who[ours] = params.pop(name)
    if who:
        params["who"] = {"policy": "at_least" if who.get("approvals", 1) > 1 else "any"} | who
    for name in ("channel_type", "channel"):
        if params.get(name) in ("slack", "email", "webhook"):
            params.setdefault("channels", [params.pop(name)])
    action = str(params.get("timeout_action", "")).removeprefix("auto_")
    if action in ("approve", "reject", "fail"):
        params["on_timeout"] = action
        del params["timeout_action"]


def _agent(params: Params) -> None:
    limits = params["limits"] if isinstance(params.get("limits"), dict) else {}
    for name, ours in (("max_iterations", "turns"), ("max_turns", "turns"), ("timeout", "seconds")):
        value = params.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 1:
            limits = {ours: int(value) if ours == "turns" else value} | limits
            del params[name]
    if limits:
        params["limits"] = limits
    if isinstance(params.get("stop"), str):
        params["stop"] = [params["stop"]]


_SPECIAL: Final[dict[tuple[str, str], Callable[[Params], None]]] = {
    **{("AI_AGENT", subtype): _agent for subtype in ("OPENAI", "CLAUDE", "GEMINI", "OLLAMA", "CUSTOM")},
    ("TRIGGER", "WEBHOOK"): _webhook,
    ("TRIGGER", "CRON"): _cron,
    ("ACTION", "HTTP_REQUEST"): _http,
    ("ACTION", "TRANSFORM"): _transform,
    ("FLOW", "SWITCH"): _switch,
    ("FLOW", "LOOP"): _loop,
    ("FLOW", "WAIT"): _wait,
    ("HUMAN_IN_THE_LOOP", "CONFIRMATION"): _confirmation,
}
