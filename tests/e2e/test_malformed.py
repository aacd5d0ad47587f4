"""A thousand requests that are none, sent as bytes to the running server: no 5xx, no hanging, and it serves on.

Drawn from whole requests by breaking them: lines cut, doubled, swapped; lengths that lie; bytes that no header may
hold; chunks that never end; and the classic tricks of smuggling, written out.
"""

from __future__ import annotations

import random
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from playwright.sync_api import APIRequestContext

from tests.e2e.orders import write
from tests.e2e.product import Product
from tests.fuzzing import SEED, cases

pytestmark = [pytest.mark.browser, pytest.mark.fuzz, pytest.mark.timeout(900)]

HOST = b"Host: 127.0.0.1\r\n"
WHOLE = (
    b"GET / HTTP/1.1\r\n" + HOST + b"Accept: text/html\r\n\r\n",
    b"GET /api/v1/app/workflows/?page_size=5 HTTP/1.1\r\n" + HOST + b"Authorization: Bearer af_x\r\n\r\n",
    b"POST /api/v1/app/workflows/ HTTP/1.1\r\n"
    + HOST
    + b'Content-Type: application/json\r\nContent-Length: 12\r\n\r\n{"name":"x"}',
    b"POST /webhooks/demo/taken HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /webhooks/demo/taken HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"POST /accounts/login/ HTTP/1.1\r\n"
    + HOST
    + b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 62\r\n\r\n"
    + b'--b\r\nContent-Disposition: form-data; name="login"\r\n\r\nx\r\n--b--\r\n',
    b"GET /ws/executions/00000000-0000-7000-8000-000000000000/ HTTP/1.1\r\n"
    + HOST
    + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    b"GET /static/app.css HTTP/1.1\r\n" + HOST + b"If-Modified-Since: yesterday\r\nRange: bytes=0-1\r\n\r\n",
    b"GET /i/token/ HTTP/1.0\r\n\r\n",
)
TRICKS = (
    b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
    b"GET /\r\n\r\n",
    b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET http://example.com/ HTTP/1.1\r\n" + HOST + b"\r\n",
    b"CONNECT example.com:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /%zz%00%ff HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /../../../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /static/..%2f..%2fmanage.py HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"b" * 70_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: y\r\n" % number for number in range(2_000)) + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"Cookie: agentflow_session=" + b"\xff" * 100 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"Authorization: Bearer \xf0\x9f\x92\xa5\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"Daphne-Root-Path: /../..\r\n\r\n",
    b"POST /webhooks/demo/taken HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    b"POST /webhooks/demo/taken HTTP/1.1\r\n" + HOST + b"Content-Length: 1e3\r\n\r\n{}",
    b"POST /webhooks/demo/taken HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999999999\r\n\r\n{}",
    b"POST /webhooks/demo/taken HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}abc",
    b"POST /webhooks/demo/taken HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
    b"POST /webhooks/demo/taken HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n{}",
    b"POST /webhooks/demo/taken HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
    b"POST /webhooks/demo/taken HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}",
    b"POST /webhooks/demo/taken HTTP/1.1\r\n" + HOST + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    b"GET /ws/executions/x/ HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
)


def broken(chance: random.Random) -> bytes:
    """A whole request, broken one to four times."""
    found = bytearray(chance.choice(WHOLE))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(found) + 1)
        match chance.randrange(8):
            case 0:
                del found[at : at + chance.randint(1, 40)]
            case 1:
                found[at:at] = chance.randbytes(chance.randint(1, 20))
            case 2:
                found[at:at] = found[at : at + 60]
            case 3:
                lines = bytes(found).split(b"\r\n")
                chance.shuffle(lines)
                found = bytearray(b"\r\n".join(lines))
            case 4:
                found = found.replace(b"\r\n", chance.choice([b"\n", b"\r", b"\r\n ", b"\x00\r\n"]), 1)
            case 5:
                found = bytearray(re.sub(rb"\d+", str(chance.choice([-1, 0, 10**6, 10**30])).encode(), found, count=1))
            case 6:
                found[at:at] = chance.choice(
                    [b"\x00", b"\xff", b"%00", b"\xe2\x80\xae", b"\t", b" ", b":", b"\r\n\r\n"]
                )
            case _:
                found[at : at + 1] = bytes([chance.randrange(256)])
        found = found or bytearray(b"\n")
    return bytes(found)


def requests() -> Iterator[bytes]:
    yield from TRICKS
    chance = random.Random(SEED)
    for _ in range(cases(1_000, 5_000) - len(TRICKS)):
        yield broken(chance)


def answered(port: int, sent: bytes) -> bytes:
    """What comes back until the server hangs up, or falls silent: it has answered, or waits for more."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        try:
            connection.sendall(sent)
            connection.settimeout(1.0)
            while piece := connection.recv(65_536):
                found += piece
                connection.settimeout(0.1)
        except OSError:
            pass
    return found


def test_nothing_that_is_sent_makes_the_server_fail(running: Product, api: APIRequestContext) -> None:
    hook = {"id": "hook", "name": "Hook", "type": "TRIGGER", "subtype": "WEBHOOK", "params": {"path": "taken"}}
    definition = {"nodes": [hook], "connections": [], "settings": {}}
    workflow = write(api, "workflows/", {"name": "Takes anything", "definition": definition})["id"]
    write(api, f"workflows/{workflow}/activate/")
    port = int(running.url.rpartition(":")[2])
    sent = list(requests())
    with ThreadPoolExecutor(32) as senders:
        answers = list(senders.map(lambda each: answered(port, each), sent))
    failed = [
        f"{asked[:200]!r} → {answer[:200]!r}"
        for asked, answer in zip(sent, answers, strict=True)
        if re.search(rb"(?m)^HTTP/1\.[01] 5", answer)
    ]
    assert not failed, "\n".join(failed)
    statuses = [match[1] for answer in answers if (match := re.match(rb"HTTP/1\.[01] (\d{3}) ", answer))]
    assert len(statuses) > len(sent) // 2, "most of them should get an answer"
    assert len(set(statuses)) > 5, f"not only the parser should have had something to say: {set(statuses)}"
    assert httpx2.get(f"{running.url}/api/v1/public/health/").json()["status"] == "ok"
    for secret in (b"Traceback", b"/site-packages/", b"django.core"):
        assert not any(secret in answer for answer in answers)
