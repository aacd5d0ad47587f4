"""Who sent a request: what a stranger writes into a header is not believed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from apps.core import origin
from apps.core.origin import Origin, client_address

PROXIES = ["10.0.0.0/8", "fd00::/8", "192.0.2.1"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "1.2.3.4", "203.0.113.5"),  # a stranger names somebody else
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.7", "198.51.100.7"),  # the client made the first one up
        ("10.0.0.1", "1.2.3.4, 198.51.100.7, 10.2.2.2", "198.51.100.7"),
        ("10.0.0.1", "10.9.9.9, 10.2.2.2", "10.9.9.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4, garbage, 10.2.2.2", "10.2.2.2"),
        ("10.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
        ("fd00::1", "[2001:db8::7]:443", "2001:db8::7"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("192.0.2.1", "2001:db8::7", "2001:db8::7"),
        ("192.0.2.2", "2001:db8::7", "192.0.2.2"),
        ("", "1.2.3.4", ""),
        ("not an address", "1.2.3.4", ""),
    ],
)
def test_the_address_is_the_last_one_that_a_proxy_vouches_for(
    settings: Any, peer: str, forwarded: str, found: str
) -> None:
    settings.TRUSTED_PROXIES = PROXIES
    assert client_address(peer, forwarded) == found


def test_without_trusted_proxies_the_header_is_nothing(settings: Any) -> None:
    settings.TRUSTED_PROXIES = []
    assert client_address("10.0.0.1", "198.51.100.7") == "10.0.0.1"


def test_places_and_subscribers_are_networks() -> None:
    assert Origin("198.51.100.7").place == "198.51.100.0/24"
    assert Origin("2001:db8:1:2::7").place == "2001:db8:1::/48"
    assert Origin("198.51.100.7").subscriber == "198.51.100.7"
    assert Origin("2001:db8:1:2::7").subscriber == "2001:db8:1:2::/64"
    assert Origin("").place == Origin("").subscriber == ""


def test_it_is_known_inside_of_a_request_only(settings: Any) -> None:
    settings.TRUSTED_PROXIES = []
    request = RequestFactory().get("/", REMOTE_ADDR="198.51.100.7", headers={"User-Agent": "x" * 1_000})
    with origin.coming_from(origin.of_request(request)):
        assert origin.current() == Origin("198.51.100.7", "x" * 300)
    assert origin.current() == origin.NOWHERE


def test_of_a_scope(settings: Any) -> None:
    settings.TRUSTED_PROXIES = PROXIES
    headers = [(b"x-forwarded-for", b"1.2.3.4"), (b"x-forwarded-for", b"198.51.100.7"), (b"user-agent", b"curl")]
    assert origin.of_scope({"client": ("10.0.0.1", 5), "headers": headers}) == Origin("198.51.100.7", "curl")
    assert origin.of_scope({"client": None, "headers": []}) == Origin()
