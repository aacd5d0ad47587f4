"""Too long a body never reaches the memory of a real web process."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.executions.live import Web, daphne

pytestmark = pytest.mark.integration
MEGABYTE = b"x" * 1_000_000


@pytest.fixture(scope="module")
def web(django_db_setup: None) -> Iterator[Web]:
    """One web process for all tests here."""
    with daphne() as found:
        yield found


def memory(web: Web) -> int:
    """What the process has held at most, in megabytes."""
    line = next(line for line in Path(f"/proc/{web.pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1000


def pour(web: Web, head: bytes, piece: bytes, times: int) -> bytes:
    """Send a request as long as the other side takes it, and give the beginning of its answer."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as wire:
        try:
            wire.sendall(b"POST /webhooks/acme/orders HTTP/1.1\r\nHost: 127.0.0.1\r\n" + head + b"\r\n\r\n")
            for _ in range(times):
                wire.sendall(piece)
        except OSError:
            pass
        try:
            return wire.recv(100)
        except OSError:
            return b"closed"


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"Content-Length: 150000000", MEGABYTE),
        (b"Transfer-Encoding: chunked", b"f4240\r\n" + MEGABYTE + b"\r\n"),
    ],
)
def test_a_body_without_end_is_cut_off(web: Web, head: bytes, piece: bytes) -> None:
    before = memory(web)
    answer = pour(web, head, piece, 150)
    assert answer == b"closed" or answer.startswith(b"HTTP/1.1 413")
    assert memory(web) - before < 60


def test_a_caller_that_announces_too_much_is_told_why(web: Web) -> None:
    assert pour(web, b"Content-Length: 150000000", b"", 0).startswith(b"HTTP/1.1 413 ")


def test_what_a_route_might_take_gets_that_routes_answer(web: Web) -> None:
    for size, status in ((900_000, 404), (2_000_000, 413)):
        connection = HTTPConnection("127.0.0.1", web.port, timeout=10)
        connection.request("POST", "/webhooks/nobody/orders", b"x" * size)
        response = connection.getresponse()
        assert response.status == status
        assert response.headers["Content-Type"] == "application/problem+json"
        connection.close()
