"""Sealed secrets open in their own row and workspace, and nowhere else."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.accounts.models import Workspace
from apps.core.tenancy import tenant
from apps.integrations import vault
from apps.integrations.errors import CannotOpen
from apps.integrations.models import DataKey
from apps.integrations.vault import local, sealing
from apps.integrations.vault.keeper import Wrapped, keeper

SECRET = {"token": "s3cr3t-ünïcode"}


def test_what_is_sealed_opens_again(workspace: Workspace) -> None:
    with tenant(workspace.id):
        sealed = vault.seal(workspace.id, "credential:1", SECRET)
        assert b"s3cr3t" not in sealed
        assert vault.open_sealed(workspace.id, "credential:1", sealed) == SECRET
        assert vault.seal(workspace.id, "credential:1", SECRET) != sealed  # a nonce of its own each time
        assert DataKey.objects.count() == 1


def test_a_copy_in_another_row_does_not_open(workspace: Workspace) -> None:
    with tenant(workspace.id):
        sealed = vault.seal(workspace.id, "credential:1", SECRET)
        with pytest.raises(CannotOpen):
            vault.open_sealed(workspace.id, "credential:2", sealed)


def test_a_copy_in_another_workspace_does_not_open(workspace: Workspace, other_workspace: Workspace) -> None:
    with tenant(workspace.id):
        sealed = vault.seal(workspace.id, "credential:1", SECRET)
        key_id = sealing.key_of(sealed)
        row = DataKey.objects.get(id=key_id)
    with tenant(other_workspace.id):
        with pytest.raises(CannotOpen):
            vault.open_sealed(other_workspace.id, "credential:1", sealed)
        # Not even together with the key it was sealed with.
        DataKey.objects.filter(workspace_id=other_workspace.id).delete()
        wrapped = Wrapped(bytes(row.wrapped), row.wrapped_by)
        with pytest.raises(CannotOpen):
            keeper().unwrap(wrapped, sealing.about(other_workspace.id, key_id))


@pytest.mark.parametrize("at", [0, 5, 20, 30, -1])
def test_a_changed_byte_is_noticed(workspace: Workspace, at: int) -> None:
    with tenant(workspace.id):
        sealed = bytearray(vault.seal(workspace.id, "credential:1", SECRET))
        sealed[at] ^= 1
        with pytest.raises(CannotOpen):
            vault.open_sealed(workspace.id, "credential:1", bytes(sealed))


def test_a_key_that_is_gone_is_named(workspace: Workspace, settings: pytest.FixtureRequest) -> None:
    with tenant(workspace.id):
        sealed = vault.seal(workspace.id, "credential:1", SECRET)
        sealing.forget_keys()
        DataKey.objects.update(wrapped_by="local:000000000000")
        with pytest.raises(CannotOpen, match="local:000000000000"):
            vault.open_sealed(workspace.id, "credential:1", sealed)


def test_keys_that_are_none_stop_the_start() -> None:
    assert len(local.parsed([local.fresh_key(), local.fresh_key()])) == 2
    for wrong in ([], ["short"], ["###"], [local.fresh_key()[:-8]]):
        with pytest.raises(ImproperlyConfigured) as refused:
            local.parsed(wrong)
        assert not any(text and text in str(refused.value) for text in wrong)


def test_a_missing_workspace_key_is_a_refusal(workspace: Workspace) -> None:
    with tenant(workspace.id):
        sealed = bytearray(vault.seal(workspace.id, "credential:1", SECRET))
        sealed[1:17] = uuid4().bytes
        with pytest.raises(CannotOpen):
            vault.open_sealed(workspace.id, "credential:1", bytes(sealed))
