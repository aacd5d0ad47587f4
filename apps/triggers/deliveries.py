"""The inbox: every start from outside, and what came of it.

What starts an execution is written by the very statement that writes the execution, and leaves its content there. What
starts none is kept up to a number per trigger and hour, and counted beyond it: whoever is refused cannot fill the disk.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from apps.core import jsonclean
from apps.core.errors import DomainError
from apps.core.ids import uuid7
from apps.executions import payloads
from apps.executions.services import Beside

logger = logging.getLogger(__name__)

KEPT_PER_HOUR = 20
"""So many deliveries that started nothing are kept per trigger and hour."""

UNPROVEN_BYTES = 16_384
"""So much is kept of a body whose sender proved nothing."""

_COUNT_SECONDS = 1.0
_PURGED_AT_ONCE = 5_000
_REMEMBERED = 4_096
_SECRET = re.compile(
    r"auth|cookie|password|passwd|secret|token|api[-_]?key|access[-_]?key|^sig$|signature|credential", re.IGNORECASE
)
HIDDEN = "•••"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What arrived, as the inbox shows it. `request` is what was sent, where no execution holds it."""

    source: str
    label: str
    external_id: str | None = None
    size: int = 0
    remote: str = ""
    replay_of: UUID | None = None
    request: Mapping[str, Any] | None = None


_BESIDE = """
INSERT INTO triggers_delivery (id, workspace_id, source, workflow_id, node_id, label, external_id, verdict,
    execution_id, received_at, size, remote)
SELECT id, workspace_id, %(in_source)s, workflow_id, trigger_node, %(in_label)s, %(in_external)s, 'accepted', id,
    created_at, %(in_size)s, %(in_remote)s FROM started
"""
_BESIDE_WHOLE = """
INSERT INTO triggers_delivery (id, workspace_id, source, workflow_id, node_id, label, external_id, verdict,
    execution_id, received_at, size, remote, replay_of, request, by_reference)
SELECT id, workspace_id, %(in_source)s, workflow_id, trigger_node, %(in_label)s, %(in_external)s, 'accepted', id,
    created_at, %(in_size)s, %(in_remote)s, %(in_replay)s::uuid, %(in_request)s::jsonb, %(in_refs)s::jsonb FROM started
"""


def accepted(workspace_id: UUID, arrival: Arrival) -> Beside:
    """The row of a delivery that starts an execution; it gets the execution's id and time.

    Call it before the transaction of the start: a large `request` is in object storage by then. Raises `StorageAway`.
    """
    params: dict[str, Any] = {
        "in_source": arrival.source,
        "in_label": arrival.label,
        "in_external": arrival.external_id,
        "in_size": arrival.size,
        "in_remote": arrival.remote,
    }
    if arrival.request is None and arrival.replay_of is None:
        return Beside(_BESIDE, params)
    left, references = _stored(workspace_id, arrival.request)
    params |= {
        "in_replay": arrival.replay_of and str(arrival.replay_of),
        "in_request": None if left is None else payloads.dump(left),
        "in_refs": payloads.dump(references) if references else None,
    }
    return Beside(_BESIDE_WHOLE, params)


def _stored(workspace_id: UUID, request: Mapping[str, Any] | None) -> tuple[Any, dict[str, Any]]:
    if request is None:
        return None, {}
    left, references = payloads.taken_out(workspace_id, {"request": dict(request)})
    return left["request"], dict(references)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a delivery that started no execution of its own."""

    verdict: str
    code: str = ""
    message: str = ""
    status: int | None = None
    execution_id: UUID | None = None

    @classmethod
    def of(cls, refused: DomainError) -> Outcome:
        """A refusal: `limited` where the sender may come again, `refused` otherwise."""
        verdict = "limited" if refused.status == 429 else "refused"
        return cls(verdict, refused.code, refused.message[:500], refused.status)


def note(
    arrival: Arrival,
    outcome: Outcome,
    *,
    slug: str = "",
    workspace_id: UUID | None = None,
    workflow_id: UUID | None = None,
    node_id: str = "",
    is_proven: bool = True,
) -> None:
    """Keep a delivery that started no execution, or count it. Never raises: its sender was answered already.

    Without a workspace it belongs to the one of this slug, if there is one. Of what nobody proved (`is_proven` false)
    only the beginning is kept, and it cannot be replayed.
    """
    place = (slug or str(workspace_id), str(workflow_id), node_id)
    again = partial(
        _tell_late,
        place,
        arrival,
        outcome,
        slug=slug,
        workspace_id=workspace_id,
        workflow_id=workflow_id,
        node_id=node_id,
    )
    more = _throttle.turn(place, otherwise=again)
    if more:
        _write(place, more, arrival, outcome, slug, workspace_id, workflow_id, node_id, is_proven)


def _tell_late(place: tuple[str, ...], arrival: Arrival, outcome: Outcome, **of: Any) -> None:
    """Count what was left out meanwhile, when nothing else came that would have."""
    more = _throttle.owed(place)
    if not more:
        return
    try:
        bare = replace(arrival, request=None)
        _write(place, more, bare, outcome, of["slug"], of["workspace_id"], of["workflow_id"], of["node_id"], False)
    finally:
        connection.close()


def _write(
    place: tuple[str, ...],
    more: int,
    arrival: Arrival,
    outcome: Outcome,
    slug: str,
    workspace_id: UUID | None,
    workflow_id: UUID | None,
    node_id: str,
    is_proven: bool,
) -> None:
    try:
        request, is_whole = (arrival.request, True) if is_proven else _beginning(arrival.request)
        left, references = (None, {}) if workspace_id is None else _stored(workspace_id, request)
        given = {
            "id": str(uuid7()),
            "workspace_id": workspace_id and str(workspace_id),
            "workflow_id": workflow_id and str(workflow_id),
            "node_id": node_id,
            "source": arrival.source,
            "label": arrival.label[:300],
            "external_id": arrival.external_id,
            "verdict": outcome.verdict,
            "code": outcome.code,
            "message": outcome.message,
            "status": outcome.status,
            "execution_id": outcome.execution_id and str(outcome.execution_id),
            "size": arrival.size,
            "remote": arrival.remote,
            "request": left if workspace_id else request,
            "by_reference": references or None,
            "is_whole": is_proven and is_whole,
        }
        text = json.dumps(jsonclean.cleaned(given), ensure_ascii=False)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT triggers_delivery_note(%s, %s::jsonb, %s, %s)", [slug, text, more, KEPT_PER_HOUR])
            (was_kept,) = cursor.fetchone()
        if not was_kept:
            _throttle.is_full(place)
    except (DatabaseError, DomainError) as error:
        logger.warning("a refused delivery is not in the inbox: %s", str(error).partition("\n")[0])


def _beginning(request: Mapping[str, Any] | None) -> tuple[dict[str, Any] | None, bool]:
    if request is None:
        return None, True
    kept = {name: value for name, value in request.items() if name != "headers"}
    kept["query"] = shown_query(kept.get("query") or {})  # it cannot be replayed, so nobody needs what is hidden
    headers = {name: text[:1_000] for name, text in list((request.get("headers") or {}).items())[:60]}
    if len(payloads.dump(kept)) > UNPROVEN_BYTES:
        kept["body"] = payloads.dump(kept.get("body"))[:UNPROVEN_BYTES]
        kept["query"] = {}
        return kept | {"headers": headers}, False
    return kept | {"headers": headers}, True


def shown_headers(headers: Mapping[str, Any]) -> dict[str, str]:
    """Headers as they may be seen and kept: what opens doors or proves something is hidden."""
    return {
        str(name): HIDDEN if _SECRET.search(str(name)) and name != "idempotency-key" else str(text)
        for name, text in headers.items()
    }


def shown_query(query: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an address as they may be seen: what is named like a secret is hidden."""
    return {str(name): HIDDEN if _SECRET.search(str(name)) else value for name, value in query.items()}


class _Throttle:
    """How often each place may write down this hour. What is left out is counted and told about once a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: OrderedDict[tuple[str, ...], _Place] = OrderedDict()

    def turn(self, place: tuple[str, ...], *, otherwise: Callable[[], None]) -> int:
        """For how many deliveries of this place one is to be written now. 0: none; `otherwise` runs in a second."""
        hour, now = time.time() // 3600, time.monotonic()
        with self._lock:
            found = self._places.get(place)
            if found is None or found.hour != hour:
                found = self._places[place] = _Place(hour, now)
            self._places.move_to_end(place)
            while len(self._places) > _REMEMBERED:
                self._places.popitem(last=False)
            found.waiting += 1
            if found.is_full and now - found.told_at < _COUNT_SECONDS:
                if found.waiting == 1:
                    timer = threading.Timer(_COUNT_SECONDS, otherwise)
                    timer.daemon = True
                    timer.start()
                return 0
            more, found.waiting, found.told_at = found.waiting, 0, now
            return more

    def owed(self, place: tuple[str, ...]) -> int:
        """How many of this place are counted here and not yet in the database. They are not owed any more."""
        with self._lock:
            found = self._places.get(place)
            if found is None:
                return 0
            more, found.waiting, found.told_at = found.waiting, 0, time.monotonic()
            return more

    def is_full(self, place: tuple[str, ...]) -> None:
        """The database keeps no more of this place this hour."""
        with self._lock:
            if place in self._places:
                self._places[place].is_full = True

    def clear(self) -> None:
        """Begin anew."""
        with self._lock:
            self._places.clear()


@dataclass(slots=True)
class _Place:
    hour: float
    told_at: float
    waiting: int = 0
    is_full: bool = False


_throttle = _Throttle()


def forget() -> None:
    """Take every place for new: another database is used from now on."""
    _throttle.clear()


def deliveries_purge() -> int:
    """Forget deliveries that are older than the installation keeps them. Gives how many were forgotten."""
    forgotten = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT triggers_deliveries_purge(%s * interval '1 day', %s)",
                [settings.RETENTION_DELIVERY_DAYS, _PURGED_AT_ONCE],
            )
            gone = int(cursor.fetchone()[0])
            forgotten += gone
            if gone < _PURGED_AT_ONCE:
                return forgotten
