"""What lies outside of the product in these tests, and the way to it."""

from __future__ import annotations

import email
import email.policy
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from django.test import Client

from apps.core import clock, events, outbox
from apps.core.tenancy import tenant
from apps.hil.channels.configuring import channel_set
from apps.hil.channels.mailbox import mailbox_read
from apps.hil.models import ChannelKind, ChannelSetup, Delivery, Interaction, Reply
from apps.integrations import services
from tests.cast import Cast
from tests.fakes.imap import Imap
from tests.fakes.receiver import Receiver
from tests.fakes.slack import Slack, headers_for
from tests.fakes.smtp import Smtp
from tests.hil.asking import ask
from tests.integrations.vendors.slack.connected import connected

SECRET = "whsec_c2VjcmV0IG9mIDI0IGJ5dGVzISEhISEhISE="


@dataclass
class Outside:
    """The servers, and the cast whose workspace they belong to."""

    cast: Cast
    smtp: Smtp
    imap: Imap
    slack: Slack
    hook: Receiver
    imap_checks_by: str = ""

    def with_mail(self, *, reads: bool = True) -> ChannelSetup:
        """The workspace sends by its own server, and has its mailbox read."""
        sends = self._credential("Sends", "smtp", self.smtp.fields)
        mailbox = (
            self._credential("Reads", "imap", self.imap.fields | {"checked_by": self.imap_checks_by}) if reads else None
        )
        values = {"sender": "Acme approvals <approvals@acme.example>"}
        return self._set(ChannelKind.EMAIL, credential_id=sends, mailbox_id=mailbox, values=values)

    def with_slack(self, **values: Any) -> ChannelSetup:
        """The workspace is connected to Slack."""
        made = connected(self.cast, self.slack)
        return self._set(ChannelKind.SLACK, credential_id=made.id, values=values)

    def with_webhook(self) -> ChannelSetup:
        """The workspace is told by webhook."""
        made = self._credential("Signs", "webhook_secret", {"secret": SECRET})
        return self._set(ChannelKind.WEBHOOK, credential_id=made, values={"url": f"{self.hook.url}/questions"})

    def _credential(self, name: str, type_: str, fields: dict[str, Any]) -> UUID:
        return services.credential_create(
            workspace_id=self.cast.workspace.id, actor=self.cast.owner, name=name, type=type_, fields=fields
        ).id

    def _set(self, kind: ChannelKind, **given: Any) -> ChannelSetup:
        return channel_set(
            workspace_id=self.cast.workspace.id, kind=kind, actor=self.cast.owner, now=clock.now(), **given
        )

    def ask(self, *assignees: str, by: list[str] | None = None, **more: Any) -> Interaction:
        """A question that is put to these people by these ways, and sent."""
        people = {"assignees": list(assignees)} if assignees else None
        row = ask(self.cast.workspace, people=people, channels=by or [], **more)
        self.work()
        with tenant(self.cast.workspace.id):  # nobody answers in words within a second
            Delivery.objects.filter(interaction=row).update(created_at=clock.now() - timedelta(minutes=1))
        return row

    def work(self) -> None:
        """Tell and send what is due."""
        while events.events_tell() or outbox.messages_send():
            pass

    def deliveries(self) -> list[Delivery]:
        """Where questions were sent."""
        with tenant(self.cast.workspace.id):
            return list(Delivery.objects.select_related("ask").order_by("id"))

    def replies(self) -> list[Reply]:
        """What came back in words."""
        with tenant(self.cast.workspace.id):
            return list(Reply.objects.order_by("id"))

    # ── Slack ──

    def slack_sends(self, body: bytes) -> Any:
        """Slack delivers it, and the product works it off."""
        headers = headers_for(body)
        kind = headers.pop("Content-Type")
        answer = Client().post("/integrations/slack/events", body, content_type=kind, headers=headers)
        self.work()
        return answer

    def press(self, label: str, *, user: str, message: dict[str, Any] | None = None) -> Any:
        """Somebody presses a button."""
        message = message or self.slack.message()
        (action,) = [
            button
            for block in message["blocks"]
            if block["type"] == "actions"
            for button in block["elements"]
            if button["text"]["text"] == label
        ]
        return self.slack_sends(self.slack.press(action, message, user=user))

    # ── Mail ──

    def replies_with(self, text: str, *, to: EmailMessage | None = None, sender: str = "", **headers: str) -> None:
        """Somebody answers a mail of ours, and the mailbox is read."""
        asked = to or self.smtp.mails()[-1]
        made = EmailMessage(policy=email.policy.SMTP)
        made["From"] = sender or str(asked["To"])
        made["To"] = str(asked["Reply-To"] or asked["From"])
        made["Subject"] = f"Re: {asked['Subject']}"
        made["In-Reply-To"] = made["References"] = str(asked["Message-ID"])
        made["Message-ID"] = f"<reply-{self.imap.highest}@elsewhere.example>"
        for name, value in headers.items():
            del made[name.replace("_", "-")]
            made[name.replace("_", "-")] = value
        quoted = "On Fri, 20 Nov 2026 Acme approvals <a@acme.example> wrote:\n> Approve or Reject?\n"
        made.set_content(f"{text}\n\n{quoted}")
        self.imap.arrives(made.as_bytes())
        self.look()

    def look(self) -> None:
        """Look into the mailbox."""
        with tenant(self.cast.workspace.id):
            setup = ChannelSetup.objects.get(kind="email")
        mailbox_read(workspace_id=self.cast.workspace.id, setup_id=setup.id)
        self.work()


def link_in(mail: EmailMessage) -> str:
    """The path of the link in a mail's text."""
    return str(re.findall(r"https?://[^/\s]+(/\S+)", text_of(mail))[0])


def text_of(mail: EmailMessage) -> str:
    """The mail's plain part."""
    return str(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]


def html_of(mail: EmailMessage) -> str:
    """The mail as it looks."""
    return str(mail.get_body(("html",)).get_content())  # type: ignore[union-attr]


def json_of(answer: Any) -> Any:
    """What was answered."""
    return json.loads(answer.content)
