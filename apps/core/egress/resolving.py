"""From a name to addresses that may be called."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from ipaddress import ip_address
from threading import Lock

from apps.core.egress.addresses import objection
from apps.core.egress.errors import DnsFailed, Refused, cause
from apps.core.egress.policy import PORTS, Policy

Resolver = Callable[[str, int], list[str]]
_lock = Lock()
_threads: ThreadPoolExecutor | None = None


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses the operating system knows for a name, in its order. Raises `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in found))


def resolve(
    host: str,
    port: int,
    policy: Policy,
    *,
    resolver: Resolver = system_resolver,
    timeout: float = 10.0,
    ports: frozenset[int] = PORTS,
) -> tuple[str, ...]:
    """The addresses to connect to, all of them checked. Connect to one of these and to nothing else.

    One address that is not public refuses the whole name: a name with mixed addresses is a trap. `ports`: those that
    another protocol than the web's is spoken on. Raises `Refused` or `DnsFailed`; nothing has been sent then.
    """
    is_allowed = policy.allows(host, port)
    addresses = _addresses(host, port, resolver, timeout)
    for address in addresses:
        if is_allowed or policy.allows(address, port):
            continue
        what = objection(address)
        if what:
            raise Refused(
                f"{host} leads to {what}, which workflows may not call.",
                # Nobody should be led to open the address at which a cloud hands out its keys.
                hint="Call a public address instead."
                if "metadata" in what
                else f"If it is meant to be reachable, the operator can add {host}:{port} to EGRESS_ALLOW.",
            )
        if port not in ports:
            raise Refused(
                f"Port {port} of {host} may not be called; only {', '.join(map(str, sorted(ports)))} may.",
                hint=f"If it is meant to be reachable, the operator can add {host}:{port} to EGRESS_ALLOW.",
            )
    return addresses


def _addresses(host: str, port: int, resolver: Resolver, timeout: float) -> tuple[str, ...]:
    try:
        return (str(ip_address(host)),)
    except ValueError:
        pass
    try:
        found = _pool().submit(resolver, host, port).result(timeout)
    except TookTooLong:
        raise DnsFailed(f"{host} could not be resolved within {timeout:.0f} s.") from None
    except (OSError, UnicodeError) as failed:
        raise DnsFailed(
            f"{host} could not be resolved: {cause(failed)}.", hint="Check the spelling of the host."
        ) from None
    if not found:
        raise DnsFailed(f"{host} has no address.", hint="Check the spelling of the host.")
    return tuple(found)


def _pool() -> ThreadPoolExecutor:
    # getaddrinfo knows no time limit; on a thread of its own, a hanging name server costs the caller only its timeout
    global _threads
    with _lock:
        if _threads is None:
            _threads = ThreadPoolExecutor(16, thread_name_prefix="egress-dns")
        return _threads
