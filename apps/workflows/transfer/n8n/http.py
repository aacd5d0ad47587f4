"""n8n's HTTP Request, in the forms it has had."""

from __future__ import annotations

from typing import Any, Final

from apps.workflows.transfer.n8n.given import Given

Json = Any
_FULL: Final = "{{ {body: $json.body, headers: $json.headers, statusCode: $json.status} }}"
_KNOWN: Final = ("timeout", "response", "redirect", "fullResponse", "followRedirect", "allowUnauthorizedCerts")


def http_request(given: Given) -> None:
    """A call. It gives the body alone, as there."""
    method = str(given.params.get("method", given.params.get("requestMethod", "GET"))).upper()
    params: dict[str, Json] = {"method": method, "url": given.at("url", "")}
    query = _pairs(given, "query", "queryParameters", "queryParametersUi", "jsonQuery", "queryParametersJson")
    headers = _pairs(given, "headers", "headerParameters", "headerParametersUi", "jsonHeaders", "headerParametersJson")
    if query:
        params["query"] = query
    if headers:
        params["headers"] = headers
    params |= _body(given)
    _answer(given, params)
    if given.params.get("authentication") not in (None, "", "none") or given.row.get("credentials"):
        given.say(
            "left_out", "Who it calls as is not carried over.", "Choose a credential in its auth.", "authentication"
        )
    if given.takes_list:
        hint = "Set its batch to make one call per item."
        given.say("check", "It made one call per item there, and makes one for the whole list here.", hint)
    given.become("ACTION", "HTTP_REQUEST", params)


def _pairs(given: Given, what: str, name: str, old: str, in_json: str, old_json: str) -> Json:
    for each in (in_json, old_json):
        if given.params.get(each) and given.params.get(f"specify{what.capitalize()}", "json") == "json":
            found = given.json_at(each)
            return found if isinstance(found, dict) else {}
    rows = given.rows(name, "parameters") or given.rows(old, "parameter")
    return {str(row.get("name", "")): given.text(row.get("value", ""), name) for row in rows if row.get("name")}


def _body(given: Given) -> dict[str, Json]:
    params = given.params
    kind = str(params.get("contentType", params.get("bodyContentType", "json")))
    if params.get("sendBody") is False or not (
        {"jsonBody", "bodyParameters", "bodyParametersJson", "bodyParametersUi", "body"} & params.keys()
    ):
        return {}
    if kind == "raw":
        if params.get("rawContentType"):
            given.say("check", f"Its Content-Type “{params['rawContentType']}” goes into the headers.", name="body")
        return {"body": given.at("body", "")}
    if kind not in ("json", "form-urlencoded"):
        given.say("left_out", f"Its body ({kind}) is not carried over.", "Set its parts or its file.", "contentType")
        return {}
    for name in ("jsonBody", "bodyParametersJson"):
        if params.get(name) and params.get("specifyBody", "json") in ("json", "string"):
            return {"json": given.json_at(name)}
    if isinstance(params.get("body"), str) and params.get("specifyBody") == "string":
        return {"body": given.at("body", "")}
    rows = given.rows("bodyParameters", "parameters") or given.rows("bodyParametersUi", "parameter")
    pairs = {
        str(row.get("name", "")): given.text(row.get("value", ""), "bodyParameters") for row in rows if row.get("name")
    }
    return {"json" if kind == "json" else "form": pairs} if pairs else {}


def _answer(given: Given, params: dict[str, Json]) -> None:
    options = given.options
    response = options.get("response")
    inner = response.get("response") if isinstance(response, dict) else None
    asked = inner if isinstance(inner, dict) else {}
    if asked.get("neverError") is True or options.get("neverError") is True:
        params["fail_on_status"] = False
    form = asked.get("responseFormat", given.params.get("responseFormat", "autodetect"))
    if form in ("json", "text", "file"):
        params["read_as"] = form
    if asked.get("fullResponse") is True or options.get("fullResponse") is True:
        given.piece.mapping = {"mode": "expression", "expression": _FULL}
    else:
        params["returns"] = "body"
    timeout = options.get("timeout")
    if isinstance(timeout, int | float) and not isinstance(timeout, bool) and timeout > 0:
        params["timeout_seconds"] = min(timeout / 1_000, 300)
    redirect = options.get("redirect")
    follow = redirect.get("redirect", {}) if isinstance(redirect, dict) else {}
    if options.get("followRedirect") is False or (isinstance(follow, dict) and follow.get("followRedirects") is False):
        params["follow_redirects"] = False
    if options.get("allowUnauthorizedCerts") is True:
        given.say("left_out", "Certificates are always checked here.", name="options.allowUnauthorizedCerts")
    given.options_left_out(*_KNOWN, hint="See pagination, batch and query_lists of the node.")
