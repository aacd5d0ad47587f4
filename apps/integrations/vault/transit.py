"""HashiCorp Vault (or OpenBao) keeps the operator's key: its transit engine encrypts and decrypts, the key stays there.

The key's type is `aes256-gcm96`: what is wrapped is bound to its workspace by associated data. The vendor's SDK would
be a second way out of the process for three requests.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.core import egress
from apps.core.egress import Answer, EgressError
from apps.core.redaction import Redactor
from apps.integrations.errors import CannotOpen, KeysAway
from apps.integrations.vault.keeper import Wrapped

TIMEOUT_SECONDS = 10.0


class TransitKeeper:
    """Asks Vault at `VAULT_ADDR`. Each workspace's key is asked for once per process; the answer is kept in memory."""

    def __init__(self) -> None:
        parts = urlsplit(settings.VAULT_ADDR)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ImproperlyConfigured("VAULT_ADDR must look like https://vault.example:8200.")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self._door = egress.door(egress.Policy.of([f"{parts.hostname}:{port}"]))
        self._base = f"{settings.VAULT_ADDR}/v1/{settings.VAULT_TRANSIT_MOUNT.strip('/')}"
        self._key = quote(settings.VAULT_TRANSIT_KEY, safe="")
        self._token = ""
        self._redactor = Redactor()

    def wrap(self, key: bytes, about: bytes) -> Wrapped:
        """`encrypt/<key>`, which uses the newest version."""
        made = self._ask("POST", f"encrypt/{self._key}", {"plaintext": _base64(key), "associated_data": _base64(about)})
        text = str(made["ciphertext"])
        return Wrapped(text.encode(), self._name(text))

    def unwrap(self, wrapped: Wrapped, about: bytes) -> bytes:
        """`decrypt/<key>`."""
        if not wrapped.by.startswith("vault:"):
            raise CannotOpen(f"The key {wrapped.by} is not in Vault.", hint="Rotate to Vault while both are at hand.")
        given = {"ciphertext": wrapped.content.decode(), "associated_data": _base64(about)}
        return base64.b64decode(self._ask("POST", f"decrypt/{self._key}", given)["plaintext"])

    def current(self) -> str:
        """The key's newest version, as `vault:agentflow:v3`."""
        return f"vault:{settings.VAULT_TRANSIT_KEY}:v{self._ask('GET', f'keys/{self._key}')['latest_version']}"

    def _name(self, ciphertext: str) -> str:
        return f"vault:{settings.VAULT_TRANSIT_KEY}:{ciphertext.split(':')[1]}"

    def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        answer = self._send(method, path, body)
        if answer.status == 403 and settings.VAULT_TOKEN_FILE:  # an agent renews it beside us
            self._token = ""
            answer = self._send(method, path, body)
        if answer.status == 400:
            raise CannotOpen("Vault does not decrypt this key: it was changed, or belongs to another workspace.")
        if answer.status != 200:
            raise KeysAway(f"Vault answered with status {answer.status}.", hint="Look at VAULT_TOKEN and its policy.")
        found: dict[str, Any] = json.loads(answer.content)["data"]
        return found

    def _send(self, method: str, path: str, body: dict[str, str] | None) -> Answer:
        if not self._token:
            self._token = _token()
            self._redactor.add(self._token)
        try:
            return self._door.request(
                method,
                f"{self._base}/{path}",
                json=body,
                headers={"X-Vault-Token": self._token, "X-Vault-Request": "true"},
                timeout=TIMEOUT_SECONDS,
                follow_redirects=False,
            )
        except EgressError as failed:
            raise KeysAway(f"Vault does not answer: {self._redactor.text(failed.message)}") from None


def _token() -> str:
    if not settings.VAULT_TOKEN_FILE:
        return str(settings.VAULT_TOKEN)
    try:
        return Path(settings.VAULT_TOKEN_FILE).read_text().strip()
    except OSError as failed:
        raise KeysAway(f"VAULT_TOKEN_FILE cannot be read: {failed.strerror}.") from None


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
