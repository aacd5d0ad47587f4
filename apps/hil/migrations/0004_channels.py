"""Where questions are sent, and what comes back."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import definer, protect

# Mailboxes are looked into by whoever comes first, in any workspace: taken for the time of the pause.
_TAKE = """
CREATE OR REPLACE FUNCTION hil_mailboxes_take(p_limit integer, p_pause double precision)
RETURNS TABLE (workspace_id uuid, id uuid)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE hil_channel AS taken SET look_at = clock_timestamp() + make_interval(secs => p_pause)
    FROM (
        SELECT due.id FROM hil_channel due
        WHERE due.look_at <= clock_timestamp() AND due.is_on AND due.mailbox_id IS NOT NULL
        ORDER BY due.look_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ) AS found
    WHERE taken.id = found.id
    RETURNING taken.workspace_id, taken.id
$$;
"""


class Migration(migrations.Migration):
    """See `apps.hil.models.channels`."""

    dependencies = [
        ("accounts", "0006_notices"),
        ("hil", "0003_people"),
        ("integrations", "0004_inbound"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "E-mail"), ("slack", "Slack"), ("webhook", "Webhook")], max_length=10
                    ),
                ),
                ("target", models.TextField(help_text="an e-mail address, a Slack user's id, #channel or an address")),
                ("label", models.TextField(help_text="whom it goes to, for people to read")),
                ("key", models.CharField(max_length=64)),
                ("place", models.JSONField(default=dict)),
                (
                    "thread",
                    models.TextField(
                        default="", help_text="by which replies name our message: Slack's channel and time"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("sending", "On its way"),
                            ("delivered", "Delivered"),
                            ("failed", "Could not be delivered"),
                            ("skipped", "Not needed any more"),
                        ],
                        default="sending",
                        max_length=10,
                    ),
                ),
                ("error", models.TextField(default="", help_text="why the last try failed")),
                ("hint", models.TextField(default="")),
                ("message_id", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField()),
                ("delivered_at", models.DateTimeField(null=True)),
                (
                    "asked_back",
                    models.SmallIntegerField(default=0, help_text="how often a reply was answered by a question"),
                ),
                (
                    "ask",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hil.ask"
                    ),
                ),
                (
                    "interaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="hil.interaction"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "db_table": "hil_delivery",
            },
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "E-mail"), ("slack", "Slack"), ("webhook", "Webhook")], max_length=10
                    ),
                ),
                (
                    "external_id",
                    models.CharField(help_text="the mail's Message-ID, the message's time in Slack", max_length=300),
                ),
                ("sender", models.TextField()),
                ("text", models.TextField(help_text="the part its writer wrote, at most 2,000 characters")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("answer", "Taken as the answer"),
                            ("ask_back", "Asked back"),
                            ("refuse", "Refused"),
                            ("ignore", "Left alone"),
                        ],
                        max_length=10,
                    ),
                ),
                ("verdict", models.JSONField(default=dict)),
                ("received_at", models.DateTimeField()),
                (
                    "delivery",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hil.delivery"),
                ),
                (
                    "interaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="replies", to="hil.interaction"
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "replies",
                "db_table": "hil_reply",
            },
        ),
        migrations.CreateModel(
            name="ChannelSetup",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("email", "E-mail"), ("slack", "Slack"), ("webhook", "Webhook")], max_length=10
                    ),
                ),
                ("is_on", models.BooleanField(default=True)),
                ("settings", models.JSONField(default=dict)),
                ("cursor", models.JSONField(default=dict, help_text="how far the mailbox was read")),
                ("look_at", models.DateTimeField(help_text="when the mailbox is looked into next", null=True)),
                ("looked_at", models.DateTimeField(null=True)),
                ("problem", models.TextField(default="", help_text="why it does not work now")),
                ("updated_at", models.DateTimeField()),
                (
                    "credential",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="integrations.credential",
                    ),
                ),
                (
                    "mailbox",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="integrations.credential",
                    ),
                ),
                (
                    "updated_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "db_table": "hil_channel",
                "indexes": [
                    models.Index(
                        condition=models.Q(("look_at__isnull", False)), fields=["look_at"], name="hil_channel_look"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "kind"), name="hil_channel_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["email", "slack", "webhook"])), name="hil_channel_kind_exists"
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["workspace", "key"], name="hil_delivery_key"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("thread", ""), _negated=True),
                fields=["workspace", "thread"],
                name="hil_delivery_thread",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("interaction", "channel", "target"), name="hil_delivery_once"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["sending", "delivered", "failed", "skipped"])),
                name="hil_delivery_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.UniqueConstraint(fields=("workspace", "channel", "external_id"), name="hil_reply_once"),
        ),
        protect("hil_channel"),
        protect("hil_delivery"),
        protect("hil_reply"),
        definer("hil_mailboxes_take(integer, double precision)", _TAKE),
    ]
