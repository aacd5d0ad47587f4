"""A mail server in a thread that speaks SMTP: takes mail, refuses whom it is told to, and keeps what it took."""

from __future__ import annotations

import base64
import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

USER, PASSWORD = "approvals@acme.example", "smtp-p4ssword"


@dataclass
class Smtp:
    """What it took and how it behaves. `answers`: what it says to DATA first; `unknown`: no such mailbox."""

    host: str = "127.0.0.1"
    port: int = 0
    needs_login: bool = True
    answers: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    taken: list[tuple[str, str, bytes]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        """`host:port`, as EGRESS_ALLOW wants it."""
        return f"{self.host}:{self.port}"

    @property
    def fields(self) -> dict[str, object]:
        """The fields of an SMTP credential for it."""
        found = {"host": self.host, "port": self.port, "security": "none", "username": USER, "password": PASSWORD}
        return dict(found)

    def mails(self) -> list[EmailMessage]:
        """What it took, read."""
        return [email.message_from_bytes(raw, policy=email.policy.default) for _, _, raw in self.taken]


@contextmanager
def smtp_server() -> Iterator[Smtp]:
    """A mail server on a free port of this machine."""
    state = Smtp()

    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def _say(self, line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        def handle(self) -> None:
            sender, recipient, is_in = "", "", not state.needs_login
            self._say("220 fake ESMTP")
            while True:
                raw = self.rfile.readline(2_000)
                if not raw:
                    return
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                verb = line[:4].upper()
                if verb == "EHLO":
                    self._say("250-fake")
                    self._say("250-SMTPUTF8")
                    self._say("250 AUTH PLAIN")
                elif verb == "AUTH":
                    given = base64.b64decode(line.rpartition(" ")[2]).split(b"\0")[1:]
                    is_in = given == [USER.encode(), PASSWORD.encode()]
                    self._say("235 ok" if is_in else "535 5.7.8 Bad credentials")
                elif verb == "MAIL":
                    sender = line.partition("<")[2].partition(">")[0]
                    self._say("250 ok" if is_in else "530 Sign in first")
                elif verb == "RCPT":
                    recipient = line.partition("<")[2].partition(">")[0]
                    self._say("550 5.1.1 No such user" if recipient in state.unknown else "250 ok")
                elif verb == "DATA":
                    self._say("354 go on")
                    body = bytearray()
                    while (part := self.rfile.readline()) not in (b".\r\n", b""):
                        body += part[1:] if part.startswith(b"..") else part
                    with state.lock:
                        said = state.answers.pop(0) if state.answers else "250 taken"
                        if said.startswith("2"):
                            state.taken.append((sender, recipient, bytes(body)))
                    self._say(said)
                elif verb == "QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 ok")

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield state
        finally:
            server.shutdown()
