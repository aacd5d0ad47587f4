"""What the operator allows beyond the public internet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

PORTS = frozenset({80, 443, 8080, 8443})


@dataclass(frozen=True, slots=True)
class Policy:
    """Named exceptions to the rule that only public addresses on web ports may be called.

    `allow` holds `host` (every port) or `host:port`; IPv6 addresses in brackets when a port follows. A name or an
    address listed here may be private. Only the operator sets it (`EGRESS_ALLOW`); a workspace cannot.
    """

    allow: frozenset[str] = frozenset()

    @classmethod
    def of(cls, entries: Iterable[str]) -> Self:
        """The policy of written entries; empty ones are left out, case and a trailing dot do not matter."""
        return cls(frozenset(entry.strip().lower().rstrip(".") for entry in entries if entry.strip()))

    def allows(self, host: str, port: int) -> bool:
        """Whether this host (a name or an address) was named as an exception for this port."""
        if not self.allow:
            return False
        name = host.lower().rstrip(".")
        written = {name, f"[{name}]"} if ":" in name else {name}
        return any(form in self.allow or f"{form}:{port}" in self.allow for form in written)
