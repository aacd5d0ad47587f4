"""A mailbox in a thread that speaks IMAP: sign-in, a folder, search and fetch by number."""

from __future__ import annotations

import re
import shlex
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

USER, PASSWORD = "approvals@acme.example", "imap-p4ssword"


@dataclass
class Imap:
    """What lies in it. `validity` changes when a mailbox is made anew."""

    host: str = "127.0.0.1"
    port: int = 0
    validity: int = 7
    mails: dict[int, bytes] = field(default_factory=dict)
    highest: int = 0
    logins: int = 0
    is_down: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        """`host:port`, as EGRESS_ALLOW wants it."""
        return f"{self.host}:{self.port}"

    @property
    def fields(self) -> dict[str, object]:
        """The fields of an IMAP credential for it."""
        found = {"host": self.host, "port": self.port, "security": "none", "username": USER, "password": PASSWORD}
        return dict(found)

    def arrives(self, raw: bytes) -> int:
        """A mail comes in; gives its number."""
        with self.lock:
            self.highest += 1
            self.mails[self.highest] = raw
            return self.highest


@contextmanager
def imap_server() -> Iterator[Imap]:
    """A mailbox on a free port of this machine."""
    state = Imap()

    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def _say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

        def handle(self) -> None:
            if state.is_down:
                return
            self._say("* OK IMAP4rev1 ready")
            while raw := self.rfile.readline(10_000):
                tag, _, rest = raw.decode("utf-8", "replace").strip().partition(" ")
                verb, _, given = rest.partition(" ")
                verb = verb.upper()
                if verb == "CAPABILITY":
                    self._say("* CAPABILITY IMAP4rev1")
                elif verb == "LOGIN":
                    state.logins += 1
                    if shlex.split(given) != [USER, PASSWORD]:
                        self._say(f"{tag} NO [AUTHENTICATIONFAILED] wrong password")
                        continue
                elif verb in ("SELECT", "EXAMINE"):
                    if shlex.split(given) != ["INBOX"]:
                        self._say(f"{tag} NO no such folder")
                        continue
                    self._say(f"* {len(state.mails)} EXISTS")
                    self._say(f"* OK [UIDVALIDITY {state.validity}] ok")
                    self._say(f"* OK [UIDNEXT {state.highest + 1}] ok")
                elif verb == "UID":
                    self._uid(given)
                elif verb == "LOGOUT":
                    self._say("* BYE")
                    self._say(f"{tag} OK bye")
                    return
                self._say(f"{tag} OK {verb} done")

        def _uid(self, given: str) -> None:
            with state.lock:
                if given.upper().startswith("SEARCH"):
                    first = int(re.findall(r"(\d+):\*", given)[0])
                    # As real ones do: `n:*` always names the last mail, even when its number is below n.
                    found = [each for each in state.mails if each >= first] or list(state.mails)[-1:]
                    self._say(f"* SEARCH {' '.join(map(str, found))}")
                elif given.upper().startswith("FETCH"):
                    number = int(given.split()[1])
                    raw = state.mails[number]
                    head = f"* 1 FETCH (UID {number} RFC822.SIZE {len(raw)} BODY[]<0> {{{len(raw)}}}\r\n"
                    self.wfile.write(head.encode() + raw + b")\r\n")

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield state
        finally:
            server.shutdown()
