"""Where a request comes from: the address of who sent it, and the program it says it is.

Whoever stands behind proxies is named by `X-Forwarded-For`, which anybody can write: it counts only as far as the
proxies named in TRUSTED_PROXIES have written it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest

MOST_HOPS = 20
LONGEST_AGENT = 300


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sent a request, as far as the network tells. Both are empty where there is no request."""

    address: str = ""
    user_agent: str = ""

    @property
    def subscriber(self) -> str:
        """Whom a limit counts: the address, of IPv6 the first 64 bits, of which one subscriber has all the others."""
        found = _parsed(self.address)
        if found is None or found.version == 4:
            return self.address
        return str(ip_network(f"{found}/64", strict=False))

    @property
    def place(self) -> str:
        """The network the address lies in: the first 24 bits of IPv4, the first 48 of IPv6. Empty without an address.

        Mobile networks and home connections change the rest all the time.
        """
        found = _parsed(self.address)
        if found is None:
            return ""
        return str(ip_network(f"{found}/{24 if found.version == 4 else 48}", strict=False))


NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def current() -> Origin:
    """Where the request comes from that is being answered; `NOWHERE` outside of one."""
    return _current.get()


@contextmanager
def coming_from(found: Origin) -> Iterator[None]:
    """Inside of it `current` tells this origin. Threads that asgiref starts inside see it, too."""
    token = _current.set(found)
    try:
        yield
    finally:
        _current.reset(token)


def of_request(request: HttpRequest) -> Origin:
    """The origin of a Django request."""
    return Origin(
        client_address(request.META.get("REMOTE_ADDR") or "", request.META.get("HTTP_X_FORWARDED_FOR", "")),
        request.META.get("HTTP_USER_AGENT", "")[:LONGEST_AGENT],
    )


def of_scope(scope: Mapping[str, Any]) -> Origin:
    """The origin of an ASGI scope."""
    client = scope.get("client") or ("",)
    forwarded, agent = [], ""
    for name, value in scope.get("headers", ()):
        if name == b"x-forwarded-for":
            forwarded.append(value.decode("latin-1"))
        elif name == b"user-agent":
            agent = value.decode("latin-1")[:LONGEST_AGENT]
    return Origin(client_address(str(client[0] or ""), ",".join(forwarded)), agent)


def client_address(peer: str, forwarded: str = "") -> str:
    """The address of the client: the connection's other end, or who a trusted proxy says it stands for.

    `forwarded` is read from the right, as long as trusted proxies wrote it: what is left of the first stranger is what
    that stranger made up. Something that is no address ends the reading.
    """
    found = _parsed(peer)
    if found is None:
        return ""
    trusted = _networks(tuple(settings.TRUSTED_PROXIES))
    if forwarded and trusted and _is_in(found, trusted):
        for hop in reversed(forwarded.split(",")[-MOST_HOPS:]):
            named = _parsed(hop.strip())
            if named is None:
                break
            found = named
            if not _is_in(found, trusted):
                break
    return str(found)


Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Address | None:
    host = text
    if host.startswith("["):  # [::1]:8080
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:  # 192.0.2.1:8080
        host = host.partition(":")[0]
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


@lru_cache(maxsize=8)
def _networks(entries: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(entry, strict=False) for entry in entries)


def _is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
