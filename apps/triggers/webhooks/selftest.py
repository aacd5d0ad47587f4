"""A webhook tries itself: a delivery, signed as its sender would, through the very door that senders use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync

from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.nodes.params import validated
from apps.triggers.errors import TriggerUnknown
from apps.triggers.listening import NoWebhook
from apps.triggers.webhooks import asgi, secrets, signatures
from apps.workflows import selectors as workflows
from apps.workflows.graph import draft_of

_BODY = b'{"test": true}'


@dataclass(frozen=True, slots=True)
class Tried:
    """What the door answered. `is_right`: it let the delivery in and refused the same with a wrong proof."""

    is_right: bool
    status: int
    message: str
    hint: str = ""
    code: str = ""
    proves: bool = False
    """Whether a wrong proof was refused; false where the webhook asks for none."""


def webhook_try(*, workspace_id: UUID, workspace_slug: str, workflow_id: UUID, node_id: str, now: datetime) -> Tried:
    """Send a live webhook a signed delivery, and a forged one where it asks for a proof. Nothing is started or kept.

    All happens as with a delivery from outside, but for the network: the address list is tried with its first entry.
    Raises `WorkflowUnknown`, `TriggerUnknown`, `NoWebhook`. Must not run inside a transaction.
    """
    with tenant(workspace_id):
        workflow = workflows.workflow_get(workspace_id, workflow_id)
        definition = workflow.active_version.definition if workflow.active_version else workflow.draft
    draft, _ = draft_of(definition)
    node = draft.nodes.get(node_id)
    if node is None:
        raise TriggerUnknown(f"“{workflow.name}” has no trigger “{node_id}”.")
    if node.subtype != "WEBHOOK":
        raise NoWebhook(f"“{node.name}” is no webhook, so nothing can be sent to it.")
    params = validated(node.cls, dict(node.params)).model_dump(mode="json", by_alias=True)
    secret = secrets.opened(workspace_id, params)["secret"]
    proof = signatures.sign(
        secret, body=_BODY, now=now, id=f"test-{uuid7()}", method=params["method"], path=params["path"]
    )
    status, answer = _sent(workspace_slug, params, proof)
    if status != 200:
        return Tried(False, status, _words(answer, status), answer.get("hint", ""), answer.get("code", ""))
    if not proof:
        return Tried(
            True, status, "It was let in. The webhook asks for no proof: anyone who knows the address may call."
        )
    forged = {
        name: f"{value[:-4]}0000" if value[-4:] != "0000" else f"{value[:-4]}1111" for name, value in proof.items()
    }
    forged_status, _ = _sent(workspace_slug, params, forged)
    if forged_status == 401:
        return Tried(True, status, "A signed delivery was let in, and a forged one refused.", proves=True)
    return Tried(
        False, forged_status, f"A signed delivery was let in, but a forged one was answered with {forged_status}."
    )


def _words(answer: Mapping[str, Any], status: int) -> str:
    return str(answer.get("detail") or answer.get("title") or f"It was answered with {status}.")


def _sent(slug: str, params: Mapping[str, Any], proof: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    body = b"" if params["method"] in ("GET", "DELETE") and not proof else _BODY
    headers = {"Content-Type": "application/json", "User-Agent": "AgentFlow-Self-Test"}
    headers |= {each["name"]: each["value"] or "test" for each in params["required_headers"]} | dict(proof)
    allowed = params["allowed_ips"]
    scope = {
        "type": "http",
        "method": params["method"],
        "path": f"{asgi.PREFIX}{slug}/{params['path']}",
        "query_string": b"",
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()
        ],
        "client": (str(ip_network(allowed[0]).network_address) if allowed else "127.0.0.1", 0),
        asgi.SELF_TEST: True,
    }
    return async_to_sync(_through)(scope, body)


async def _through(scope: dict[str, Any], body: bytes) -> tuple[int, dict[str, Any]]:
    parts: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        parts.append(message)

    await asgi.application(scope, receive, send)
    content = b"".join(part.get("body", b"") for part in parts[1:])
    try:
        found = json.loads(content)
    except ValueError:
        found = {}
    return int(parts[0]["status"]), found if isinstance(found, dict) else {}
