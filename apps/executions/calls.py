"""Calls of a node's own address: what the address is, and taking the call in.

An address needs no row: it names its node run and is signed with the server's key, so it exists as soon as the
execution does, costs nothing until it is called, and cannot be guessed or made up from what the database holds.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from apps.core.errors import DomainError, NotFound
from apps.executions.poke import poke
from apps.executions.services import AlreadyAnswered
from apps.workflows.graph import Graph

PREFIX = "/callbacks/"
CALLER = "a call"
_PURPOSE = b"agentflow.executions.calls"
_PROOF_BYTES = 32
_LONGEST_TOKEN = 4_000


class CallUnknown(NotFound):
    """Nothing waits, or ever waited, for a call of this address."""

    code = "executions.call_unknown"
    default_hint = "Use the whole address, exactly as the workflow gave it."


class CallTooLate(DomainError):
    """The workflow does not wait for this call any more."""

    code = "executions.call_too_late"
    status = 410


@dataclass(frozen=True, slots=True)
class Address:
    """Which node run is called, and by which HTTP method."""

    execution_id: UUID
    node_id: str
    path: str
    method: str

    def _text(self) -> bytes:
        return self.execution_id.bytes + "\0".join((self.node_id, self.path, self.method)).encode()

    @property
    def token(self) -> str:
        """The last part of the address: 256 bits of proof, then what they prove."""
        text = self._text()
        return base64.urlsafe_b64encode(_proof(settings.SECRET_KEY, text) + text).rstrip(b"=").decode()

    @property
    def url(self) -> str:
        """Where others call."""
        return f"{settings.BASE_URL}{PREFIX}{self.token}"


def address_of(token: str) -> Address | None:
    """What a token stands for; None when we did not give it out. Needs no database.

    Tokens that were signed with one of SECRET_KEY_FALLBACKS count, so a new key leaves no execution stranded.
    """
    if len(token) > _LONGEST_TOKEN:
        return None
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    proof, text = raw[:_PROOF_BYTES], raw[_PROOF_BYTES:]
    keys = (settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS))
    # Every key is tried, in constant time each.
    if not any([hmac.compare_digest(proof, _proof(key, text)) for key in keys]):
        return None
    node_id, path, method = text[16:].decode().split("\0")
    return Address(UUID(bytes=text[:16]), node_id, path, method)


def _proof(key: str, text: bytes) -> bytes:
    own = hmac.digest(key.encode(), _PURPOSE, hashlib.sha256)
    return hmac.digest(own, text, hashlib.sha256)


def callback_url(graph: Graph, execution_id: UUID, node_id: str, path: str) -> str | None:
    """The address of one node run, if its node has one."""
    node = graph.nodes.get(node_id)
    method = None if node is None or node.disabled else node.cls.callback_method(node.params)
    return None if method is None else Address(execution_id, node_id, path, method).url


def with_addresses(waits: Iterable[dict[str, Any]], graph: Graph, execution_id: UUID) -> None:
    """Write the `callback_url` into each wait of a snapshot that a call would end. For those who may make that call."""
    for wait in waits:
        if wait["kind"] == "callback" and wait["resolved_at"] is None:
            wait["callback_url"] = callback_url(graph, execution_id, wait["node_id"], wait["path"])


_RECEIVE = "SELECT outcome, queue, who, at FROM executions_call_receive(%s, %s, %s, %s::jsonb, %s)"


def call_receive(*, address: Address, call: dict[str, Any]) -> str:
    """Hand a call to the node it is for: `resumed`, or `stored` until the node waits. Committed when this returns.

    `call["id"]` names the call; the same one sent again gives `again` and changes nothing. Another one raises
    `AlreadyAnswered` with who and when; the first wins, whatever arrives at the same moment. Raises `CallUnknown` for
    an execution that is gone, `CallTooLate` after the deadline or the execution's end.
    """
    with connection.cursor() as cursor:
        given = json.dumps(call, ensure_ascii=False, separators=(",", ":"))
        cursor.execute(_RECEIVE, [address.execution_id, address.node_id, address.path, given, CALLER])
        outcome, queue, who, at = cursor.fetchone()
    if outcome == "unknown":
        raise CallUnknown
    if outcome == "answered":
        raise AlreadyAnswered(
            f"Already answered by {who} at {at:%Y-%m-%d %H:%M:%S} UTC.", answered_by=who, answered_at=at.isoformat()
        )
    if outcome == "late":
        raise CallTooLate(f"The workflow waited for this call until {at:%Y-%m-%d %H:%M:%S} UTC.")
    if outcome == "ended":
        raise CallTooLate("The execution has ended.")
    if outcome == "resumed":
        poke(queue)
    return str(outcome)


def early_call_take(*, execution_id: UUID, node_id: str, path: str) -> dict[str, Any] | None:
    """The call that came before its node waited, taken away. Must run in the transaction that opens the wait."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM executions_call WHERE execution_id = %s AND node_id = %s AND path = %s RETURNING answer",
            [execution_id, node_id, path],
        )
        row: Sequence[Any] | None = cursor.fetchone()
    return None if row is None else json.loads(row[0]) if isinstance(row[0], str) else row[0]
