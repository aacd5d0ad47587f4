"""Named writes, and opening a credential for use. No answer but `Opened` holds a secret."""

from __future__ import annotations

from apps.integrations.access import is_visible, may_manage, may_read, may_use, require_manage, require_use
from apps.integrations.errors import CredentialAway, CredentialMissing
from apps.integrations.opened import Opened, SignedDoor
from apps.integrations.services.opening import credential_open, credential_values
from apps.integrations.services.proving import credential_test
from apps.integrations.services.rotation import Rotated, data_keys_rotate, keys_rotate
from apps.integrations.services.using import credential_used, uses_flush
from apps.integrations.services.writing import credential_create, credential_delete, credential_update

__all__ = [
    "CredentialAway",
    "CredentialMissing",
    "Opened",
    "Rotated",
    "SignedDoor",
    "credential_create",
    "credential_delete",
    "credential_open",
    "credential_test",
    "credential_update",
    "credential_used",
    "credential_values",
    "data_keys_rotate",
    "is_visible",
    "keys_rotate",
    "may_manage",
    "may_read",
    "may_use",
    "require_manage",
    "require_use",
    "uses_flush",
]
