"""Who may follow an execution live. Blocking: call it in a thread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from apps.accounts import selectors as accounts
from apps.accounts.access import objects, resolve
from apps.accounts.access.actor import Access
from apps.accounts.access.permissions import Permission
from apps.core import streams
from apps.core.errors import Unauthenticated
from apps.core.tenancy import tenant
from apps.executions import selectors
from apps.executions.selectors import ExecutionNotFound


def workspace_to_watch(*, user: Any, authorization: str, execution_id: UUID) -> UUID:
    """The workspace of an execution that this user or the key in this `Authorization` header may read.

    An event stream cannot send headers, so the workspace is the execution's own. Raises `Unauthenticated`,
    `KeyRefused` or `NotAllowed`; for outsiders `ExecutionNotFound`.
    """
    return watcher(user=user, authorization=authorization, execution_id=execution_id).workspace.id


def watcher(*, user: Any, authorization: str, execution_id: UUID) -> Access:
    """Who follows an execution, in the workspace it belongs to. Raises what `workspace_to_watch` does."""
    raw = resolve.bearer(authorization)
    if raw is not None and not resolve.is_token(raw):
        return _checked(resolve.by_key(raw), execution_id)
    if raw is not None:
        user = resolve.person_of(raw)
    elif user is None or not user.is_authenticated:
        raise Unauthenticated(headers={"WWW-Authenticate": resolve.CHALLENGE})
    workspace_id = selectors.execution_workspace_id(execution_id=execution_id)
    for home in accounts.homes_of(user.pk):
        if home.workspace.id == workspace_id:
            return _checked(resolve.entered(user, home, "session" if raw is None else "jwt"), execution_id)
    raise ExecutionNotFound


def stream_of(*, user: Any, authorization: str, execution_id: UUID) -> tuple[UUID, str]:
    """The workspace of an execution, and the name of who follows it. Raises what `workspace_to_watch` does, and
    `TooManyStreams` when they follow as many as they may.
    """
    access = watcher(user=user, authorization=authorization, execution_id=execution_id)
    streams.check(access.actor.name)
    return access.workspace.id, access.actor.name


def authorization_of(scope: Mapping[str, Any]) -> str:
    """The `Authorization` header of an ASGI scope."""
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"), "")


def _checked(access: Access, execution_id: UUID) -> Access:
    if selectors.execution_workspace_id(execution_id=execution_id) != access.workspace.id:
        raise ExecutionNotFound
    access.actor.require(Permission.EXECUTION_READ)
    with objects.unseen(access.workspace.id, access.actor), tenant(access.workspace.id):
        selectors.execution_standing(workspace_id=access.workspace.id, execution_id=execution_id)
    return access


def sequence_number(text: str) -> int:
    """The checkpoint a client names; 0, the beginning, for anything that is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0
