"""Connections kept between requests: used again while they are good, and closed when they are too many or too old."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import httpcore2
import pytest

from apps.core.egress import HttpDoor, Policy, keeping
from apps.core.egress.errors import AnswerTooLarge
from apps.core.egress.keeping import Kept

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Peer:
    """Answers every request with the same words; `closes_after` ends each connection after that many, in silence."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.closes_after = 1_000
        self.connections: list[socket.socket] = []
        self.closed = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def origin(self) -> httpcore2.Origin:
        return httpcore2.Origin(b"http", b"127.0.0.1", self.port)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for each in self.connections:
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                found, _ = self._listening.accept()
                self.connections.append(found)
                threading.Thread(target=self._answer, args=[found], daemon=True).start()

    def _answer(self, found: socket.socket) -> None:
        with suppress(OSError):
            for _ in range(self.closes_after):
                if not found.recv(65_536):
                    return
                found.sendall(ANSWER)
            found.shutdown(socket.SHUT_RDWR)
            self.closed.set()


@pytest.fixture
def peer() -> Iterator[Peer]:
    found = Peer()
    yield found
    found.close()


@pytest.fixture
def kept() -> Iterator[Kept]:
    found = Kept(httpcore2.HTTPConnection, seconds=10.0)
    yield found
    found.close()


def _asked(kept: Kept, peer: Peer) -> httpcore2.HTTPConnection:
    """A connection that has been used once and not been given back."""
    connection = kept.take(peer.origin)
    answer = connection.handle_request(
        httpcore2.Request("GET", httpcore2.URL(f"http://127.0.0.1:{peer.port}/"), headers=[("host", "x")])
    )
    answer.read()
    answer.close()
    return connection


def test_what_is_in_use_is_nobody_elses_and_what_came_back_is_used_again(kept: Kept, peer: Peer) -> None:
    first, second = _asked(kept, peer), _asked(kept, peer)
    assert first is not second
    kept.give(first, peer.origin)
    kept.give(second, peer.origin)
    assert kept.take(peer.origin) is second
    assert kept.take(peer.origin) is first
    assert len(peer.connections) == 2


def test_a_connection_leads_only_where_it_was_made_for(kept: Kept, peer: Peer) -> None:
    kept.give(_asked(kept, peer), peer.origin)
    elsewhere = httpcore2.Origin(b"https", b"127.0.0.1", peer.port)
    assert kept.take(elsewhere).can_handle_request(elsewhere)
    assert not kept.take(elsewhere).can_handle_request(peer.origin)


def test_one_that_the_peer_closed_meanwhile_is_not_used(peer: Peer) -> None:
    peer.closes_after = 1
    door = HttpDoor(Policy.of([f"127.0.0.1:{peer.port}"]))
    for _ in range(5):
        peer.closed.clear()
        assert door.request("GET", f"http://127.0.0.1:{peer.port}/").content == b"hello"
        assert peer.closed.wait(5)
    assert len(peer.connections) == 5
    door.close()


def test_one_whose_answer_was_not_read_to_its_end_is_not_used(peer: Peer) -> None:
    door = HttpDoor(Policy.of([f"127.0.0.1:{peer.port}"]))
    with pytest.raises(AnswerTooLarge):
        door.request("GET", f"http://127.0.0.1:{peer.port}/", max_bytes=3)
    assert door.request("GET", f"http://127.0.0.1:{peer.port}/").content == b"hello"
    assert len(peer.connections) == 2
    door.close()


def test_too_many_idle_ones_are_closed(kept: Kept, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_IDLE", 3)
    used = [_asked(kept, peer) for _ in range(5)]
    for each in used:
        kept.give(each, peer.origin)
    assert [each.is_closed() for each in used] == [True, True, False, False, False]


def test_those_not_needed_for_long_are_closed_with_the_next_that_comes_back(peer: Peer) -> None:
    kept = Kept(httpcore2.HTTPConnection, seconds=0.05)
    old, young = _asked(kept, peer), _asked(kept, peer)
    kept.give(old, peer.origin)
    time.sleep(0.1)
    kept.give(young, peer.origin)
    assert (old.is_closed(), young.is_closed()) == (True, False)


def test_closing_closes_what_is_idle(kept: Kept, peer: Peer) -> None:
    connection = _asked(kept, peer)
    kept.give(connection, peer.origin)
    kept.close()
    assert connection.is_closed()
