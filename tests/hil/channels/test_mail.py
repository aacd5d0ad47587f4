"""By mail: what is sent, links that looking at does not answer, and replies."""

from __future__ import annotations

import logging
import time

import pytest
from django.core import mail as django_mail
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.test import Client
from pytest_django.fixtures import Settings

from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import services as executions
from apps.hil import selectors
from apps.hil.channels import mailbox
from apps.hil.channels.mailbox import mail_take
from apps.hil.models import ChannelSetup, Interaction, InteractionLink
from tests.hil.asking import again, ask
from tests.hil.channels.outside import Outside, html_of, link_in, text_of

pytestmark = pytest.mark.django_db
JONAS, MARA, GONE = "jonas@elsewhere.example", "mara@elsewhere.example", "gone@elsewhere.example"


def entries(outside: Outside, row: Interaction) -> list[str]:
    with tenant(outside.cast.workspace.id):
        return [each.text for each in selectors.entries_of(workspace_id=row.workspace_id, interaction_id=row.id)]


def cancel(row: Interaction) -> None:
    executions.execution_cancel(
        workspace_id=row.workspace_id, execution_id=row.execution_id, now=clock.now(), by="alice"
    )


def test_a_question_arrives_whole_and_is_answered_by_its_link(outside: Outside) -> None:
    outside.with_mail()
    row = outside.ask(JONAS, data={"order": "A-1", "total": 1284.5, "items": [{"name": "Table <oak>", "price": 749}]})

    (mail,) = outside.smtp.mails()
    assert (mail["Subject"], mail["To"]) == ("Ship order A-1?", JONAS)
    assert mail["From"] == "Acme approvals <approvals@acme.example>"
    assert str(mail["Reply-To"]).startswith("approvals+q.")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "Table &lt;oak&gt;" in html_of(mail)
    assert "<img" not in html_of(mail)  # nothing that tells a server who has looked
    for part in (html_of(mail), text_of(mail)):
        for words in ("Ship order A-1?", "Orders over 1000", "1284.5", "Answer by", link_in(mail)):
            assert words in part
    assert [each.status for each in outside.deliveries()] == ["delivered"]
    assert f"E-mail to {JONAS} delivered" in entries(outside, row)

    for _ in range(2):
        assert Client().get(link_in(mail)).status_code == 200
        assert Client().head(link_in(mail)).status_code == 200
    assert again(outside.cast.workspace, row).is_pending
    assert Client().post(link_in(mail), {"outcome": "approved"}).status_code == 200
    kept = again(outside.cast.workspace, row)
    assert (kept.outcome, kept.answered_by, kept.answered_via) == ("approved", JONAS, "link")
    outside.work()
    assert len(outside.smtp.taken) == 1  # who answered needs no mail about it


def test_a_member_who_wants_notices_by_mail_gets_the_question_and_no_mail_about_it(
    outside: Outside, settings: Settings
) -> None:
    settings.HAS_MAIL = True
    outside.with_mail()
    for user in (outside.cast.alice, outside.cast.bob):
        user.preferences = {"notices": {"question.asked": {"app": True, "mail": True}}}
        user.save(update_fields=["preferences"])
    outside.ask("alice@example.com", by=["email"])
    assert [str(mail["To"]) for mail in outside.smtp.mails()] == ["alice@example.com"]
    assert django_mail.outbox == []
    outside.ask("bob@example.com")
    assert [mail.to for mail in django_mail.outbox] == [["bob@example.com"]]


BOTS = (
    "Mozilla/5.0 (Windows NT 10.0) SafeLinks/1.0",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Barracuda Sentinel (EE)",
    "Mimecast/1.0",
    "curl/8.5.0",
)


def test_scanners_and_previews_change_nothing(outside: Outside) -> None:
    outside.with_mail()
    row = outside.ask(JONAS)
    link = link_in(outside.smtp.mails()[0])
    hints: tuple[dict[str, str], ...] = (
        {},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
        {"DNT": "1"},
    )
    for bot, headers in zip(BOTS, hints, strict=True):
        looks = Client(headers={"User-Agent": bot, **headers})
        page = looks.get(link)
        assert (page.status_code, page["Cache-Control"]) == (200, "no-store")
        assert looks.head(link).status_code == 200
        assert looks.options(link).status_code in (200, 405)
    body = Client().get(link).content.decode()
    assert "autofocus" not in body
    assert "requestSubmit" not in body
    # One that fills and sends the form has to bring the page's own token and cookie along.
    assert Client(enforce_csrf_checks=True).post(link, {"outcome": "approved"}).status_code == 403
    assert Client(enforce_csrf_checks=True).post(f"{link}?outcome=approved").status_code == 403
    assert again(outside.cast.workspace, row).is_pending
    with tenant(outside.cast.workspace.id):
        assert InteractionLink.objects.get().used_at is None


def _whole(cursor: CursorWrapper, table: str) -> str:
    """All that a table says of the workspace."""
    cursor.execute(f"SELECT coalesce(jsonb_agg(to_jsonb(t))::text, '') FROM \"{table}\" t")
    return str(cursor.fetchone()[0])


def test_each_recipient_has_one_link_and_it_is_nowhere_in_clear(
    outside: Outside, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    outside.with_mail()
    outside.smtp.answers.append("451 4.3.0 Try later")
    row = outside.ask(JONAS, MARA, "alice@example.com", by=["email"])
    links = [link_in(mail) for mail in outside.smtp.mails()]

    assert len(set(links)) == 3
    with tenant(outside.cast.workspace.id), connection.cursor() as cursor:
        assert InteractionLink.objects.count() == 3  # also after a try that failed
        text = " ".join(_whole(cursor, table) for table in connection.introspection.table_names(cursor))
    assert JONAS in text
    for link in links:
        Client().post(link, {"outcome": "nothing of the kind"})
        assert Client().get(link)["Referrer-Policy"] == "no-referrer"
        token = link.split("/")[2]
        assert len(token) == 43  # 256 bits
        assert token not in text
        assert token not in caplog.text
    assert again(outside.cast.workspace, row).is_pending


def test_a_link_is_good_for_its_question_its_recipient_and_its_time_alone(outside: Outside) -> None:
    outside.with_mail()
    first, second = outside.ask(JONAS), outside.ask(MARA, title="Pay 500?")
    mine, other = (link_in(mail) for mail in outside.smtp.mails())

    assert Client().post(other, {"outcome": "approved"}).status_code == 200
    assert again(outside.cast.workspace, first).status == "pending"
    assert again(outside.cast.workspace, second).status == "answered"
    replay = Client().post(other, {"outcome": "rejected"})
    assert replay.status_code == 409
    assert "You have answered this" in replay.content.decode()
    flipped = mine[:-3] + ("AA" if mine[-3:-1] != "AA" else "BB") + "/"
    assert Client().post(flipped, {"outcome": "approved"}).status_code == 404
    with tenant(outside.cast.workspace.id):
        InteractionLink.objects.filter(interaction=first).update(expires_at=clock.now())
    late = Client().post(mine, {"outcome": "approved"})
    assert (late.status_code, "The time to answer is over" in late.content.decode()) == (410, True)
    assert again(outside.cast.workspace, first).is_pending


def test_those_who_were_asked_too_are_told_how_it_ended(outside: Outside) -> None:
    outside.with_mail()
    row = outside.ask(JONAS, MARA)
    first, second = sorted(outside.smtp.mails(), key=lambda mail: str(mail["To"]))
    assert f"Also asked: {JONAS}; the first answer counts." in html_of(second)
    Client().post(link_in(first), {"outcome": "rejected", "comment": "No stock."})
    outside.work()

    told = outside.smtp.mails()[2:]
    assert [(str(mail["To"]), str(mail["Subject"])) for mail in told] == [(MARA, "Re: Ship order A-1?")]
    assert f"Rejected by {JONAS} on" in html_of(told[0])
    assert "No stock." in html_of(told[0])
    assert told[0]["In-Reply-To"] == second["Message-ID"]
    assert again(outside.cast.workspace, row).outcome == "rejected"


def test_a_run_that_ends_takes_its_question_back(outside: Outside) -> None:
    outside.with_mail()
    cancel(outside.ask(JONAS))
    outside.work()
    assert "Withdrawn, because the run ended" in html_of(outside.smtp.mails()[1])
    unsent = ask(outside.cast.workspace, people={"assignees": [JONAS]})
    cancel(unsent)
    outside.work()
    assert len(outside.smtp.taken) == 2


# ── What cannot be delivered ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_passing_fault_is_tried_again_and_a_mailbox_that_is_gone_ends_the_question(outside: Outside) -> None:
    outside.with_mail()
    outside.smtp.answers.append("451 4.3.0 Try later")
    outside.ask(JONAS)
    assert [each.status for each in outside.deliveries()] == ["delivered"]

    outside.smtp.unknown.add(GONE)
    lost = outside.ask(GONE)
    row = outside.deliveries()[-1]
    assert (row.status, row.error) == ("failed", "The mail server answered 550 5.1.1 No such user")
    ended = again(outside.cast.workspace, lost)
    assert (ended.status, ended.outcome) == ("withdrawn", "undeliverable")
    text = f"E-mail to {GONE} could not be delivered: The mail server answered 550 5.1.1 No such user"
    assert text in entries(outside, lost)


def test_a_question_with_somebody_else_to_answer_goes_on(outside: Outside) -> None:
    outside.with_mail()
    outside.smtp.unknown.add(GONE)
    row = outside.ask(GONE, JONAS)
    assert sorted(each.status for each in outside.deliveries()) == ["delivered", "failed"]
    member = outside.ask(GONE, "alice@example.com")
    assert again(outside.cast.workspace, row).is_pending
    assert again(outside.cast.workspace, member).is_pending  # alice has the inbox


def test_without_any_mail_server_it_says_so_at_once(outside: Outside, settings: Settings) -> None:
    settings.HAS_MAIL = False
    row = outside.ask(JONAS)
    assert [each.status for each in outside.deliveries()] == ["failed"]
    assert again(outside.cast.workspace, row).outcome == "undeliverable"
    assert any("no mail server" in text for text in entries(outside, row))


def test_the_operators_server_sends_under_its_own_address(outside: Outside, settings: Settings) -> None:
    settings.HAS_MAIL, settings.DEFAULT_FROM_EMAIL = True, "agentflow@operator.example"
    outside.ask(JONAS)
    (mail,) = django_mail.outbox
    assert mail.from_email == "Acme <agentflow@operator.example>"
    assert not mail.reply_to  # nobody reads replies there


# ── Replies ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_plain_reply_answers_and_is_confirmed(outside: Outside) -> None:
    outside.with_mail()
    outside.look()
    row = outside.ask(JONAS)
    outside.replies_with("Approved.\n\nBest regards\nJonas")

    kept = again(outside.cast.workspace, row)
    assert (kept.outcome, kept.answered_by, kept.answered_via) == ("approved", JONAS, "email")
    with tenant(row.workspace_id):
        (vote,) = selectors.votes_of(workspace_id=row.workspace_id, interaction_id=row.id)
    assert vote.evidence["quote"] == "Approved"
    assert len(vote.evidence["factors"]) == 8
    assert "Recorded: Approve. You wrote “Approved”." in html_of(outside.smtp.mails()[-1])
    assert f"Understood from the words “Approved” of {JONAS}, score 1.00" in entries(outside, row)
    outside.look()
    assert len(outside.replies()) == 1


def test_what_is_unclear_is_asked_back_in_the_same_thread_three_times_at_most(outside: Outside) -> None:
    outside.with_mail()
    outside.look()
    row = outside.ask(JONAS)
    asked = outside.smtp.mails()[0]
    for _ in range(5):
        outside.replies_with("Yes, but only if they pay in advance.", to=asked)

    assert again(outside.cast.workspace, row).is_pending
    back = outside.smtp.mails()[1:]
    assert len(back) == 3
    assert "I cannot tell what your answer is." in html_of(back[0])
    assert str(back[0]["References"]).startswith(str(asked["Message-ID"]))
    assert [reply.action for reply in outside.replies()] == ["ask_back"] * 5


def test_strangers_programs_and_other_mail_answer_nothing(outside: Outside) -> None:
    outside.with_mail()
    outside.look()
    row = outside.ask(JONAS)
    asked = outside.smtp.mails()[0]
    outside.replies_with("Approved", to=asked, sender="mallory@evil.example")
    outside.replies_with("Approved", to=asked, Auto_Submitted="auto-replied")
    outside.replies_with("Approved", to=asked, To="approvals@acme.example", In_Reply_To="<x@y>", References="<x@y>")

    assert again(outside.cast.workspace, row).is_pending
    assert [reply.action for reply in outside.replies()] == ["refuse", "ignore"]
    told = outside.smtp.mails()[1:]
    assert [str(mail["To"]) for mail in told] == [JONAS]  # never to the stranger
    assert "mallory@evil.example wrote" in html_of(told[0])


def test_where_the_mail_server_is_believed_a_reply_with_a_forged_sender_is_not_taken(outside: Outside) -> None:
    outside.imap_checks_by = "mx.acme.example"
    outside.with_mail()
    outside.look()
    row = outside.ask(JONAS)
    asked = outside.smtp.mails()[0]
    outside.replies_with("Approved", to=asked, Authentication_Results="mx.acme.example; dmarc=fail")
    outside.replies_with("Yes, but only later", to=asked, Authentication_Results="mx.evil.example; dmarc=pass")
    assert again(outside.cast.workspace, row).is_pending
    assert [reply.action for reply in outside.replies()] == ["refuse", "refuse"]
    told = outside.smtp.mails()[1:]
    assert [str(mail["To"]) for mail in told] == [JONAS, JONAS]  # whom it was sent to, and not the sender
    assert "mx.acme.example found that it does not come from elsewhere.example (DMARC)." in html_of(told[0])
    assert "Please open the question and answer there." in text_of(told[1])
    outside.replies_with("Approved", to=asked, Authentication_Results="mx.acme.example; dmarc=pass")
    assert again(outside.cast.workspace, row).outcome == "approved"


def test_a_reply_after_the_decision_is_told_who_was_first(outside: Outside) -> None:
    outside.with_mail()
    outside.look()
    row = outside.ask(JONAS, MARA)
    first, second = sorted(outside.smtp.mails(), key=lambda mail: str(mail["To"]))
    outside.replies_with("No", to=first)
    outside.replies_with("Approved", to=second)
    assert again(outside.cast.workspace, row).outcome == "rejected"
    assert f"Already answered by {JONAS}" in html_of(outside.smtp.mails()[-1])


def test_a_question_that_needs_a_button_takes_no_words(outside: Outside) -> None:
    outside.with_mail()
    outside.look()
    row = outside.ask(JONAS, rules={"needs_button": True})
    assert "Or reply to this mail" not in html_of(outside.smtp.mails()[0])
    outside.replies_with("Approved")
    assert again(outside.cast.workspace, row).is_pending
    assert "Please open the question and answer there." in html_of(outside.smtp.mails()[-1])


def test_the_mailbox_of_one_workspace_answers_nothing_of_another(outside: Outside) -> None:
    outside.with_mail()
    row = outside.ask(JONAS)
    asked = outside.smtp.mails()[0]
    raw = f"From: {JONAS}\r\nTo: {asked['Reply-To']}\r\n\r\nApproved\r\n".encode()
    assert not mail_take(workspace_id=outside.cast.other_workspace.id, raw=raw, now=clock.now())
    assert again(outside.cast.workspace, row).is_pending


def test_a_mailbox_that_cannot_be_read_says_why_and_is_read_again(outside: Outside) -> None:
    outside.with_mail()
    outside.look()
    outside.imap.is_down = True
    outside.look()
    with tenant(outside.cast.workspace.id):
        assert ChannelSetup.objects.get(kind="email").problem != ""
    outside.imap.is_down = False
    outside.look()
    with tenant(outside.cast.workspace.id):
        assert ChannelSetup.objects.get(kind="email").problem == ""


def test_whatever_lies_in_a_mailbox_is_no_error(outside: Outside) -> None:
    outside.with_mail()
    outside.ask(JONAS)
    to, me = str(outside.smtp.mails()[0]["Reply-To"]).encode(), JONAS.encode()
    for raw in (
        b"",
        b"\xff\xfe\x00",
        b"To: " + to,
        b"From: \xff@\xff\r\nTo: " + to + b"\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xffyes",
        b"From: a\r\nTo: " + to + b"\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n",
        b"From: " + me + b"\r\nTo: " + to + b"\r\nContent-Type: text/html\r\n\r\n<p>maybe</p><blockquote>Yes",
        b"From: " + me + b"\r\nTo: " + to + b"\r\nSubject: a\0b\r\n\r\nmay\0be",
    ):
        mail_take(workspace_id=outside.cast.workspace.id, raw=raw, now=clock.now())
    assert all(reply.action != "answer" for reply in outside.replies())


def test_a_mail_made_to_keep_us_busy_is_read_at_once() -> None:
    began = time.process_time()
    for part in ("<head>", "<style>x</script>", "<br", "<script <"):
        mailbox._plain(part * (200_000 // len(part)))
    assert time.process_time() - began < 2
    page = "<html><HEAD><style>p {}</style></HEAD><p>Approved</p><script>no()</script><p>Bob</p><blockquote>Yes?"
    assert mailbox._plain(page).split() == ["Approved", "Bob"]


def test_a_mailbox_that_answers_nonsense_keeps_no_other_waiting(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside.with_mail()

    def read(**_: object) -> int:
        raise ValueError("nonsense")

    monkeypatch.setattr(mailbox, "mailbox_read", read)
    assert mailbox.mailboxes_read() == 0
