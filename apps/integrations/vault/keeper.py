"""Who wraps the keys of the workspaces: the interface, and the one this installation chose."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Wrapped:
    """An encrypted key, and which of the operator's keys it is encrypted with."""

    content: bytes
    by: str


class Keeper(Protocol):
    """Encrypts and decrypts the keys of the workspaces with a key that never lies in the database.

    `about` is bound to what is wrapped: with another one it does not unwrap. Both raise `CannotOpen` or `KeysAway`.
    """

    def wrap(self, key: bytes, about: bytes) -> Wrapped:
        """Encrypt with today's key."""
        ...

    def unwrap(self, wrapped: Wrapped, about: bytes) -> bytes:
        """Decrypt, with whichever key it was encrypted."""
        ...

    def current(self) -> str:
        """What `Wrapped.by` says of today's key."""
        ...


@cache
def keeper() -> Keeper:
    """The keeper named by the setting `CREDENTIAL_KEEPER`; one for the process."""
    made: Keeper = import_string(settings.CREDENTIAL_KEEPER)()
    return made
