"""What the caller of a webhook is told. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.core import problems

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"

# Set by the product or the connection, or with power over the product's own pages, which share this origin.
_NEVER = frozenset(
    {
        "alt-svc",
        "clear-site-data",
        "connection",
        "content-encoding",
        "content-length",
        "content-security-policy",
        "date",
        "keep-alive",
        "nel",
        "origin-agent-cluster",
        "proxy-authenticate",
        "report-to",
        "reporting-endpoints",
        "server",
        "service-worker-allowed",
        "set-cookie",
        "set-cookie2",
        "strict-transport-security",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-content-type-options",
    }
)

# The product's pages trust scripts and styles from their own origin, and webhooks share it.
_RUNS = re.compile("(java|ecma|j|live)script|/css", re.IGNORECASE)
# Whatever is answered here, a browser must not take it for a page of the product.
_SANDBOX = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, ready to be sent."""

    status: int
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)


def of_value(status: int, value: Any, headers: dict[str, str] | None = None) -> Answer:
    """A workflow's response: text as it is, nothing as nothing, anything else as JSON. Unsafe headers are left out."""
    sent = {name: text for name, text in (headers or {}).items() if not _is_harmful(name.lower(), text)}
    has_type = any(name.lower() == "content-type" for name in sent)
    if status in (204, 304):
        return Answer(status, b"", sent | _SANDBOX)
    if isinstance(value, str):
        content, kind = value.encode("utf-8", "replace"), _TEXT
    else:
        content, kind = _dump(value), _JSON
    if not has_type:
        sent["Content-Type"] = kind
    return Answer(status, content, sent | _SANDBOX)


def _is_harmful(name: str, text: str) -> bool:
    return name in _NEVER or (name == "content-type" and _RUNS.search(text) is not None)


def accepted(execution_id: UUID, status: str, links: dict[str, str]) -> Answer:
    """202: it is being worked on; here is where to look."""
    document = {"execution_id": str(execution_id), "status": status, "links": links}
    return Answer(202, _dump(document), {"Content-Type": _JSON, "Location": links["execution"]} | _SANDBOX)


def failed(
    execution_id: UUID, status: str, error: dict[str, Any] | None, links: dict[str, str], *, path: str
) -> Answer:
    """500: the execution ended without a response, with the node and its error.

    Not with its details, such as what another system answered: the caller may be anybody. They are with the execution.
    """
    error = {name: value for name, value in (error or {}).items() if name != "details"}
    words = {"CANCELED": "was cancelled", "TIMED_OUT": "did not end in time"}.get(status, "failed")
    reason = error.get("message") or ""
    code = {"CANCELED": "executions.canceled", "TIMED_OUT": "executions.timed_out"}.get(status, "executions.failed")
    document = problems.document(
        status=500,
        detail=f"The execution {words}. {reason}".strip(),
        code=code,
        hint=error.get("hint") or "",
        instance=path,
        execution_id=str(execution_id),
        node=error.get("node_id"),
        error=error,
        links=links,
    )
    return problem(500, document | {"title": f"The execution {words}"})


def problem(status: int, document: dict[str, Any], headers: dict[str, str] | None = None) -> Answer:
    """A refusal or a fault, with its problem document."""
    return Answer(status, _dump(document), {"Content-Type": problems.CONTENT_TYPE} | (headers or {}) | _SANDBOX)


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
