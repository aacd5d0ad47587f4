"""The ASGI door: each path gets the middleware it needs, and sockets check where they come from."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator

from tests.cast import Cast

Peer: Any = ApplicationCommunicator


def call(
    path: str, *headers: tuple[bytes, bytes], method: str = "GET", body: bytes = b"", root_path: str = ""
) -> tuple[int, dict[str, str], bytes]:
    from config.asgi import application

    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": root_path,
        "query_string": b"",
        "headers": [(b"host", b"testserver"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
        "scheme": "http",
        "http_version": "1.1",
    }

    async def talk() -> tuple[int, dict[str, str], bytes]:
        peer: Any = Peer(application, scope)
        await peer.send_input({"type": "http.request", "body": body, "more_body": False})
        start = await peer.receive_output(10)
        found = b""
        while True:
            part = await peer.receive_output(10)
            found += part.get("body", b"")
            if not part.get("more_body"):
                break
        await peer.wait(10)
        names = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        return start["status"], names, found

    return async_to_sync(talk)()


@pytest.mark.django_db
class TestHttp:
    def test_pages_have_the_full_stack(self) -> None:
        status, headers, _ = call("/accounts/login/")
        assert status == 200
        assert "content-security-policy" in headers
        assert "agentflow_csrf" in headers["set-cookie"]

    def test_lean_routes_have_no_session_but_the_security_headers(self) -> None:
        status, headers, body = call("/api/v1/public/nothing")
        assert status == 404
        assert headers["content-type"] == "application/problem+json"
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers
        assert b"core.not_found" in body

    def test_files_of_packages_are_served_without_collecting_them(self) -> None:
        status, headers, body = call("/static/drf_spectacular_sidecar/swagger-ui-dist/favicon-32x32.png")
        assert (status, headers["content-type"]) == (200, "image/png")
        assert body.startswith(b"\x89PNG")

    @pytest.mark.parametrize(
        "path", ["/static/../config/settings/base.py", "/static/%2e%2e/manage.py", "/static/nothing"]
    )
    def test_nothing_else_is_served(self, path: str) -> None:
        assert call(path)[0] == 404

    @pytest.mark.parametrize(
        "path",
        [
            *("/", "/nowhere", "/api/v1/app/me", "/api/v1/docs/", "/webhooks/a/b"),
            *("/api/v1/public/health", "/demo/stock", "/integrations/x"),
            *("/static/nothing", "/static/drf_spectacular_sidecar/swagger-ui-dist/favicon-32x32.png"),
        ],
    )
    def test_no_answer_goes_out_without_a_content_policy(self, path: str) -> None:
        _, headers, _ = call(path)
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"

    def test_a_root_that_the_client_claims_counts_for_nothing(self) -> None:
        """Daphne takes it from a header; below `/demo` the page would be found without session and CSRF check."""
        assert call("/demo/accounts/login/", root_path="/demo")[0] == 404
        assert call("/", root_path="/evil")[1]["location"] == "/accounts/login/"


def connect(path: str, origin: bytes) -> dict[str, Any]:
    from config.asgi import application

    scope: dict[str, Any] = {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"testserver"), (b"origin", origin)],
        "subprotocols": [],
        "client": ("127.0.0.1", 1),
    }

    async def talk() -> dict[str, Any]:
        peer: Any = Peer(application, scope)
        await peer.send_input({"type": "websocket.connect"})
        answer: dict[str, Any] = await peer.receive_output(10)
        return answer

    return async_to_sync(talk)()


@pytest.mark.parametrize(
    "origin",
    [b"https://evil.example", b"http://testserver:9999", b"http://evil.example@testserver", b"null", b"http://", b""],
)
def test_a_socket_from_a_foreign_page_is_refused(cast: Cast, origin: bytes) -> None:
    answer = connect("/ws/executions/01a1f84e-fbb8-7be5-aaec-d6c586249277/", origin)
    assert answer["type"] == "websocket.close"


def test_a_socket_from_a_page_of_ours_is_opened(cast: Cast, settings: Any) -> None:
    settings.BASE_URL = "https://TestServer:8443"
    for origin in (b"http://testserver", b"https://testserver:8443"):  # the second behind a proxy that renames the host
        assert connect("/ws/nowhere/", origin)["type"] == "websocket.accept"
