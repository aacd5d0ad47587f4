"""Settings, and what other products say of a node besides its parameters: errors, retries, places, notes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeGuard

from apps.workflows.graph import Settings
from apps.workflows.transfer.drawing import Drawing, Piece

Json = Any

_ON_ERROR: Final = {
    "stop": "stop", "stopworkflow": "stop", "stopworkflowonerror": "stop", "fail": "stop",
    "continue": "continue", "continueregularoutput": "continue", "continueregularoutputonerror": "continue",
    "ignore": "continue",
    "route": "route", "continueerroroutput": "route", "continueerroroutputonerror": "route",
}  # fmt: skip
_WITHOUT_MEANING: Final = frozenset(
    {
        "save_execution_progress", "saveExecutionProgress", "save_manual_executions", "saveManualExecutions",
        "saveDataErrorExecution", "saveDataSuccessExecution", "executionOrder", "static_data", "binaryMode",
        "availableInMCP", "timeSavedPerExecution", "timeSavedMode",
    }
)  # fmt: skip
"""Settings of how others keep executions; here everything is kept, as the retention of the workspace says."""


def on_error(text: Json) -> str | None:
    """Our word for what happens after a failure; None for one that is not known."""
    return _ON_ERROR.get(re.sub(r"[^a-z]", "", text.lower())) if isinstance(text, str) else None


def settings_of(drawing: Drawing, given: Json, path: str = "settings") -> str | None:
    """Take over the settings. Returns what they say of the failures of nodes, if anything."""
    policy = None
    quiet = []
    for name, value in (given if isinstance(given, Mapping) else {}).items():
        if value in (None, "", {}, []) or (name in ("timeout", "executionTimeout") and value in (-1, 0)):
            continue
        if name in ("timezone", "time_zone"):
            zone = value if isinstance(value, str) else _first_text(value)
            if zone and zone != "DEFAULT":
                drawing.settings["timezone"] = zone
        elif name in ("timeout", "executionTimeout", "timeout_seconds", "execution_timeout", "max_execution_time"):
            drawing.settings["timeout_seconds"] = value
        elif name in ("max_concurrent", "maxConcurrent", "max_concurrent_executions", "concurrency_limit"):
            drawing.settings["max_concurrent"] = value
        elif name in ("error_policy", "on_error", "errorPolicy"):
            policy = on_error(value)
            if policy is None:
                drawing.say("left_out", None, f"The error policy “{value}” has no equivalent.", path=f"{path}.{name}")
        elif name in ("errorWorkflow", "error_workflow"):
            hint = "Import that one as well, then name it in the settings."
            drawing.say("left_out", None, "The workflow for errors is another one there.", hint, path=f"{path}.{name}")
        elif name in Settings.model_fields:
            drawing.settings[name] = value
        elif name in _WITHOUT_MEANING:
            quiet.append(name)
        else:
            drawing.say("left_out", None, f"The setting “{name}” has no equivalent.", path=f"{path}.{name}")
    if quiet:
        hint = "How long executions are kept is said for the workspace."
        drawing.say("left_out", None, f"These settings mean nothing here: {', '.join(quiet)}.", hint, path=path)
    return policy


def point(given: Json) -> dict[str, Json] | None:
    """A place on the canvas, as `[x, y]` or by axis; None where it is none."""
    if isinstance(given, list) and len(given) == 2:
        given = {"x": given[0], "y": given[1]}
    if isinstance(given, Mapping) and all(is_number(given.get(axis)) for axis in "xy"):
        return {axis: given[axis] for axis in "xy"}
    return None


def own_of(drawing: Drawing, piece: Piece, given: Mapping[str, Json]) -> None:
    """Take over what is said of a node besides its parameters."""
    own = piece.own
    place = point(given.get("position"))
    if place is not None:
        own["position"] = place
    for name in ("notes", "note", "description"):
        if isinstance(given.get(name), str) and given[name]:
            own.setdefault("notes", given[name])
    if given.get("disabled") is True or given.get("enabled") is False or given.get("is_active") is False:
        own["disabled"] = True
    said = next((given[name] for name in ("on_error", "onError", "error_handling") if given.get(name)), None)
    if given.get("continueOnFail") is True and said is None:
        said = "continue"
    if said is not None:
        ours = on_error(said)
        if ours:
            own["on_error"] = ours
        else:
            drawing.say("left_out", piece, f"“{said}” after a failure has no equivalent.", "Set its on_error.")
    retry = _retry(given)
    if retry:
        own["retry"] = retry
    timeout = given.get("timeout_seconds", given.get("timeout"))
    if is_number(timeout) and timeout > 0:
        own["timeout_seconds"] = timeout
    if isinstance(given.get("parent"), str):
        own["parent"] = given["parent"]


def _retry(given: Mapping[str, Json]) -> dict[str, Json]:
    policy = next((given[name] for name in ("retry", "retry_policy", "retryPolicy") if given.get(name)), None)
    found: dict[str, Json] = {}
    if given.get("retryOnFail") is True:
        found = {
            "attempts": given.get("maxTries", 3),
            "delay_seconds": _seconds(given.get("waitBetweenTries", 1_000), 1_000),
        }
    elif isinstance(policy, Mapping):
        for theirs in ("attempts", "max_tries", "max_attempts", "max_retries"):
            if is_number(policy.get(theirs)):
                found["attempts"] = policy[theirs] + (theirs == "max_retries")
                break
        for theirs in ("delay_seconds", "wait_between_tries", "retry_delay", "backoff_seconds", "delay_ms"):
            if is_number(policy.get(theirs)):
                found["delay_seconds"] = _seconds(policy[theirs], 1_000 if theirs == "delay_ms" else 1)
                break
        if is_number(policy.get("max_delay_seconds")):
            found["max_delay_seconds"] = policy["max_delay_seconds"]
    return {name: value for name, value in found.items() if is_number(value)}


def _seconds(value: Json, scale: int) -> Json:
    return value / scale if is_number(value) and scale != 1 else value


def is_number(value: Json) -> TypeGuard[int | float]:
    """Whether it is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _first_text(value: Json) -> str:
    values = value.values() if isinstance(value, Mapping) else ()
    return next((each for each in values if isinstance(each, str)), "")
