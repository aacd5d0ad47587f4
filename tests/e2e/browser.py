"""The browser: where it is found, how it is started, and what it complains about."""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    StorageState,
    WebSocket,
)

from config.embedded.browser import NAMES

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 30_000
WIDE, PHONE = (1440, 900), (390, 844)


def find_browser() -> str:
    """The path of a Chromium: $CHROMIUM, which `make test` sets, or one on PATH. Skips without any."""
    given = os.environ.get("CHROMIUM")
    if given:
        assert shutil.which(given), f"CHROMIUM={given} cannot be executed."
        return given
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    pytest.skip(f"no browser: set CHROMIUM, or put one of {', '.join(NAMES)} on PATH")


class Tabs:
    """Opens pages as somebody's browser would, and writes down everything that browser complains about."""

    def __init__(self, browser: Browser, base_url: str) -> None:
        self._browser, self._base_url = browser, base_url
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []
        self.expected: list[str] = []
        """Parts of complaints that a test provokes on purpose."""

    def open(self, *, size: tuple[int, int] = WIDE, storage_state: StorageState | None = None, **options: Any) -> Page:
        """A page in a browser of its own: its cookies and settings are shared by `page.context.new_page()` only."""
        width, height = size
        context = self._browser.new_context(
            base_url=self._base_url,
            storage_state=storage_state,
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="Europe/Berlin",
            **options,
        )
        context.set_default_timeout(PATIENCE_MS)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self._complain("script", str(error.error)))
        context.on("requestfailed", self._on_failed)
        context.on("response", self._on_response)
        context.on("page", lambda page: page.on("websocket", self._on_socket))
        self._contexts.append(context)
        return context.new_page()

    def unexpected(self) -> list[str]:
        """The complaints nobody provoked."""
        return [text for text in self.complaints if not any(part in text for part in self.expected)]

    def pages(self) -> list[Page]:
        """Every page still open."""
        return [page for context in self._contexts for page in context.pages]

    def close(self) -> None:
        """Close all of them."""
        while self._contexts:
            self._contexts.pop().close()

    def _complain(self, kind: str, text: str) -> None:
        self.complaints.append(f"{kind}: {text}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            place = message.location
            self._complain("console", f"{message.text} ({place.get('url', '')}:{place.get('lineNumber', '')})")

    def _on_failed(self, request: Request) -> None:
        # What was under way when the page was left is dropped, and nobody misses it.
        if request.failure != "net::ERR_ABORTED":
            self._complain("request", f"{request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self._complain("response", f"{response.request.method} {response.url}: {response.status}")

    def _on_socket(self, socket: WebSocket) -> None:
        socket.on("socketerror", lambda error: self._complain("socket", f"{socket.url}: {error}"))
