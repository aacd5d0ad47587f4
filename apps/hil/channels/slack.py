"""In Slack: a message with buttons per place, changed when all is decided, with its thread for words."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core import egress
from apps.core.errors import DomainError
from apps.core.redaction import Redactor
from apps.core.tenancy import tenant
from apps.hil.channels import blocks
from apps.hil.channels.contract import CannotDeliver, Job, Placed
from apps.hil.channels.shown import shown
from apps.hil.models import AskKind, ChannelKind
from apps.integrations.services import SignedDoor, credential_open
from apps.integrations.vendors.slack.client import SECONDS, Client, Posted, SlackFailed


class InSlack:
    """One message per person or channel."""

    kind: ClassVar[ChannelKind] = ChannelKind.SLACK

    def deliver(self, job: Job) -> Placed:
        """The question with its buttons."""
        client = self._client(job)
        with _said():
            where = client.post(self._channel(job, client), *self._message(job))
        return Placed({"channel": where.channel, "ts": where.ts}, thread=thread_name(where.channel, where.ts))

    def remind(self, job: Job) -> None:
        """A line in the message's thread."""
        question = shown(job)
        text = _("Reminder: this still waits for an answer.")
        if question.deadline:
            text = _("Reminder: this waits for an answer until %(deadline)s.") % {"deadline": question.deadline}
        with _said():
            self._client(job).post(_where(job).channel, text, thread=_where(job).ts, broadcast=True)

    def update(self, job: Job) -> None:
        """The message as things stand; without buttons once it is decided."""
        with _said():
            self._client(job).update(_where(job), *self._message(job))

    def say(self, job: Job) -> None:
        """Something in the thread; or, with `whisper`, to one person alone."""
        where, text = _where(job), str(job.data.get("text") or "")
        client = self._client(job)
        with _said():
            if job.data.get("whisper"):
                thread = str(job.data.get("thread") or "")
                client.whisper(where.channel, str(job.data["whisper"]), blocks.escaped(text), thread=thread)
            else:
                client.post(where.channel, blocks.escaped(text), thread=str(job.data.get("thread") or where.ts))

    def _message(self, job: Job) -> tuple[str, list[dict[str, object]]]:
        with tenant(job.workspace.id):
            question = shown(job)
        # Others may see the message, so no link in it answers for anybody: the page asks who it is.
        url = f"{settings.BASE_URL}{reverse('interaction', args=[job.workspace.slug, job.interaction.id])}"
        return blocks.summary(question), blocks.message(question, delivery=str(job.delivery.id), url=url)

    def _client(self, job: Job) -> Client:
        if job.setup is None or job.setup.credential_id is None:
            raise CannotDeliver(
                _("This workspace is not connected to Slack."),
                hint=_("Connect it under Settings, Channels."),
                is_final=True,
            )
        return client_of(job.workspace.id, job.setup.credential_id)

    def _channel(self, job: Job, client: Client) -> str:
        """Where to write: a channel as it is named, a person by their id or their e-mail address."""
        row = job.delivery
        is_person = (row.ask is not None or row.user is not None) and "@" in row.target
        if not is_person or (row.ask is not None and row.ask.kind == AskKind.SLACK):
            return row.target
        return client.person_of(row.target).id


def client_of(workspace_id: UUID, credential_id: UUID, *, seconds: float = SECONDS) -> Client:
    """Slack, as the workspace's app. Raises `CannotDeliver`."""
    try:
        opened = credential_open(workspace_id=workspace_id, credential_id=credential_id, use="slack")
    except DomainError as failed:
        raise CannotDeliver(failed.message, hint=failed.hint) from None
    door = egress.door(egress.Policy.of(settings.EGRESS_ALLOW))
    return Client(SignedDoor(door, opened, Redactor()), seconds=seconds)


def thread_name(channel: str, ts: str) -> str:
    """How replies name a message of ours."""
    return f"{channel}:{ts}"


def _where(job: Job) -> Posted:
    return Posted(str(job.delivery.place["channel"]), str(job.delivery.place["ts"]))


class _said:  # noqa: N801
    """Slack's refusals as ours."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, failed: object, trace: object) -> None:
        if isinstance(failed, SlackFailed):
            raise CannotDeliver(failed.message, hint=failed.hint, is_final=not failed.is_passing) from None
