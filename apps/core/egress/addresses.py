"""Which internet addresses are public. Decided by our own tables: `ipaddress.is_global` alone says yes to NAT64, 6to4,
IPv4-compatible and site-local addresses and to the metadata services of several clouds.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NOT_PUBLIC_V4 = tuple(
    (IPv4Network(network), what)
    for network, what in (
        ("0.0.0.0/8", "this machine"),
        ("127.0.0.0/8", "this machine"),
        ("10.0.0.0/8", "a private network"),
        ("172.16.0.0/12", "a private network"),
        ("192.168.0.0/16", "a private network"),
        ("100.64.0.0/10", "a carrier's private network"),
        ("169.254.0.0/16", "a link-local or metadata address"),
        ("168.63.129.16/32", "a metadata address"),
        ("192.0.0.0/24", "a reserved address"),
        ("192.0.2.0/24", "a documentation address"),
        ("192.88.99.0/24", "a reserved address"),
        ("198.18.0.0/15", "a benchmarking network"),
        ("198.51.100.0/24", "a documentation address"),
        ("203.0.113.0/24", "a documentation address"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
    )
)
_NOT_PUBLIC_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarking
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
_UNICAST_V6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_MAPPED = (IPv6Network("::ffff:0:0/96"), IPv6Network("::ffff:0:0:0/96"), IPv6Network("::/96"))
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


def objection(address: str) -> str:
    """What keeps this address from being public, in words; empty when it is public."""
    try:
        ip = ip_address(address)
    except ValueError:
        return "not an address"
    return _objection_v4(ip) if isinstance(ip, IPv4Address) else _objection_v6(ip)


def _objection_v4(ip: IPv4Address) -> str:
    for network, what in _NOT_PUBLIC_V4:
        if ip in network:
            return what
    return "" if ip.is_global else "a reserved address"


def _objection_v6(ip: IPv6Address) -> str:
    if ip.scope_id:
        return "a link-local address"
    low = IPv4Address(int(ip) & 0xFFFF_FFFF)
    if any(ip in network for network in _MAPPED):
        return "this machine" if int(ip) <= 1 else _objection_v4(low) or "an IPv4 address in disguise"
    if ip in _NAT64:  # how an IPv6-only network reaches IPv4: as public as what it stands for
        return _objection_v4(low)
    if ip not in _UNICAST_V6:
        return "a private network" if ip.is_private or ip.is_site_local else "a reserved address"
    if any(ip in network for network in _NOT_PUBLIC_V6):
        return "a reserved address"
    if int(ip) >> 32 & 0xFFFF_FFFF in _ISATAP:
        return _objection_v4(low)
    return "" if ip.is_global else "a reserved address"
