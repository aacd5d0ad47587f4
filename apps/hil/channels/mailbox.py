"""Replies by mail: each workspace's mailbox is looked into, and what belongs to a question is judged."""

from __future__ import annotations

import email
import email.policy
import hashlib
import html
import logging
import re
from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from uuid import UUID

from django.db import connection

from apps.core import clock
from apps.core.errors import DomainError
from apps.core.jsonclean import cleaned
from apps.core.tenancy import tenant
from apps.hil import selectors
from apps.hil.channels.answerers import of_address
from apps.hil.channels.incoming import Words, words_take
from apps.hil.channels.mail import key_in
from apps.hil.models import ChannelKind, ChannelSetup, Delivery
from apps.hil.replies.senders import doubt_of
from apps.hil.replies.texts import own_words
from apps.integrations.services import credential_open
from apps.integrations.vendors.email.client import mails_fetch, server_of

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 30
"""Between two looks into the same mailbox."""
BATCH = 20
_MATCHED_BY = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "in-reply-to", "references")
_HELD = ("auto-submitted", "precedence", "x-autoreply", "x-autorespond", "x-auto-response", "list-id", "return-path")


def mailboxes_read() -> int:
    """Look into the mailboxes that are due, in any workspace. Gives how many replies were taken.

    Any number of processes may do this at once: each mailbox is one's for the time of its pause.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, id FROM hil_mailboxes_take(%s, %s)", [BATCH, PAUSE_SECONDS])
        due = list(cursor.fetchall())
    count = 0
    for workspace_id, setup_id in due:
        try:
            count += mailbox_read(workspace_id=workspace_id, setup_id=setup_id)
        except Exception:  # of one server; the mailboxes of others do not wait for it
            logger.exception("a mailbox of the workspace %s could not be read", workspace_id)
    return count


def mailbox_read(*, workspace_id: UUID, setup_id: UUID) -> int:
    """Look into one mailbox. What is wrong with it is kept with it, and said on the page of the channels."""
    with tenant(workspace_id):
        setup = ChannelSetup.objects.filter(workspace_id=workspace_id, id=setup_id).first()
    if setup is None or setup.mailbox_id is None or not setup.is_on:
        return 0
    now = clock.now()
    try:
        opened = credential_open(workspace_id=workspace_id, credential_id=setup.mailbox_id, use="imap")
        if not connection.in_atomic_block:
            connection.close()  # a thread that waits for the network holds no connection
        fetched = mails_fetch(
            server_of(opened.fields),
            folder=str(setup.settings.get("folder") or "INBOX"),
            validity=int(setup.cursor.get("validity") or 0),
            last=int(setup.cursor.get("last") or 0),
        )
    except DomainError as failed:
        problem = " ".join([failed.message, failed.hint or ""]).strip()
        _note(workspace_id, setup_id, looked_at=now, problem=problem[:1_000])
        return 0
    count = 0
    for number, raw in fetched.mails:
        try:
            count += mail_take(workspace_id=workspace_id, raw=raw, now=now, server=opened.fields.checked_by)
        except Exception:
            logger.exception("mail %s of a mailbox of workspace %s could not be read", number, workspace_id)
    cursor = {"validity": fetched.validity, "last": fetched.last}
    _note(workspace_id, setup_id, looked_at=now, problem="", cursor=cursor)
    return count


def mail_take(*, workspace_id: UUID, raw: bytes, now: datetime, server: str = "") -> bool:
    """Judge one mail, if it belongs to a question of the workspace. Whether it did.

    `server`: whose findings about the sender are believed; empty: nobody's, and the sender is as the mail says.
    """
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    key = next(filter(None, (key_in(str(value)) for name in _MATCHED_BY for value in mail.get_all(name, []))), "")
    if not key:
        return False
    _name, address = parseaddr(str(mail.get("from", "")))
    names = tuple(name for name, _ in getaddresses([str(mail.get("from", ""))]) if name)
    with tenant(workspace_id):
        rows = Delivery.objects.filter(workspace_id=workspace_id, key=key, channel=ChannelKind.EMAIL)
        row = rows.select_related("ask", "user").first()
        if row is None:
            return False
        interaction = selectors.interaction_get(workspace_id=workspace_id, interaction_id=row.interaction_id)
        answerer, is_recipient = of_address(interaction, row, address)
    words = Words(
        workspace_id=workspace_id,
        delivery_id=row.id,
        channel=ChannelKind.EMAIL,
        external_id=_name_of(mail, raw),
        own=own_words(text_of(mail)),
        at=now,
        sender=cleaned(address)[:300] or "somebody",
        answerer=answerer,
        is_from_recipient=is_recipient,
        is_linked=True,
        names=names,
        subject=cleaned(str(mail.get("subject", "")))[:500],
        headers={name: str(mail.get(name)) for name in _HELD if mail.get(name) is not None},
        doubt=doubt_of(_found_by(mail), server=server, address=address) if server else "",
    )
    words_take(words=words, now=now)
    return True


def text_of(mail: EmailMessage) -> str:
    """The mail's words: its plain part, or what its HTML says without quotes. Whatever it holds, it is no error."""
    part = mail.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        text = str(part.get_content())
    except (LookupError, KeyError, ValueError, AttributeError):
        payload = part.get_payload(decode=True)
        text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    if part.get_content_subtype() == "html":
        text = _plain(text[:200_000])
    cleaned_text: str = cleaned(text)
    return cleaned_text


_UNSAID = re.compile(r"<(/?)(blockquote|style|script|head)\b[^<>]{0,500}>?", re.IGNORECASE)
_BREAK = re.compile(r"<(br|/p|/div|/tr|/li|/h\d)\b[^>]{0,500}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")


def _plain(text: str) -> str:
    """Everything before the first quote; mail programs put what they quote last."""
    text = "".join(_said(text))
    text = text.partition('class="gmail_quote"')[0]
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", text))).replace("\xa0", " ")


def _said(text: str) -> Iterator[str]:
    """The parts outside of heads, styles and scripts, in one pass whatever they are made of."""
    at, inside = 0, ""
    for tag in _UNSAID.finditer(text):
        name = tag[2].lower()
        if inside:
            at, inside = (tag.end(), "") if tag[1] and name == inside else (at, inside)
        elif not tag[1]:
            yield text[at : tag.start()]
            inside = name
            if name == "blockquote":
                return
    if not inside:
        yield text[at:]


def _found_by(mail: EmailMessage) -> list[str]:
    return [str(value) for value in mail.get_all("authentication-results", [])]


def _name_of(mail: EmailMessage, raw: bytes) -> str:
    found = cleaned(str(mail.get("message-id", ""))).strip()
    return found[:300] or hashlib.sha256(raw).hexdigest()


def _note(workspace_id: UUID, setup_id: UUID, **changed: object) -> None:
    with tenant(workspace_id):
        ChannelSetup.objects.filter(workspace_id=workspace_id, id=setup_id).update(**changed)
