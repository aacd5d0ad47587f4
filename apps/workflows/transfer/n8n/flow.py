"""n8n's triggers and nodes of control flow. One function per type; what it cannot take over it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from apps.workflows.transfer.n8n.given import Given
from apps.workflows.transfer.n8n.switching import cases

Json = Any

# ── Triggers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def webhook(given: Given) -> None:
    path = str(given.params.get("path") or given.row.get("webhookId") or "").strip("/")
    if "/:" in f"/{path}":
        given.say("check", "Parts of its path are placeholders, which are taken as written here.", name="path")
        path = path.replace(":", "")
    waits = given.params.get("responseMode") in ("lastNode", "responseNode")
    params: dict[str, Json] = {"path": path, "method": str(given.params.get("httpMethod") or "GET")}
    if params["method"] == "HEAD":
        params["method"] = "GET"
        given.say("changed", "It listens to GET here instead of HEAD.", name="httpMethod")
    if waits:
        params["respond"] = "result"
    if given.params.get("authentication") not in (None, "none"):
        given.say("left_out", "Who may call it is not carried over.", "Set its secret.", "authentication")
    given.options_left_out()
    given.become("TRIGGER", "WEBHOOK", params)


def manual(given: Given) -> None:
    given.become("TRIGGER", "MANUAL", {})


def called(given: Given) -> None:
    if given.rows("workflowInputs", "values"):
        given.say("left_out", "The list of its inputs is not carried over.", "Write an input_schema.", "workflowInputs")
    given.become("TRIGGER", "SUB_WORKFLOW", {})


def failed(given: Given) -> None:
    given.say("check", "What it gives is built otherwise here: error.message, node_id, url.", "Look at what reads it.")
    given.become("TRIGGER", "ERROR", {})


# ── Flow ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def if_(given: Given) -> None:
    given.become("FLOW", "IF", {"condition": given.condition(given.params.get("conditions"))}, ("true", "false"))


def filter_(given: Given) -> None:
    if given.takes_list:
        hint = "Look at it: as a LIST of the kind filter it keeps the items that fit."
        given.say("check", "It looked at each item there; here it lets the whole list through or not.", hint)
    given.become("FLOW", "FILTER", {"condition": given.condition(given.params.get("conditions"))}, ("main", "main"))


def switch(given: Given) -> None:
    """Cases by their outputs."""
    found, ports = cases(given)
    params: dict[str, Json] = {"cases": found}
    if given.options.get("allMatchingOutputs") is True:
        params["all_matches"] = True
    given.become("FLOW", "SWITCH", params, ports)


def merge(given: Given) -> None:
    mode = str(given.params.get("mode", "append"))
    by = str(given.params.get("combineBy", given.params.get("combinationMode", "")))
    if mode == "append":
        params = {"mode": "all", "combine": "list"}
        given.say("changed", "It gives a list of what came from each branch; lists in it stay lists.")
    elif mode in ("mergeByPosition", "combine", "combineBySql", "multiplex") and by not in (
        "combineByFields", "mergeByFields", "combineAll", "multiplex"
    ) and mode not in ("combineBySql", "multiplex"):  # fmt: skip
        params = {"mode": "all", "combine": "merge_objects"}
    elif mode in ("chooseBranch", "wait"):
        params = {"mode": "all", "combine": "by_source"}
        given.say("check", "It passes on both branches by the id of their node here, not one of them.", name="mode")
    else:
        params = {"mode": "all", "combine": "by_source"}
        hint = "Put a TRANSFORM after it."
        given.say(
            "check", f"Branches cannot be matched as “{by or mode}” does it; they stand side by side.", hint, "mode"
        )
    given.become("FLOW", "MERGE", params)


def wait(given: Given) -> None:
    resume = str(given.params.get("resume", "timeInterval"))
    params: dict[str, Json]
    if resume == "specificTime":
        params = {"until": given.at("dateTime")}
    elif resume == "webhook":
        method = str(given.params.get("httpMethod") or "GET")
        params = {"mode": "callback", "method": method if method in ("GET", "POST", "PUT", "PATCH") else "POST"}
        if given.params.get("limitWaitTime") is True:
            params["timeout"] = _length(given, "resumeAmount", "resumeUnit", "hours", 1)
            given.piece.mapping = None
        given.left_out("incomingAuthentication", hint="The address itself is the secret.")
    elif resume == "timeInterval":
        params = {"duration": _length(given, "amount", "unit", "hours", 1)}
    else:
        given.say("left_out", f"There is no way to wait for “{resume}” here yet.", "Its connections are left out, too.")
        return
    given.become("FLOW", "WAIT", params)


def _length(given: Given, amount: str, unit: str, usual: str, default: float) -> dict[str, Json]:
    name = str(given.params.get(unit, usual))
    return {name if name in ("seconds", "minutes", "hours", "days") else usual: given.at(amount, default)}


def nothing(given: Given) -> None:
    given.piece.is_passed = True
    given.say("changed", "It does nothing: what leads to it leads to what follows.")


def stop(given: Given) -> None:
    if given.params.get("errorType") == "errorObject":
        given.become("FLOW", "STOP", {"outcome": "error", "message": given.at("errorObject", "")}, ())
    else:
        given.become("FLOW", "STOP", {"outcome": "error", "message": given.at("errorMessage", "")}, ())


def run_workflow(given: Given) -> None:
    which = given.params.get("workflowId")
    named: Json = which
    if isinstance(which, Mapping):
        named = which.get("cachedResultName") or which.get("value")
    params: dict[str, Json] = {"workflow": given.text(named if isinstance(named, str) else str(named or "")) or "?"}
    given.say("check", f"It runs “{params['workflow']}”.", "Import that one as well, and choose it here.", "workflowId")
    inputs = given.params.get("workflowInputs")
    values = inputs.get("value") if isinstance(inputs, Mapping) else None
    if isinstance(values, Mapping) and values:
        params["input"] = given.text(dict(values), "workflowInputs")
    if given.params.get("mode") == "each" or given.takes_list:
        params["for_each"] = "{{ $json }}"
        params.pop("input", None)
    if given.options.get("waitForSubWorkflow") is False:
        params["wait"] = False
    given.become("FLOW", "SUB_WORKFLOW", params)


def respond(given: Given) -> None:
    how = str(given.params.get("respondWith", "firstIncomingItem"))
    params: dict[str, Json] = {}
    if how in ("json", "text"):
        params["body"] = given.json_at("responseBody") if how == "json" else given.at("responseBody", "")
    elif how in ("firstIncomingItem", "allIncomingItems"):
        params["body"] = "{{ $json }}"
    elif how == "redirect":
        params = {"status": 302, "headers": {"location": given.at("redirectURL", "")}}
    elif how != "noData":
        given.say("left_out", f"It cannot answer with “{how}” here.", "It answers with nothing.", "respondWith")
    code = given.options.get("responseCode")
    if code not in (None, ""):
        params["status"] = given.text(code, "options.responseCode")
    headers = {str(row.get("name")): row.get("value", "") for row in _entries(given.options.get("responseHeaders"))}
    if headers:
        params["headers"] = given.text(headers, "options.responseHeaders") | params.get("headers", {})
    given.options_left_out("responseCode", "responseHeaders")
    given.become("FLOW", "RESPOND", params)


def _entries(given: Json) -> list[Mapping[str, Json]]:
    rows = given.get("entries") if isinstance(given, Mapping) else None
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


Translator = Callable[[Given], None]

FLOW: Final[dict[str, Translator]] = {
    "webhook": webhook,
    "manualTrigger": manual,
    "start": manual,
    "executeWorkflowTrigger": called,
    "errorTrigger": failed,
    "if": if_,
    "filter": filter_,
    "switch": switch,
    "merge": merge,
    "wait": wait,
    "noOp": nothing,
    "stopAndError": stop,
    "executeWorkflow": run_workflow,
    "respondToWebhook": respond,
}
