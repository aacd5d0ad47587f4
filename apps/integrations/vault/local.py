"""Keys of the operator in the environment or in a file."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.integrations.errors import CannotOpen
from apps.integrations.vault.keeper import Wrapped

KEY_BYTES = 32
_NONCE = 12


def fresh_key() -> str:
    """A new key as it is written in `CREDENTIAL_KEYS`."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def key_name(key: bytes) -> str:
    """What a key is called where it was used; tells nothing about it."""
    return f"local:{hashlib.sha256(b'agentflow key name' + key).hexdigest()[:12]}"


class LocalKeeper:
    """The keys of `CREDENTIAL_KEYS`: the first encrypts, all decrypt.

    With `CREDENTIAL_KEYS_FILE` they stand in that file, one per line, and are read again as soon as something turns up
    that none of them opens: a rotation needs no restart.
    """

    def __init__(self) -> None:
        self._keys: dict[str, bytes] = {}
        self._read()

    def wrap(self, key: bytes, about: bytes) -> Wrapped:
        """Encrypt with the first key."""
        by = self.current()
        nonce = os.urandom(_NONCE)
        return Wrapped(nonce + AESGCM(self._keys[by]).encrypt(nonce, key, about), by)

    def unwrap(self, wrapped: Wrapped, about: bytes) -> bytes:
        """Decrypt with the key of that name. Raises `CannotOpen` when it is not there, or something was changed."""
        if wrapped.by not in self._keys:
            self._read()
        key = self._keys.get(wrapped.by)
        if key is None:
            raise CannotOpen(f"The key {wrapped.by} is not among CREDENTIAL_KEYS.")
        try:
            return AESGCM(key).decrypt(wrapped.content[:_NONCE], wrapped.content[_NONCE:], about)
        except InvalidTag:
            raise CannotOpen(
                "A key of this workspace was changed in the database, or belongs to another one."
            ) from None

    def current(self) -> str:
        """The name of the first key."""
        self._read()
        return next(iter(self._keys))

    def _read(self) -> None:
        path = settings.CREDENTIAL_KEYS_FILE
        try:
            self._keys = parsed(Path(path).read_text().split() if path else settings.CREDENTIAL_KEYS)
        except OSError as failed:
            raise CannotOpen(f"The file with the keys cannot be read: {failed.strerror}.") from None


def parsed(written: Iterable[str]) -> dict[str, bytes]:
    """Keys by their names, in their order. Raises `ImproperlyConfigured`, which quotes none."""
    found: dict[str, bytes] = {}
    for at, text in enumerate(written):
        try:
            key = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            raise ImproperlyConfigured(
                f"Key {at + 1} of CREDENTIAL_KEYS is not 32 bytes in Base64. Make one with: "
                "manage.py credential_keys_rotate --generate"
            )
        found[key_name(key)] = key
    if not found:
        raise ImproperlyConfigured("CREDENTIAL_KEYS holds no key. See docs/guides/credentials.md.")
    return found
