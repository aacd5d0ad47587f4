"""By webhook: a signed request out (Standard Webhooks); the answer comes by API, with an id that is in it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.urls import reverse

from apps.core import egress, signing
from apps.core.egress import EgressError
from apps.core.errors import DomainError
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.hil.channels.contract import CannotDeliver, Job, Placed
from apps.hil.channels.shown import ways_of
from apps.hil.models import ChannelKind, ChannelSetup
from apps.integrations.services import credential_open

SECONDS = 20.0
MAX_ANSWER_BYTES = 1_000_000
GONE = 410


class Webhook:
    """The workspace's address is told of every question that names it, and of what becomes of it."""

    kind: ClassVar[ChannelKind] = ChannelKind.WEBHOOK

    def deliver(self, job: Job) -> Placed:
        """`question.asked`."""
        said = self._post(job, "question.asked")
        return Placed({"message": f"msg_{job.message.id.hex}"}, answer=said)

    def remind(self, job: Job) -> None:
        """`question.reminded`."""
        self._post(job, "question.reminded")

    def update(self, job: Job) -> None:
        """`question.voted`, `question.decided` and the others."""
        self._post(job, f"question.{job.data.get('because') or 'decided'}")

    def say(self, job: Job) -> None:
        """Nobody writes words to a webhook."""

    def _post(self, job: Job, event: str) -> str:
        if job.setup is None:
            raise _unset()
        with tenant(job.workspace.id):
            body = body_of(job, event)
        return post(job.setup, body, job.now, message_id=f"msg_{job.message.id.hex}")


def post(setup: ChannelSetup, body: dict[str, Any], now: datetime, *, message_id: str = "") -> str:
    """Post it, signed where the workspace has a secret; gives what was answered. Raises `CannotDeliver`."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = signing.headers(
        _key(setup), message_id=message_id or f"msg_{uuid7().hex}", timestamp=int(now.timestamp()), body=content
    )
    try:
        answer = egress.door(egress.Policy.of(settings.EGRESS_ALLOW)).request(
            "POST",
            _address(setup),
            headers={"content-type": "application/json", **headers},
            content=content,
            timeout=SECONDS,
            follow_redirects=False,
            max_bytes=MAX_ANSWER_BYTES,
        )
    except EgressError as failed:
        raise CannotDeliver(failed.message, hint=failed.hint) from None
    if not 200 <= answer.status < 300:
        raise CannotDeliver(
            f"The webhook answered {answer.status}.", is_final=answer.status == GONE, server_code=answer.status
        )
    return answer.content[:500].decode("utf-8", "replace")


def body_of(job: Job, event: str) -> dict[str, Any]:
    """What is told: the question, how to answer it, and how it stands."""
    row = job.interaction
    path = reverse("interaction", args=[job.workspace.slug, row.id])
    data: dict[str, Any] = {
        "interaction_id": str(row.id),
        "execution_id": str(row.execution_id),
        "workflow_id": str(row.workflow_id),
        "workflow_name": row.workflow.name,
        "node_id": row.node_id,
        "node_name": row.node_name,
        "kind": row.kind,
        "title": row.title,
        "message": row.message,
        "data": row.data,
        "form": row.form,
        "outcomes": [{"name": way.name, "label": way.label, "style": way.style} for way in ways_of(row)],
        "priority": row.get_priority_display(),
        "deadline_at": row.deadline_at and row.deadline_at.isoformat(),
        "asked": [{"kind": ask.kind, "address": ask.address, "status": ask.status} for ask in row.asks.order_by("id")],
        "status": row.status,
        "progress": row.progress or None,
        "outcome": row.outcome,
        "answered_by": row.answered_by,
        "answered_at": row.answered_at and row.answered_at.isoformat(),
        "page_url": f"{settings.BASE_URL}{path}",
        "answer_url": f"{settings.BASE_URL}/api/v1/app/interactions/{row.id}/answer/",
    }
    return {"type": event, "timestamp": job.now.isoformat(), "data": data}


def _address(setup: ChannelSetup) -> str:
    url = str(setup.settings.get("url") or "")
    if not url:
        raise _unset()
    return url


def _unset() -> CannotDeliver:
    return CannotDeliver(
        "This workspace has no address for questions.", hint="Name one under Settings, Channels.", is_final=True
    )


def _key(setup: ChannelSetup) -> bytes | None:
    """The key of the workspace's webhook secret: as `whsec_…`, or the words themselves."""
    if setup.credential_id is None:
        return None
    try:
        opened = credential_open(workspace_id=setup.workspace_id, credential_id=setup.credential_id, use="webhook")
    except DomainError as failed:
        raise CannotDeliver(failed.message, hint=failed.hint) from None
    secret: str = opened.fields.secret.get_secret_value()
    try:
        return signing.key_of(secret)
    except ValueError:
        return secret.encode()
