"""By e-mail: HTML and text, a link that looking at does not answer, and a reply address that finds back."""

from __future__ import annotations

import re
from email.utils import formataddr, parseaddr
from typing import Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from apps.accounts.models import Workspace
from apps.accounts.services import mail_hand_over
from apps.core.errors import DomainError
from apps.core.tenancy import tenant
from apps.hil.channels.contract import CannotDeliver, Job, Placed
from apps.hil.channels.links import address_for
from apps.hil.channels.shown import others, shown, why, words_of
from apps.hil.models import AskStatus, ChannelKind, ChannelSetup
from apps.hil.replies.texts import MARKER
from apps.integrations.services import credential_open
from apps.integrations.vendors.email.client import MailFailed, mail_send, server_of

_KEY = re.compile(r"\bq[.]([0-9a-f]{40})\b")


class Mail:
    """One mail per recipient. What belongs to the same question is one thread in their mailbox."""

    kind: ClassVar[ChannelKind] = ChannelKind.EMAIL

    def deliver(self, job: Job) -> Placed:
        """The question."""
        name = _message_id(job, "ask")
        self._send(job, "question", job.interaction.title, message_id=name)
        return Placed({"message_id": name}, thread=name)

    def remind(self, job: Job) -> None:
        """The question once more, in its thread."""
        subject = _("Reminder: %(title)s") % {"title": job.interaction.title}
        self._send(
            job,
            "question",
            subject,
            message_id=_message_id(job, f"remind{job.data.get('share') or 0}"),
            is_reminder=True,
        )

    def update(self, job: Job) -> None:
        """How it ended, to those who did not end it themselves: their mail still asks."""
        ask = job.delivery.ask
        if job.interaction.is_pending or (ask is not None and ask.status == AskStatus.ANSWERED):
            return
        self._send(job, "closed", f"Re: {job.interaction.title}", message_id=_message_id(job, "closed"))

    def say(self, job: Job) -> None:
        """A question back, or why a reply was not taken."""
        subject = f"Re: {job.interaction.title}"
        about = _message_id(job, f"say{job.message.id.hex[-12:]}")
        self._send(job, "said", subject, message_id=about, answers=str(job.data.get("answers") or ""))

    def _send(
        self, job: Job, template: str, subject: str, *, message_id: str, is_reminder: bool = False, answers: str = ""
    ) -> None:
        recipient = job.delivery.target
        with tenant(job.workspace.id):
            context = self._context(job) | {"is_reminder": is_reminder, "subject": subject}
        first = str(job.delivery.place.get("message_id") or "")
        headers = {"Message-ID": message_id, "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
        if first:
            headers |= {"In-Reply-To": answers or first, "References": " ".join(filter(None, (first, answers)))}
        reply_to = reply_address(job)
        mail = EmailMultiAlternatives(
            subject=" ".join(subject.split())[:200],
            body=render_to_string(f"hil/mail/{template}.txt", context),
            from_email=sender(job.setup, job.workspace),
            to=[recipient],
            reply_to=[reply_to] if reply_to else None,
            headers=headers,
        )
        mail.attach_alternative(render_to_string(f"hil/mail/{template}.html", context), "text/html")
        hand_over(job.workspace.id, job.setup, mail, recipient)

    def _context(self, job: Job) -> dict[str, Any]:
        ask = job.delivery.ask
        return {
            "question": shown(job),
            "address": job.delivery.target,
            "greeting": "" if "@" in job.delivery.label else job.delivery.label,
            "note": ask.note if ask else "",
            "url": address_for(job) if job.interaction.is_pending else "",
            "why": why(ask),
            "others": others(job.interaction, ask),
            "is_personal": ask is not None and "/i/" in address_for(job) if job.interaction.is_pending else False,
            "words": words_of(job.interaction) if reply_address(job) and job.interaction.is_pending else "",
            "marker": MARKER,
            "said": job.data.get("text") or "",
            "is_first_enough": job.interaction.policy is None or job.interaction.policy["mode"] == "any",
        }


def _message_id(job: Job, what: str) -> str:
    domain = (
        parseaddr(sender(job.setup, job.workspace))[1].rpartition("@")[2]
        or urlsplit(settings.BASE_URL).hostname
        or "localhost"
    )
    return f"<q.{job.delivery.key}.{what}@{domain}>"


def key_in(text: str) -> str:
    """The delivery's key in an address or a Message-ID of ours; empty when there is none."""
    found = _KEY.search(text.replace("+q.", " q."))
    return found[1] if found else ""


def sender(setup: ChannelSetup | None, workspace: Workspace) -> str:
    """From whom mail comes: what the workspace says. By the operator's server it is always the operator's address."""
    name, address = parseaddr(str(setup.settings.get("sender") or "") if setup else "")
    _name, usual = parseaddr(settings.DEFAULT_FROM_EMAIL)
    is_own = setup is not None and setup.credential_id is not None
    return formataddr((" ".join((name or workspace.name).split()), address if is_own and address else usual))


def reply_address(job: Job) -> str:
    """Where replies go, with the delivery's key in it; empty where nobody reads them."""
    if job.setup is None or job.setup.mailbox_id is None:
        return ""
    _name, address = parseaddr(str(job.setup.settings.get("reply_to") or "") or sender(job.setup, job.workspace))
    local, _at, domain = address.rpartition("@")
    return f"{local}+q.{job.delivery.key}@{domain}" if local and job.setup.settings.get("has_plus", True) else address


def hand_over(workspace_id: UUID, setup: ChannelSetup | None, mail: EmailMultiAlternatives, recipient: str) -> None:
    """Send by the workspace's own server, else by the operator's. Raises `CannotDeliver`."""
    if setup is None or setup.credential_id is None:
        sent = mail_hand_over(mail)
        if not sent.is_delivered:
            hint = "" if settings.HAS_MAIL else _("Name a mail server under Settings, Channels.")
            is_final = sent.is_refused or not settings.HAS_MAIL
            raise CannotDeliver(sent.error, hint=hint, is_final=is_final, server_code=sent.status)
        return
    try:
        opened = credential_open(workspace_id=workspace_id, credential_id=setup.credential_id, use="smtp")
        written: Any = mail.message()
        raw = written.as_bytes(linesep="\r\n")
        mail_send(server_of(opened.fields), sender=parseaddr(mail.from_email)[1], recipient=recipient, message=raw)
    except MailFailed as failed:
        raise CannotDeliver(
            failed.message, hint=failed.hint, is_final=failed.is_refused, server_code=failed.server_code
        ) from None
    except DomainError as failed:
        raise CannotDeliver(failed.message, hint=failed.hint) from None
