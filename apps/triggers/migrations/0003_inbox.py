"""Deliveries, switches, test addresses, replays; schedules with rules."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import definer, protect
from apps.triggers.migrations import _functions_0003 as sql


class Migration(migrations.Migration):
    """The tables and their functions."""

    dependencies = [
        ("accounts", "0006_notices"),
        ("triggers", "0002_events"),
        ("workflows", "0003_sharing"),
        ("executions", "0012_lists"),
    ]

    operations = [
        migrations.AddField(
            model_name="schedule",
            name="is_paused",
            field=models.BooleanField(default=False, help_text="somebody switched this one trigger off"),
        ),
        migrations.AddField(
            model_name="schedule",
            name="rule",
            field=models.JSONField(default=dict, help_text="windows, holidays, jitter, first, last"),
        ),
        migrations.AlterField(
            model_name="schedule",
            name="next_fire_at",
            field=models.DateTimeField(help_text="with its jitter; null: never again, see error", null=True),
        ),
        migrations.CreateModel(
            name="Replay",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("status", models.TextField(default="running", help_text="running, done or canceled")),
                ("version", models.TextField(help_text="newest or original")),
                ("asked", models.JSONField()),
                ("total", models.IntegerField()),
                ("started_by", models.JSONField(null=True)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
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
                "db_table": "triggers_replay",
            },
        ),
        migrations.CreateModel(
            name="ReplayItem",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "replay", "delivery_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("delivery_id", models.UUIDField()),
                ("state", models.TextField(help_text="pending, started, refused or canceled")),
                ("execution_id", models.UUIDField(null=True)),
                ("code", models.TextField(default="")),
                ("message", models.TextField(default="")),
                (
                    "replay",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="triggers.replay",
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
                "db_table": "triggers_replay_item",
            },
        ),
        migrations.CreateModel(
            name="Switch",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("node_id", models.TextField()),
                ("reason", models.TextField(default="")),
                ("paused_by", models.TextField()),
                ("paused_at", models.DateTimeField()),
                (
                    "workflow",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="workflows.workflow",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "db_table": "triggers_switch",
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "source",
                    models.TextField(help_text="webhook, schedule, event, execution; test: sent to a test address"),
                ),
                ("workflow_id", models.UUIDField(help_text="null: nobody listens at this address", null=True)),
                ("node_id", models.TextField(db_default="", default="")),
                ("label", models.TextField(help_text="what started it, in a few words")),
                ("external_id", models.TextField(help_text="what the sender calls it", null=True)),
                ("verdict", models.TextField(help_text="accepted, duplicate, merged, refused, limited or captured")),
                ("code", models.TextField(db_default="", default="", help_text="the code of the refusal")),
                ("message", models.TextField(db_default="", default="")),
                (
                    "status",
                    models.IntegerField(help_text="what its sender was answered, where that is no success", null=True),
                ),
                ("execution_id", models.UUIDField(null=True)),
                ("replay_of", models.UUIDField(help_text="the delivery this is a replay of", null=True)),
                ("received_at", models.DateTimeField()),
                ("size", models.IntegerField(db_default=0, default=0, help_text="bytes of the body")),
                ("remote", models.TextField(db_default="", default="", help_text="the sender's address")),
                ("request", models.JSONField(null=True)),
                ("by_reference", models.JSONField(null=True)),
                (
                    "is_whole",
                    models.BooleanField(db_default=True, default=True, help_text="whether all that was sent is kept"),
                ),
                (
                    "repeats",
                    models.IntegerField(db_default=0, default=0, help_text="so many more of its hour were not kept"),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "db_table": "triggers_delivery",
                "indexes": [
                    models.Index(fields=["workspace", "id"], name="triggers_delivery_newest"),
                    models.Index(fields=["workflow_id", "node_id", "id"], name="triggers_delivery_of_trigger"),
                    models.Index(
                        condition=models.Q(("verdict", "accepted"), _negated=True),
                        fields=["workspace", "workflow_id", "node_id", "id"],
                        name="triggers_delivery_kept",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Listening",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("node_id", models.TextField()),
                ("path", models.TextField()),
                ("methods", models.JSONField()),
                ("opened_by", models.TextField()),
                ("opened_at", models.DateTimeField()),
                ("until_at", models.DateTimeField()),
                (
                    "workflow",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="workflows.workflow",
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
                "db_table": "triggers_listening",
                "indexes": [models.Index(fields=["workspace", "path"], name="triggers_listening_path")],
                "constraints": [
                    models.UniqueConstraint(fields=("workflow", "node_id"), name="triggers_listening_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="replay",
            index=models.Index(fields=["workspace", "-id"], name="triggers_replay_newest"),
        ),
        migrations.AddIndex(
            model_name="replay",
            index=models.Index(
                condition=models.Q(("status", "running")), fields=["id"], name="triggers_replay_running"
            ),
        ),
        migrations.AddIndex(
            model_name="replayitem",
            index=models.Index(
                condition=models.Q(("state", "pending")),
                fields=["replay", "delivery_id"],
                name="triggers_replay_pending",
            ),
        ),
        migrations.AddConstraint(
            model_name="switch",
            constraint=models.UniqueConstraint(fields=("workflow", "node_id"), name="triggers_switch_once"),
        ),
        *(protect(f"triggers_{name}") for name in ("delivery", "switch", "listening", "replay", "replay_item")),
        migrations.RunSQL(sql.USES, "DROP TRIGGER payload_use_is_noted ON triggers_delivery"),
        definer("triggers_webhook_find(text, text, text)", sql.WEBHOOK_FIND),
        definer("triggers_listening_find(text, text)", sql.LISTENING_FIND),
        definer("triggers_delivery_note(text, jsonb, int, int)", sql.NOTE),
        definer("triggers_deliveries_purge(interval, int)", sql.PURGE),
        definer("triggers_replays_running()", sql.REPLAYS_RUNNING),
        definer("triggers_schedules_look(timestamptz, int)", sql.LOOK),
    ]
