"""Bodies that no route would take are refused while they arrive.

Daphne keeps a whole body in memory before anybody asks how long it is, so one caller without a name could fill it.
"""

from __future__ import annotations

from typing import Any

from daphne import http_protocol
from django.conf import settings

_REFUSAL = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BoundedRequest(http_protocol.WebRequest):  # type: ignore[misc]
    """Daphne's request with at most DATA_UPLOAD_MAX_MEMORY_SIZE bytes of body; more ends the connection with 413."""

    _is_refused = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Twisted would take forms apart on the event loop, with no limit to their fields, for nobody to read.
        self._parsePOSTFormSubmission = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        """Twisted calls this with the announced length, if there is one."""
        super().gotLength(length)
        if length is not None and length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        """Twisted calls this with every piece that arrives."""
        if self._is_refused:
            return
        if self.content.tell() + len(data) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            self._refuse()
            return
        super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        """Twisted calls this when everything has arrived."""
        if not self._is_refused:
            super().requestReceived(command, path, version)

    def _refuse(self) -> None:
        self._is_refused = True
        channel: Any = self.channel
        channel.transport.write(_REFUSAL)
        channel.loseConnection()


def bound() -> None:
    """Have Daphne make such requests. Before its server starts."""
    http_protocol.WebRequest = BoundedRequest
