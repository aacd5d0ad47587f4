"""What a vendor's folder declares about what it sends. Free of Django and I/O."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from apps.core.errors import DomainError

DELIVERED = "vendor.delivered"
"""The event that tells of a stored delivery: its subject is the `VendorDelivery`, its data name `vendor` and `kind`."""


class ProofRefused(DomainError):
    """The delivery does not prove that the vendor sent it."""

    code = "integrations.proof_refused"
    status = 401


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request at the door, as it came over the line. Header names are in lower case."""

    headers: Mapping[str, str]
    body: bytes
    now: datetime


@dataclass(frozen=True, slots=True)
class Reply:
    """What the vendor is answered."""

    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    status: int = 200


@dataclass(frozen=True, slots=True)
class Given:
    """A delivery, read. `id` is the same for every repetition of it; `account` is what the vendor calls the account.

    `is_told` False: nobody here needs to hear of it, so it is acknowledged and forgotten.
    """

    id: str
    account: str
    kind: str
    body: Mapping[str, Any] = field(default_factory=dict)
    is_told: bool = True


class InboundVendor(ABC):
    """Base of a vendor's way in. One class in `apps/integrations/vendors/<vendor>/inbound.py`."""

    vendor: ClassVar[str]
    """As in the address: `slack`."""
    credential_type: ClassVar[str]
    """The credential type whose fields hold the secret, and whose connections say which accounts are known."""

    def greeting(self, incoming: Incoming) -> Reply | None:
        """The answer to a request by which the vendor only looks whether somebody is here. It has no account yet."""
        return None

    @abstractmethod
    def read(self, incoming: Incoming) -> Given:
        """What was delivered, before anything of it is believed. Raises `Invalid` for what is none of the vendor's."""

    @abstractmethod
    def verify(self, incoming: Incoming, fields: Any) -> None:
        """Check the proof against a credential's fields. Raises `ProofRefused`, which never says what is right."""
