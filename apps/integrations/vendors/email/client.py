"""Sending by SMTP and reading by IMAP, to addresses that were checked: the egress door's rule for other protocols."""

from __future__ import annotations

import imaplib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from django.conf import settings

from apps.core import egress
from apps.core.egress import EgressError
from apps.core.errors import DomainError

SECONDS = 15.0
PORTS = frozenset({25, 143, 465, 587, 993, 2525})
MOST_BYTES = 2_000_000
Security = Literal["tls", "starttls", "none"]


class MailFailed(DomainError):
    """A mail server did not do what it was asked. `code_of_server` is its answer; `is_refused`: for good."""

    code = "integrations.mail_failed"
    status = 502

    def __init__(
        self, message: str, *, server_code: int | None = None, is_refused: bool = False, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.server_code, self.is_refused = server_code, is_refused


@dataclass(frozen=True, slots=True)
class Server:
    """Where a mail server is, and who signs in there."""

    host: str
    port: int
    security: Security
    username: str = ""
    password: str = ""


def server_of(fields: Any) -> Server:
    """From the fields of an `smtp` or `imap` credential."""
    return Server(fields.host, fields.port, fields.security, fields.username, fields.password.get_secret_value())


def _connected(server: Server, timeout: float) -> socket.socket:
    """A connection to one of the addresses that were checked, and to nothing else."""
    policy = egress.Policy.of(settings.EGRESS_ALLOW)
    if server.security == "none" and not policy.allows(server.host, server.port):
        raise MailFailed(
            f"{server.host} would be told the password without encryption.",
            is_refused=True,
            hint="Choose TLS or STARTTLS, or let the operator add the server to EGRESS_ALLOW.",
        )
    failed: OSError | None = None
    for address in egress.resolve(server.host, server.port, policy, timeout=timeout, ports=PORTS):
        try:
            return socket.create_connection((address, server.port), timeout=timeout)
        except OSError as error:
            failed = error
    raise failed or OSError("there is no address")


def _wrapped(sock: socket.socket, host: str) -> ssl.SSLSocket:
    return ssl.create_default_context().wrap_socket(sock, server_hostname=host)


class _Smtp(smtplib.SMTP):
    def __init__(self, server: Server) -> None:
        self._server = server
        name = urlsplit(settings.BASE_URL).hostname or "localhost"  # the machine's own takes a look-up to find
        super().__init__(server.host, server.port, local_hostname=name, timeout=SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = _connected(self._server, timeout)
        return _wrapped(sock, host) if self._server.security == "tls" else sock


class _Imap(imaplib.IMAP4):
    def __init__(self, server: Server) -> None:
        self._server = server
        super().__init__(server.host, server.port, timeout=SECONDS)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        sock = _connected(self._server, timeout or SECONDS)
        return _wrapped(sock, self.host) if self._server.security == "tls" else sock


# ── SMTP ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _smtp(server: Server) -> Iterator[smtplib.SMTP]:
    try:
        with _Smtp(server) as found:
            if server.security == "starttls":
                found.starttls(context=ssl.create_default_context())
            if server.username:
                found.login(server.username, server.password)
            yield found
    except smtplib.SMTPAuthenticationError as error:
        # The password may be mended while the outbox waits.
        raise MailFailed(
            f"The mail server does not accept user name and password: {_text(error.smtp_error)}",
            server_code=error.smtp_code,
            hint="Enter them again in the credential.",
        ) from None
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()), (0, b""))
        raise _answered(code, answer) from None
    except smtplib.SMTPResponseException as error:
        raise _answered(error.smtp_code, error.smtp_error) from None
    except EgressError as error:
        raise MailFailed(error.message, hint=error.hint) from None
    except (smtplib.SMTPException, OSError) as error:
        raise MailFailed(f"The mail server {server.host} cannot be reached: {error}") from None


def mail_send(server: Server, *, sender: str, recipient: str, message: bytes) -> None:
    """Hand one mail over. Raises `MailFailed`."""
    with _smtp(server) as found:
        found.sendmail(sender, [recipient], message)


def smtp_test(server: Server) -> str:
    """Sign in and leave. Raises `MailFailed`."""
    with _smtp(server) as found:
        found.noop()
    return f"{server.host} accepts mail{f' from {server.username}' if server.username else ''}."


def _answered(code: int, answer: bytes | str) -> MailFailed:
    # 5xx is for good: the mailbox does not exist, the mail is not wanted.
    return MailFailed(
        f"The mail server answered {code} {_text(answer)}", server_code=code, is_refused=550 <= code < 560
    )


def _text(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:300]


# ── IMAP ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Fetched:
    """Mails that came since, the oldest first, by their number in the mailbox; and where to go on next time."""

    mails: Sequence[tuple[int, bytes]]
    validity: int
    last: int


@contextmanager
def _imap(server: Server, folder: str) -> Iterator[_Imap]:
    found: _Imap | None = None
    try:
        found = _Imap(server)
        if server.security == "starttls":
            found.starttls(ssl_context=ssl.create_default_context())
        found.login(server.username, server.password)
        status, answer = found.select(_quoted(folder), readonly=True)
        if status != "OK":
            raise MailFailed(f"The mailbox has no folder {folder}: {_text(answer[0] or b'')}")
        yield found
    except imaplib.IMAP4.error as error:
        raise MailFailed(f"{server.host} refuses: {_text(str(error))}", hint="Check user name and password.") from None
    except EgressError as error:
        raise MailFailed(error.message, hint=error.hint) from None
    except OSError as error:
        raise MailFailed(f"The mail server {server.host} cannot be reached: {error}") from None
    finally:
        if found is not None:
            with suppress(imaplib.IMAP4.error, OSError):
                found.logout()


def mails_fetch(server: Server, *, folder: str, validity: int, last: int, most: int = 50) -> Fetched:
    """What came since mail number `last` of the numbering `validity`; with a new numbering only what comes from now on.

    Nothing is marked or moved there. A mail larger than 2 MB is skipped. Raises `MailFailed`.
    """
    with _imap(server, folder) as found:
        now_valid = _number(found.response("UIDVALIDITY")[1]) or 1
        next_number = _number(found.response("UIDNEXT")[1])
        if now_valid != validity:  # the first look, or the mailbox was made anew
            highest = (next_number - 1) if next_number else max(_numbers(found, "1:*"), default=0)
            return Fetched((), now_valid, highest)
        numbers = sorted(each for each in _numbers(found, f"{last + 1}:*") if each > last)[:most]
        mails: list[tuple[int, bytes]] = []
        for number in numbers:
            status, parts = found.uid("FETCH", str(number), f"(RFC822.SIZE BODY.PEEK[]<0.{MOST_BYTES}>)")
            if status == "OK":
                mails += [(number, part[1]) for part in parts if isinstance(part, tuple)]
        return Fetched(mails, now_valid, numbers[-1] if numbers else last)


def imap_test(server: Server, folder: str = "INBOX") -> str:
    """Sign in, open the folder and leave. Raises `MailFailed`."""
    with _imap(server, folder):
        pass
    return f"{server.host} shows the folder {folder} of {server.username}."


def _numbers(found: _Imap, span: str) -> list[int]:
    status, answer = found.uid("SEARCH", "UID", span)
    if status != "OK" or not answer or not answer[0]:
        return []
    return [int(each) for each in answer[0].split()]


def _number(answer: Any) -> int:
    match = re.search(rb"\d+", answer[0]) if answer and answer[0] else None
    return int(match[0]) if match else 0


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
