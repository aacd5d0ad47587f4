"""Encrypts secrets: AES-256-GCM under a key of the workspace, which the operator's key wraps (envelope encryption).

What is sealed is bound to its workspace and its row: copied elsewhere it does not open. The operator's key is in
`CREDENTIAL_KEYS`, or wherever the class named in `CREDENTIAL_KEEPER` keeps it.
"""

from __future__ import annotations

from apps.integrations.vault.keeper import Keeper, Wrapped, keeper
from apps.integrations.vault.sealing import open_sealed, reseal, seal

__all__ = ["Keeper", "Wrapped", "keeper", "open_sealed", "reseal", "seal"]
