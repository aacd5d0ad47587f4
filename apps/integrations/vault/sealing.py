"""Sealing and opening. What is sealed says itself which key of its workspace it was sealed with."""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import IntegrityError, transaction

from apps.core.ids import uuid7
from apps.integrations.errors import CannotOpen
from apps.integrations.models import DataKey
from apps.integrations.vault.keeper import Wrapped, keeper
from apps.integrations.vault.local import KEY_BYTES

_VERSION = b"\x01"
_NONCE = 12
_MOST_KEYS = 1_000
_lock = threading.Lock()
_keys: OrderedDict[UUID, tuple[UUID, bytes]] = OrderedDict()


def seal(workspace_id: UUID, name: str, secret: Mapping[str, Any]) -> bytes:
    """Encrypt a JSON object for one row of one workspace. Call it inside `tenant()`."""
    key_id = _current(workspace_id)
    nonce = os.urandom(_NONCE)
    text = json.dumps(secret, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    made = AESGCM(_key(workspace_id, key_id)).encrypt(nonce, text, _bound(workspace_id, name, key_id))
    return _VERSION + key_id.bytes + nonce + made


def open_sealed(workspace_id: UUID, name: str, sealed: bytes | memoryview) -> dict[str, Any]:
    """What was sealed under this name in this workspace. Call it inside `tenant()`.

    Raises `CannotOpen` for what was sealed for another row or workspace, was changed, or needs a key that is gone.
    """
    content = bytes(sealed)
    if content[:1] != _VERSION or len(content) < 17 + _NONCE + 16:
        raise CannotOpen("This is nothing that was encrypted here.")
    key_id, nonce, made = UUID(bytes=content[1:17]), content[17 : 17 + _NONCE], content[17 + _NONCE :]
    try:
        text = AESGCM(_key(workspace_id, key_id)).decrypt(nonce, made, _bound(workspace_id, name, key_id))
    except InvalidTag:
        raise CannotOpen("This secret was changed in the database, or belongs to another row.") from None
    found: dict[str, Any] = json.loads(text)
    return found


def reseal(workspace_id: UUID, name: str, sealed: bytes | memoryview) -> bytes:
    """The same secret under the workspace's newest key."""
    return seal(workspace_id, name, open_sealed(workspace_id, name, sealed))


def key_of(sealed: bytes | memoryview) -> UUID:
    """Which key of its workspace it was sealed with."""
    return UUID(bytes=bytes(sealed)[1:17])


def about(workspace_id: UUID, key_id: UUID) -> bytes:
    """What a workspace's wrapped key is bound to."""
    return b"agentflow/data-key/1|" + workspace_id.bytes + key_id.bytes


def _bound(workspace_id: UUID, name: str, key_id: UUID) -> bytes:
    return b"agentflow/sealed/1|" + workspace_id.bytes + key_id.bytes + name.encode()


def _current(workspace_id: UUID) -> UUID:
    """The workspace's newest key; its first one is made here."""
    for _ in range(2):
        found = DataKey.objects.filter(workspace_id=workspace_id, retired_at=None).values_list("id", flat=True).first()
        if found is not None:
            return found
        try:
            with transaction.atomic():
                return make_key(workspace_id).id
        except IntegrityError:  # somebody else made the first one at the same moment
            continue
    raise CannotOpen("The workspace's first key could not be made.")


def make_key(workspace_id: UUID) -> DataKey:
    """A fresh key for a workspace that has no current one."""
    key_id, key = uuid7(), os.urandom(KEY_BYTES)
    wrapped = keeper().wrap(key, about(workspace_id, key_id))
    return DataKey.objects.create(id=key_id, workspace_id=workspace_id, wrapped=wrapped.content, wrapped_by=wrapped.by)


def _key(workspace_id: UUID, key_id: UUID) -> bytes:
    """The key in plain, kept in this process: it never changes, only what it is wrapped with does."""
    with _lock:
        held = _keys.get(key_id)
        if held is not None and held[0] == workspace_id:
            _keys.move_to_end(key_id)
            return held[1]
    row = DataKey.objects.filter(workspace_id=workspace_id, id=key_id).first()
    if row is None:
        raise CannotOpen("This secret belongs to another workspace, or its key is gone.")
    key = keeper().unwrap(Wrapped(bytes(row.wrapped), row.wrapped_by), about(workspace_id, key_id))
    with _lock:
        _keys[key_id] = (workspace_id, key)
        while len(_keys) > _MOST_KEYS:
            _keys.popitem(last=False)
    return key


def forget_keys() -> None:
    """Ask the keeper again for every key."""
    with _lock:
        _keys.clear()
