"""Who may follow an execution live. Blocking: call it in a thread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from apps.accounts import selectors as accounts
from apps.accounts.access import resolve
from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import Permission
from apps.core.errors import Unauthenticated
from apps.executions import selectors
from apps.executions.selectors import ExecutionNotFound


def workspace_to_watch(*, user: Any, authorization: str, execution_id: UUID) -> UUID:
    """The workspace of an execution that this user or the key in this `Authorization` header may read.

    An event stream cannot send headers, so the workspace is the execution's own. Raises `Unauthenticated`,
    `KeyRefused` or `NotAllowed`; for outsiders `ExecutionNotFound`.
    """
    key = resolve.bearer(authorization)
    if key is not None:
        access = resolve.by_key(key)
        return _checked(access.workspace.id, access.actor, execution_id)
    if user is None or not user.is_authenticated:
        raise Unauthenticated(headers={"WWW-Authenticate": resolve.CHALLENGE})
    workspace_id = selectors.execution_workspace_id(execution_id=execution_id)
    for home in accounts.homes_of(user.pk):
        if home.workspace.id == workspace_id:
            return _checked(workspace_id, resolve.member_actor(user, home.role), execution_id)
    raise ExecutionNotFound


def authorization_of(scope: Mapping[str, Any]) -> str:
    """The `Authorization` header of an ASGI scope."""
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"), "")


def _checked(workspace_id: UUID, actor: Actor, execution_id: UUID) -> UUID:
    if selectors.execution_workspace_id(execution_id=execution_id) != workspace_id:
        raise ExecutionNotFound
    actor.require(Permission.EXECUTION_READ)
    return workspace_id


def sequence_number(text: str) -> int:
    """The checkpoint a client names; 0, the beginning, for anything that is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0
