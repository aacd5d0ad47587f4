"""Mail servers, against servers that speak their protocols."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from pytest_django.fixtures import Settings

from apps.integrations.vendors.email.client import (
    MailFailed,
    Server,
    imap_test,
    mail_send,
    mails_fetch,
    server_of,
    smtp_test,
)
from apps.integrations.vendors.email.credential_types.imap import ImapServer
from apps.integrations.vendors.email.credential_types.smtp import SmtpServer
from tests.fakes.imap import Imap, imap_server
from tests.fakes.smtp import Smtp, smtp_server


@pytest.fixture
def smtp(settings: Settings) -> Iterator[Smtp]:
    with smtp_server() as found:
        settings.EGRESS_ALLOW = [found.address]
        yield found


@pytest.fixture
def imap(settings: Settings) -> Iterator[Imap]:
    with imap_server() as found:
        settings.EGRESS_ALLOW = [found.address]
        yield found


def of(fake: Smtp | Imap, **more: object) -> Server:
    kind = SmtpServer if isinstance(fake, Smtp) else ImapServer
    return server_of(kind.Fields.model_validate(fake.fields | more))


def test_a_mail_is_handed_over(smtp: Smtp) -> None:
    mail_send(of(smtp), sender="a@acme.example", recipient="b@x.example", message=b"Subject: Hi\r\n\r\n.dots\r\n")
    assert smtp.taken == [("a@acme.example", "b@x.example", b"Subject: Hi\r\n\r\n.dots\r\n")]
    assert "accepts mail" in smtp_test(of(smtp))


def test_refusals_say_whether_trying_again_helps(smtp: Smtp) -> None:
    smtp.unknown.add("gone@x.example")
    with pytest.raises(MailFailed) as gone:
        mail_send(of(smtp), sender="a@acme.example", recipient="gone@x.example", message=b"\r\n")
    assert (gone.value.is_refused, gone.value.server_code) == (True, 550)
    smtp.answers.append("451 4.3.0 Try later")
    with pytest.raises(MailFailed) as later:
        mail_send(of(smtp), sender="a@acme.example", recipient="b@x.example", message=b"\r\n")
    assert (later.value.is_refused, later.value.server_code) == (False, 451)
    with pytest.raises(MailFailed) as wrong:
        smtp_test(of(smtp, password=SecretStr("wrong")))
    assert "user name and password" in wrong.value.message
    assert not wrong.value.is_refused


def test_no_password_goes_unencrypted_where_nobody_allowed_it(settings: Settings) -> None:
    settings.EGRESS_ALLOW = []
    with pytest.raises(MailFailed) as refused:
        smtp_test(Server("mail.example.com", 25, "none", "me", "secret"))
    assert refused.value.is_refused
    with pytest.raises(MailFailed) as private:
        smtp_test(Server("127.0.0.1", 587, "starttls", "me", "secret"))
    assert "may not call" in private.value.message


def test_a_mailbox_is_read_from_where_it_was_left(imap: Imap) -> None:
    imap.arrives(b"Subject: before\r\n\r\nold")
    first = mails_fetch(of(imap), folder="INBOX", validity=0, last=0)
    assert (list(first.mails), first.validity, first.last) == ([], 7, 1)
    again = mails_fetch(of(imap), folder="INBOX", validity=7, last=1)
    assert (list(again.mails), again.last) == ([], 1)
    imap.arrives(b"Subject: one\r\n\r\n1")
    imap.arrives(b"Subject: two\r\n\r\n2")
    new = mails_fetch(of(imap), folder="INBOX", validity=7, last=1)
    assert [number for number, _ in new.mails] == [2, 3]
    assert new.mails[1][1] == b"Subject: two\r\n\r\n2"
    imap.validity = 8
    moved = mails_fetch(of(imap), folder="INBOX", validity=7, last=1)
    assert (list(moved.mails), moved.validity, moved.last) == ([], 8, 3)


def test_what_is_wrong_with_a_mailbox_is_said(imap: Imap) -> None:
    assert "INBOX" in imap_test(of(imap))
    for server, folder, words in (
        (of(imap, password=SecretStr("wrong")), "INBOX", "refuses"),
        (of(imap), "Approvals", "no folder Approvals"),
    ):
        with pytest.raises(MailFailed, match=words):
            imap_test(server, folder)
    imap.is_down = True
    with pytest.raises(MailFailed):
        imap_test(of(imap))
