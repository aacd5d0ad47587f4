"""New keys for old secrets, while everything goes on."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from apps.core import clock
from apps.core.tenancy import tenant
from apps.integrations.models import DataKey, Sealed
from apps.integrations.vault import reseal
from apps.integrations.vault.keeper import Wrapped, keeper
from apps.integrations.vault.sealing import about, key_of, make_key


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did: keys wrapped anew, secrets encrypted anew, in how many workspaces."""

    keys: int
    secrets: int
    workspaces: int


def keys_rotate() -> Rotated:
    """Wrap every workspace's keys with the keeper's present key. The secrets themselves stay as they are.

    May be broken off and begun again, and run beside everything else: what is read meanwhile is wrapped with the old
    key or the new one, and processes that know both open either.
    """
    current = keeper().current()
    done, spaces = 0, set()
    for workspace_id, key_id, wrapped_by, _ in _keys():
        if wrapped_by == current:
            continue
        with tenant(workspace_id):
            row = DataKey.objects.select_for_update().filter(workspace_id=workspace_id, id=key_id).first()
            if row is None or row.wrapped_by == current:
                continue
            bound = about(workspace_id, key_id)
            key = keeper().unwrap(Wrapped(bytes(row.wrapped), row.wrapped_by), bound)
            wrapped = keeper().wrap(key, bound)
            row.wrapped, row.wrapped_by = wrapped.content, wrapped.by
            row.save(update_fields=["wrapped", "wrapped_by"])
        done += 1
        spaces.add(workspace_id)
    return Rotated(done, 0, len(spaces))


def data_keys_rotate() -> Rotated:
    """Give every workspace a new key and encrypt all its secrets with it. For when a key itself may be known.

    Each secret is one transaction. The old keys stay, retired, so that nothing that is just being read breaks.
    """
    secrets, spaces = 0, sorted({workspace_id for workspace_id, *_ in _keys()})
    for workspace_id in spaces:
        with tenant(workspace_id):
            DataKey.objects.filter(workspace_id=workspace_id, retired_at=None).update(retired_at=clock.now())
            newest = make_key(workspace_id).id
        for model in _tables():
            with tenant(workspace_id):
                rows = list(model._default_manager.filter(workspace_id=workspace_id).values_list("id", flat=True))
            secrets += sum(_encrypted_anew(model, workspace_id, row_id, newest) for row_id in rows)
    return Rotated(len(spaces), secrets, len(spaces))


def _tables() -> list[type[Sealed]]:
    return Sealed.__subclasses__()


def _encrypted_anew(model: type[Sealed], workspace_id: UUID, row_id: UUID, newest: UUID) -> bool:
    with tenant(workspace_id):
        row = model._default_manager.select_for_update().filter(workspace_id=workspace_id, id=row_id).first()
        if row is None or key_of(row.sealed) == newest:
            return False
        row.sealed = reseal(workspace_id, row.seal_name, row.sealed)
        row.save(update_fields=["sealed"])
        return True


def _keys() -> list[tuple[UUID, UUID, str, bool]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, id, wrapped_by, is_current FROM integrations_data_keys()")
        return list(cursor.fetchall())
