"""The egress door: what gets out, what does not, and what is known about it afterwards."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpcore2
import pytest

from apps.core.egress import EgressError, HttpDoor, Line, Policy, line, resolve
from apps.core.egress import door as door_of


@dataclass
class Server:
    """A web server that remembers what reached it and does what a path says."""

    port: int
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    home: Server

    def log_message(self, *args: Any) -> None:
        pass

    def _serve(self) -> None:
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.home.seen.append((self.command, self.path, headers, body))
        self.home.connections.add(self.client_address)
        kind, _, rest = self.path.lstrip("/").partition("/")
        if kind == "to":
            status, _, target = rest.partition("/")
            return self._answer(int(status), b"", {"Location": target})
        if kind == "big":
            return self._answer(200, b"x" * int(rest))
        if kind == "bomb":
            return self._answer(200, gzip.compress(b"\0" * int(rest)), {"Content-Encoding": "gzip"})
        if kind == "gzip":
            return self._answer(200, gzip.compress(b"hello" * 100), {"Content-Encoding": "gzip"})
        if kind == "brotli":
            return self._answer(200, b"\x00", {"Content-Encoding": "br"})
        if kind == "slow":
            time.sleep(float(rest))
            return self._answer(200, b"late")
        if kind == "hang-up":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return None
        if kind == "drip":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b".")
                time.sleep(0.05)
            return None
        if kind == "cookie":
            return self._answer(200, b"", {"Set-Cookie": "session=secret"})
        if kind == "status":
            return self._answer(int(rest), b"sorry")
        return self._answer(200, json.dumps({"path": self.path}).encode(), {"Content-Type": "application/json"})

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            if self.command != "HEAD":
                self.wfile.write(body)
        except OSError:
            self.close_connection = True


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    handler = type("Handler", (_Handler,), {})
    server = _Quiet(("127.0.0.1", 0), handler)
    handler.home = Server(server.server_address[1])  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield handler.home  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def server(running: Server) -> Server:
    running.seen.clear()
    running.connections.clear()
    return running


@pytest.fixture
def allowed(server: Server) -> Iterator[HttpDoor]:
    door = HttpDoor(Policy.of([f"127.0.0.1:{server.port}"]))
    yield door
    door.close()


def _names(**addresses: list[str]) -> Any:
    """A resolver of fixed names, `_` standing for dots."""
    table = {name.replace("_", "."): found for name, found in addresses.items()}

    def resolver(host: str, port: int) -> list[str]:
        if host not in table:
            raise socket.gaierror(-2, "Name or service not known")
        return table[host]

    return resolver


# ── What is refused ──────────────────────────────────────────────────────────────────────────────────────────────────

HOSTS = [
    "127.0.0.1",
    "localhost",
    "0",
    "0.0.0.0",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "017700000001",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "[fd00:ec2::254]",
    "[fe80::1%25eth0]",
    "[fec0::1]",
    "[ff02::1]",
    "[5f00::1]",
    "169.254.169.254",
    "0xa9fea9fe",
    "169.254.43518",
    "192.0.0.192",
    "100.100.100.200",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "LOCALHOST",
    "localhost.",
    "127.0.0.1.",
]
NAMES = ["metadata.google.internal", "host.docker.internal", "postgres", "redis", "127.0.0.1.nip.io", "localtest.me"]


@pytest.mark.parametrize("host", HOSTS)
def test_addresses_inside_are_refused_however_they_are_written(server: Server, host: str) -> None:
    for url in (f"http://{host}:{server.port}/", f"http://{host}/", f"https://{host}/"):
        with pytest.raises(EgressError) as refused:
            HttpDoor().request("GET", url, timeout=2)
        assert not refused.value.sent
        assert refused.value.code in ("egress.refused", "egress.bad_request", "egress.dns"), refused.value.message
    assert server.seen == []


@pytest.mark.parametrize("host", NAMES)
def test_names_that_lead_inside_are_refused(server: Server, host: str) -> None:
    door = HttpDoor(resolver=lambda name, port: ["127.0.0.1"])
    with pytest.raises(EgressError) as refused:
        door.request("GET", f"http://{host}:{server.port}/")
    assert refused.value.code == "egress.refused"
    assert server.seen == []


TRICKS = [
    "http://a@127.0.0.1:{port}/",
    "http://ok.com#@127.0.0.1:{port}/",
    "http://ok.com\\@127.0.0.1:{port}/",
    "http://ok.com:80@127.0.0.1:{port}/",
    "http://127.0.0.1%00.ok.com:{port}/",
    "http://127.0.0.1%2eok.com:{port}/",
    "http://127.0.0.1:{port}/\r\nX-Injected: 1",
    "http://127.0.0.1\r\nHost: ok.com:{port}/",
    "http://127.0.0.1\t:{port}/",
    "http://127.0.0.1 :{port}/",
    "http:///127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}",
    "/etc/passwd",
    "",
    "http://",
    "http://[::1",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:-1/",
    "http://" + "a" * 9000 + "/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_x",
    "dict://127.0.0.1:{port}/x",
    "ftp://127.0.0.1:{port}/",
    "ldap://127.0.0.1:{port}/",
    "jar:http://127.0.0.1:{port}/!/",
    "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "ws://127.0.0.1:{port}/",
    "data:text/plain,hello",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("url", TRICKS)
def test_addresses_that_trick_parsers_reach_nothing(server: Server, url: str) -> None:
    door = HttpDoor(resolver=_names(ok_com=["93.184.215.14"]))
    if url.startswith("http://ok.com#"):  # the fragment is not sent, the host is ok.com: nothing to refuse
        with pytest.raises(EgressError) as failed:
            HttpDoor(resolver=_names(ok_com=["127.0.0.1"])).request("GET", url.format(port=server.port), timeout=1)
    else:
        with pytest.raises(EgressError) as failed:
            door.request("GET", url.format(port=server.port), timeout=1)
    assert failed.value.code in ("egress.bad_request", "egress.refused", "egress.dns")
    assert server.seen == []


@pytest.mark.parametrize("port", [22, 25, 5432, 6379, 5672, 2375, 9200, 1])
def test_only_web_ports_of_strangers_may_be_called(port: int) -> None:
    with pytest.raises(EgressError, match="Port"):
        resolve("ok.com", port, Policy(), resolver=_names(ok_com=["93.184.215.14"]))
    assert resolve("ok.com", 443, Policy(), resolver=_names(ok_com=["93.184.215.14"])) == ("93.184.215.14",)


def test_a_name_with_one_inner_address_is_refused_whole() -> None:
    with pytest.raises(EgressError, match="private network"):
        resolve("ok.com", 443, Policy(), resolver=_names(ok_com=["93.184.215.14", "10.0.0.1"]))


def test_the_connection_goes_to_the_address_that_was_checked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([["93.184.215.14"], ["127.0.0.1"], ["127.0.0.1"]])
    asked: list[list[str]] = []
    reached: list[tuple[str, int]] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(next(answers))
        return asked[-1]

    def connect(self: Any, host: str, port: int, *args: Any) -> Any:
        reached.append((host, port))
        raise httpcore2.ConnectError("not in a test")

    monkeypatch.setattr(httpcore2.SyncBackend, "connect_tcp", connect)
    door = HttpDoor(resolver=rebinding)
    with pytest.raises(EgressError, match="No connection"):
        door.request("GET", "http://rebind.example:8080/")
    assert (asked, reached) == ([["93.184.215.14"]], [("93.184.215.14", 8080)])
    with pytest.raises(EgressError, match="leads to this machine"):
        door.request("GET", "http://rebind.example:8080/")
    assert len(reached) == 1


def test_proxies_named_in_the_environment_are_not_used(
    server: Server, allowed: HttpDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, server.url())
    door = HttpDoor(resolver=_names(ok_com=["127.0.0.1"]))
    with pytest.raises(EgressError):
        door.request("GET", "http://ok.com/through-the-proxy")
    assert server.seen == []
    assert allowed.request("GET", server.url("/direct")).status == 200


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:{port}/inside", "//127.0.0.1:{port}/inside", "file:///etc/passwd"]
)
def test_redirects_pass_the_same_check(server: Server, status: int, target: str) -> None:
    door = HttpDoor(Policy.of([f"front:{server.port}"]), resolver=_names(front=["127.0.0.1"]))
    to = target.format(port=server.port)
    with pytest.raises(EgressError) as refused:
        door.request("POST", server.url(f"/to/{status}/{to}", "front"), json={"a": 1})
    assert refused.value.code == "egress.redirect_refused"
    assert refused.value.sent
    assert not refused.value.is_unknown
    assert [path for _, path, _, _ in server.seen] == [f"/to/{status}/{to}"]


def test_no_more_than_three_redirects_are_followed(server: Server, allowed: HttpDoor) -> None:
    def chain(length: int) -> str:
        return server.url("/to/302/" * length + "/end")

    assert allowed.request("GET", chain(3)).status == 200
    with pytest.raises(EgressError, match="more than 3 times"):
        allowed.request("GET", chain(4))


def test_secrets_stay_behind_when_a_redirect_leads_to_another_host(server: Server) -> None:
    door = HttpDoor(
        Policy.of([f"a:{server.port}", f"b:{server.port}"]), resolver=_names(a=["127.0.0.1"], b=["127.0.0.1"])
    )
    secrets = {"Authorization": "Bearer t", "Cookie": "c=1", "X-Api-Key": "k", "Accept": "text/plain"}
    door.request("GET", server.url(f"/to/302/{server.url('/next', 'b')}", "a"), headers=secrets)
    door.request("GET", server.url("/to/302//next", "a"), headers=secrets)
    elsewhere, same = server.seen[1][2], server.seen[3][2]
    assert not {"authorization", "cookie", "x-api-key"} & elsewhere.keys()
    assert elsewhere["accept"] == "text/plain"
    assert elsewhere["host"] == f"b:{server.port}"
    assert same["authorization"] == "Bearer t"
    door.close()


def test_a_redirected_post_becomes_a_get_unless_the_status_keeps_it(server: Server, allowed: HttpDoor) -> None:
    for status, method in ((301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")):
        server.seen.clear()
        allowed.request("POST", server.url(f"/to/{status}//next"), json={"a": 1})
        assert server.seen[1][0] == method
        assert (server.seen[1][3] == b'{"a":1}') is (method == "POST")


@pytest.mark.parametrize(
    "headers",
    [{"Host": "inside"}, {"Content-Length": "0"}, {"Transfer-Encoding": "chunked"}, {"Proxy-Authorization": "x"}],
)
def test_headers_that_frame_the_request_are_ours(server: Server, allowed: HttpDoor, headers: dict[str, str]) -> None:
    with pytest.raises(EgressError, match="set by the product"):
        allowed.request("GET", server.url(), headers=headers)


@pytest.mark.parametrize("headers", [{"X": "a\r\nY: b"}, {"X\r\nY": "b"}, {"": "x"}, {"X Y": "z"}, {"X": "a\0b"}])
def test_headers_cannot_be_broken_out_of(server: Server, allowed: HttpDoor, headers: dict[str, str]) -> None:
    with pytest.raises(EgressError) as refused:
        allowed.request("GET", server.url(), headers=headers)
    assert refused.value.code == "egress.bad_request"
    assert server.seen == []


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "get", "GET /x HTTP/1.1\r\n", "", "ÄB"])
def test_methods_that_are_none_are_refused(server: Server, allowed: HttpDoor, method: str) -> None:
    with pytest.raises(EgressError):
        allowed.request(method, server.url())
    assert server.seen == []


# ── What gets out ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_the_operator_named_may_be_called(server: Server) -> None:
    for entry in ("127.0.0.1", f"127.0.0.1:{server.port}", f" LOCALHOST:{server.port} ", "localhost."):
        host = "localhost" if "ocalhost" in entry.lower() else "127.0.0.1"
        door = HttpDoor(Policy.of([entry, ""]))
        assert door.request("GET", server.url(host=host)).status == 200
        door.close()
    other = HttpDoor(Policy.of(["127.0.0.1:1"]))
    with pytest.raises(EgressError) as refused:
        other.request("GET", server.url())
    assert f"add 127.0.0.1:{server.port} to EGRESS_ALLOW" in refused.value.hint


def test_a_request_arrives_as_it_was_given(server: Server, allowed: HttpDoor) -> None:
    answer = allowed.request(
        "PUT",
        server.url("/thing?a=1"),
        params={"b": "x y&z", "list": [1, True], "none": None},
        headers={"X-One": "1"},
        json={"ä": 1},
    )
    method, path, headers, body = server.seen[0]
    assert (method, path) == ("PUT", "/thing?a=1&b=x+y%26z&list=1&list=true&none=")
    assert json.loads(body) == {"ä": 1}
    assert headers["content-type"] == "application/json"
    assert headers["x-one"] == "1"
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.url.endswith("none=")


def test_a_status_is_an_answer_not_an_error(server: Server, allowed: HttpDoor) -> None:
    for status in (201, 404, 500, 503):
        assert allowed.request("GET", server.url(f"/status/{status}")).status == status


def test_redirects_are_left_alone_when_asked(server: Server, allowed: HttpDoor) -> None:
    answer = allowed.request("GET", server.url("/to/302//next"), follow_redirects=False)
    assert (answer.status, answer.headers["location"]) == (302, "/next")


def test_an_answer_can_be_handed_on_as_it_arrives(server: Server, allowed: HttpDoor) -> None:
    pieces: list[bytes] = []
    answer = allowed.request("GET", server.url("/gzip"), on_bytes=pieces.append)
    assert (answer.content, b"".join(pieces)) == (b"", b"hello" * 100)
    refused = allowed.request("GET", server.url("/status/404"), on_bytes=lambda piece: pieces.clear())
    assert refused.status == 404
    assert pieces
    with pytest.raises(EgressError):
        allowed.request("GET", server.url("/big/1001"), on_bytes=pieces.append, max_bytes=1000)
    with pytest.raises(ZeroDivisionError):
        allowed.request("GET", server.url("/gzip"), on_bytes=lambda piece: 1 // 0)


def test_packed_answers_are_unpacked_within_the_limit(server: Server, allowed: HttpDoor) -> None:
    assert allowed.request("GET", server.url("/gzip")).content == b"hello" * 100
    with pytest.raises(EgressError) as bomb:
        allowed.request("GET", server.url("/bomb/50000000"), max_bytes=100_000)
    assert bomb.value.code == "egress.too_large"
    with pytest.raises(EgressError) as unknown:
        allowed.request("GET", server.url("/brotli"))
    assert unknown.value.code == "egress.unreadable"


def test_answers_are_read_up_to_the_limit(server: Server, allowed: HttpDoor) -> None:
    assert len(allowed.request("GET", server.url("/big/1000"), max_bytes=1000).content) == 1000
    with pytest.raises(EgressError) as large:
        allowed.request("GET", server.url("/big/1001"), max_bytes=1000)
    assert large.value.code == "egress.too_large"
    assert large.value.sent
    assert not large.value.is_unknown


def test_cookies_are_not_kept_between_requests(server: Server, allowed: HttpDoor) -> None:
    allowed.request("GET", server.url("/cookie"))
    allowed.request("GET", server.url("/after"))
    assert "cookie" not in server.seen[1][2]


# ── What is known when it fails ──────────────────────────────────────────────────────────────────────────────────────


def test_a_name_that_does_not_resolve_sent_nothing() -> None:
    with pytest.raises(EgressError) as failed:
        HttpDoor(resolver=_names()).request("POST", "https://nowhere.example/", json={})
    assert (failed.value.code, failed.value.sent, failed.value.is_passing) == ("egress.dns", False, True)


def test_a_name_server_that_hangs_costs_only_the_timeout() -> None:
    def hanging(host: str, port: int) -> list[str]:
        time.sleep(1)
        return ["93.184.215.14"]

    begun = time.monotonic()
    with pytest.raises(EgressError) as failed:
        HttpDoor(resolver=hanging).request("GET", "https://slow.example/", timeout=0.2)
    assert (failed.value.code, failed.value.sent) == ("egress.dns", False)
    assert time.monotonic() - begun < 0.8


def test_a_refused_connection_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(EgressError) as failed:
        HttpDoor(Policy.of(["127.0.0.1"])).request("POST", f"http://127.0.0.1:{port}/", json={})
    assert (failed.value.code, failed.value.sent, failed.value.is_unknown) == ("egress.connect", False, False)


def test_a_missing_answer_is_unknown(server: Server, allowed: HttpDoor) -> None:
    begun = time.monotonic()
    with pytest.raises(EgressError) as failed:
        allowed.request("POST", server.url("/slow/1"), json={}, timeout=0.2)
    assert (failed.value.code, failed.value.sent, failed.value.is_unknown) == ("egress.timeout", True, True)
    assert time.monotonic() - begun < 0.6


def test_a_slow_drip_does_not_outlast_the_timeout(server: Server, allowed: HttpDoor) -> None:
    begun = time.monotonic()
    with pytest.raises(EgressError) as failed:
        allowed.request("GET", server.url("/drip"), timeout=0.3)
    assert failed.value.code == "egress.timeout"
    assert time.monotonic() - begun < 1


def test_a_connection_that_breaks_leaves_a_write_unknown(server: Server, allowed: HttpDoor) -> None:
    with pytest.raises(EgressError) as failed:
        allowed.request("POST", server.url("/hang-up"), json={})
    assert (failed.value.code, failed.value.is_unknown) == ("egress.broken", True)


def test_tls_that_cannot_be_trusted_sent_nothing(server: Server) -> None:
    with pytest.raises(EgressError) as failed:
        HttpDoor(Policy.of(["127.0.0.1"])).request("GET", f"https://127.0.0.1:{server.port}/", timeout=2)
    assert not failed.value.sent
    assert failed.value.code in ("egress.tls", "egress.connect")


# ── One pool for everybody ───────────────────────────────────────────────────────────────────────────────────────────


def test_connections_are_kept_alive(server: Server, allowed: HttpDoor) -> None:
    for _ in range(20):
        allowed.request("GET", server.url())
    assert len(server.connections) == 1


def test_threads_share_one_door(server: Server) -> None:
    policy = Policy.of([f"127.0.0.1:{server.port}"])
    assert door_of(policy) is door_of(Policy.of([f"127.0.0.1:{server.port}"]))
    with ThreadPoolExecutor(32) as threads:
        urls = [server.url(f"/item-{number}") for number in range(200)]
        answers = list(threads.map(lambda url: door_of(policy).request("GET", url), urls))
    assert [json.loads(answer.content)["path"] for answer in answers] == [f"/item-{number}" for number in range(200)]
    door_of(policy).close()


def test_nobody_listening_is_said_without_the_systems_number() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    door = HttpDoor(Policy.of([f"127.0.0.1:{port}"]))
    with pytest.raises(EgressError, match=rf"^No connection to 127\.0\.0\.1:{port}: Connection refused\.") as refused:
        door.request("GET", f"http://127.0.0.1:{port}/")
    assert refused.value.hint == "Check host and port, and that it runs."


def test_nobody_is_led_to_open_a_metadata_address() -> None:
    with pytest.raises(EgressError) as refused:
        HttpDoor(Policy.of([])).request("GET", "http://169.254.169.254/latest/meta-data/")
    assert "EGRESS_ALLOW" not in refused.value.hint


def test_another_thread_can_hang_up() -> None:
    """What nobody waits for any more does not go on to its timeout."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    door = HttpDoor(Policy.of([f"127.0.0.1:{port}"]))
    lines: list[Line] = []
    seen: list[EgressError] = []

    def call() -> None:
        with line() as mine:
            lines.append(mine)
            for _ in range(2):  # nothing more is sent, either
                try:
                    door.request("POST", f"http://127.0.0.1:{port}/", timeout=30)
                except EgressError as error:
                    seen.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    peer, _ = listener.accept()
    assert peer.recv(65_536)
    lines[0].cut()
    caller.join(timeout=5)
    assert not caller.is_alive()
    first = seen[0]
    assert (first.code, first.is_unknown, first.is_other_side) == ("egress.hung_up", True, False)
    assert len(seen) == 2
    peer.close()
    listener.close()
