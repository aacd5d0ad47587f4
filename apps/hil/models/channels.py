"""How questions leave the product, and what comes back in words."""

from __future__ import annotations

from typing import Any

from django.db import models

from apps.accounts.models import User, Workspace
from apps.core.ids import uuid7
from apps.hil.models.people import Ask
from apps.hil.models.questions import Interaction
from apps.integrations.models import Credential


class ChannelKind(models.TextChoices):
    """The ways to people outside the product itself."""

    EMAIL = "email", "E-mail"
    SLACK = "slack", "Slack"
    WEBHOOK = "webhook", "Webhook"


class ChannelSetup(models.Model):
    """How a workspace uses one channel: by which credentials, with which settings.

    E-mail: `credential` sends (SMTP; none: the operator's mail server), `mailbox` is read (IMAP), settings `sender`,
    `reply_to`, `folder`. Slack: `credential`, settings `channel`. Webhook: `credential` signs, settings `url`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=ChannelKind.choices)
    is_on = models.BooleanField(default=True)
    credential = models.ForeignKey(Credential, null=True, on_delete=models.SET_NULL, related_name="+")
    mailbox = models.ForeignKey(Credential, null=True, on_delete=models.SET_NULL, related_name="+")
    settings: models.JSONField[Any, Any] = models.JSONField(default=dict)
    cursor: models.JSONField[Any, Any] = models.JSONField(default=dict, help_text="how far the mailbox was read")
    look_at = models.DateTimeField(null=True, help_text="when the mailbox is looked into next")
    looked_at = models.DateTimeField(null=True)
    problem = models.TextField(default="", help_text="why it does not work now")
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        db_table = "hil_channel"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "kind"], name="hil_channel_once"),
            models.CheckConstraint(condition=models.Q(kind__in=ChannelKind.values), name="hil_channel_kind_exists"),
        ]
        indexes = [
            models.Index(fields=["look_at"], name="hil_channel_look", condition=models.Q(look_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class DeliveryStatus(models.TextChoices):
    """Where a delivery stands."""

    SENDING = "sending", "On its way"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Could not be delivered"
    SKIPPED = "skipped", "Not needed any more"


class Delivery(models.Model):
    """A question sent to one place: a mailbox, a person or a channel in Slack, a webhook.

    `key` is a random word by which answers from there find back. `place` is what the channel changes its message by.
    The tries are in the outbox, under `message_id`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="deliveries")
    ask = models.ForeignKey(Ask, null=True, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    channel = models.CharField(max_length=10, choices=ChannelKind.choices)
    target = models.TextField(help_text="an e-mail address, a Slack user's id, #channel or an address")
    label = models.TextField(help_text="whom it goes to, for people to read")
    key = models.CharField(max_length=64)
    place: models.JSONField[Any, Any] = models.JSONField(default=dict)
    thread = models.TextField(default="", help_text="by which replies name our message: Slack's channel and time")
    status = models.CharField(max_length=10, choices=DeliveryStatus.choices, default=DeliveryStatus.SENDING)
    error = models.TextField(default="", help_text="why the last try failed")
    hint = models.TextField(default="")
    message_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    asked_back = models.SmallIntegerField(default=0, help_text="how often a reply was answered by a question")

    class Meta:
        db_table = "hil_delivery"
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["interaction", "channel", "target"], name="hil_delivery_once"),
            models.CheckConstraint(condition=models.Q(status__in=DeliveryStatus.values), name="hil_delivery_status"),
        ]
        indexes = [
            models.Index(fields=["workspace", "key"], name="hil_delivery_key"),
            models.Index(fields=["workspace", "thread"], name="hil_delivery_thread", condition=~models.Q(thread="")),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} to {self.label}"


class ReplyAction(models.TextChoices):
    """What was done with a reply."""

    ANSWER = "answer", "Taken as the answer"
    ASK_BACK = "ask_back", "Asked back"
    REFUSE = "refuse", "Refused"
    IGNORE = "ignore", "Left alone"


class Reply(models.Model):
    """Words that came in, and what they were taken for. Kept with the question."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="replies")
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=10, choices=ChannelKind.choices)
    external_id = models.CharField(max_length=300, help_text="the mail's Message-ID, the message's time in Slack")
    sender = models.TextField()
    text = models.TextField(help_text="the part its writer wrote, at most 2,000 characters")
    action = models.CharField(max_length=10, choices=ReplyAction.choices)
    verdict: models.JSONField[Any, Any] = models.JSONField(default=dict)
    received_at = models.DateTimeField()

    class Meta:
        db_table = "hil_reply"
        verbose_name_plural = "replies"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel", "external_id"], name="hil_reply_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sender}: {self.action}"
