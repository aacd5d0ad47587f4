"""Who is at a workflow, and what they are told of it.

Best effort: whoever misses a message is told again within seconds. What is said goes through the channel layer, so
that it reaches the people of every web process; nobody keeps a list.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer
from django.db import transaction

from apps.accounts.access import objects, resolve
from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import Permission
from apps.core import streams
from apps.core.tenancy import tenant
from apps.workflows import selectors

logger = logging.getLogger(__name__)

HUES = 6
_SEND_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Seat:
    """What somebody who is at a workflow is, and what they see."""

    who: str
    """In one word, for counting their connections."""
    person: dict[str, Any]
    """As others are shown them."""
    revision: int
    """Of the draft, now."""


def group_of(workflow_id: UUID | str) -> str:
    """The channel-layer group of those who are at a workflow."""
    return f"workflow.{workflow_id}"


def seat_of(scope: Mapping[str, Any], workflow_id: UUID) -> Seat:
    """Who opens this socket, and how far the draft is. Blocking: call it in a thread.

    The workspace is the one `?workspace=` names. Raises what `resolve.of_scope` does, `NotAllowed` without the
    permission to read workflows, and `WorkflowUnknown` for one that is not there or hidden from them.
    """
    access = resolve.of_scope(scope)
    access.actor.require(Permission.WORKFLOW_READ)
    with objects.unseen(access.workspace.id, access.actor), tenant(access.workspace.id):
        workflow = selectors.workflow_get(access.workspace.id, workflow_id)
    return Seat(access.actor.name, _shown(access.actor), workflow.draft_revision)


def take_seat(scope: Mapping[str, Any], workflow_id: UUID) -> Seat:
    """As `seat_of`, for somebody who comes. Raises `TooManyStreams` too, when they hold as many open as they may."""
    seat = seat_of(scope, workflow_id)
    streams.check(seat.who)
    return seat


def tell_saved(workflow_id: UUID, *, revision: int, by: Actor) -> None:
    """Tell those who are there of the draft's new revision, as soon as the running transaction is committed."""
    note = {"kind": "saved", "revision": revision, "by": _name(by), "by_id": str(by.id)}
    message = {"type": "presence.note", "peer": "", "note": note}
    transaction.on_commit(lambda: _voice().say(group_of(workflow_id), message))


def _shown(actor: Actor) -> dict[str, Any]:
    name = _name(actor)
    user = actor.user
    hue = user.hue if user is not None and user.hue is not None else len(name) % HUES
    return {"id": str(actor.id), "name": name, "initials": user.initials if user else name[:1].upper(), "hue": hue}


def _name(actor: Actor) -> str:
    return actor.user.label if actor.user is not None else actor.label


class _Voice:
    """Sends from one thread with an event loop of its own, so that no request waits for the broker."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="presence", daemon=True).start()

    def say(self, group: str, message: dict[str, Any]) -> None:
        asyncio.run_coroutine_threadsafe(self._send(group, message), self._loop)

    async def _send(self, group: str, message: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await get_channel_layer().group_send(group, message)
        except Exception as error:
            logger.warning("who is at %s was not told: %s", group, error)


@cache
def _voice() -> _Voice:
    return _Voice()
