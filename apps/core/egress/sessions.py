"""The door for libraries that speak `requests`: a session of theirs whose every request goes out through ours."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from apps.core.egress.door import HttpDoor
from apps.core.egress.errors import EgressError

Failed = requests.RequestException
"""What such a library raises when a request fails, or is answered with an error."""
_OURS = {"host", "content-length", "connection", "transfer-encoding"}


class DoorAdapter(BaseAdapter):
    """Sends what a `requests` session prepared. Addresses are checked, time and size are limited as everywhere.

    Redirects are left to the session, which sends each of them through here. What fails is raised as the library's
    `ConnectionError`.
    """

    def __init__(self, door: HttpDoor, *, seconds: float, max_bytes: int) -> None:
        super().__init__()
        self._door, self._seconds, self._max_bytes = door, seconds, max_bytes

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """One request and its answer, read completely."""
        body = request.body
        try:
            answer = self._door.request(
                request.method or "GET",
                request.url or "",
                headers={
                    name: value if isinstance(value, str) else value.decode("latin-1")
                    for name, value in request.headers.items()
                    if name.lower() not in _OURS
                },
                content=body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else None,
                timeout=self._seconds,
                follow_redirects=False,
                max_bytes=self._max_bytes,
            )
        except EgressError as failed:
            raise requests.ConnectionError(failed.message, request=request) from None
        found = requests.Response()
        found.status_code, found.url, found.request = answer.status, answer.url, request
        found.headers = CaseInsensitiveDict(answer.headers)
        found.encoding = requests.utils.get_encoding_from_headers(found.headers) or "utf-8"
        found._content = answer.content
        found._content_consumed = True
        return found

    def close(self) -> None:
        """The door's connections are everybody's."""


def session(door: HttpDoor, *, seconds: float = 10.0, max_bytes: int = 1_000_000) -> requests.Session:
    """A session for a library that asks for one. Proxies and credentials of the environment are not used."""
    made = requests.Session()
    made.trust_env = False
    made.max_redirects = 3
    adapter = DoorAdapter(door, seconds=seconds, max_bytes=max_bytes)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    made.headers["accept-encoding"] = "gzip, deflate"
    return made
