"""Executions that go on from an earlier one, and the jobs that redrive many."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import definer, protect
from apps.executions.migrations import _functions_0007


class Migration(migrations.Migration):
    dependencies = [("executions", "0006_limits"), ("accounts", "0001_initial"), ("workflows", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="execution",
            name="rerun_of",
            field=models.UUIDField(help_text="the execution this one does again or goes on from", null=True),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(("rerun_of__isnull", False)), fields=["rerun_of"], name="execution_reruns"
            ),
        ),
        migrations.AddField(
            model_name="noderun",
            name="kept_from",
            field=models.UUIDField(
                help_text="the execution it really ran in; its own when its output was given", null=True
            ),
        ),
        migrations.CreateModel(
            name="Redrive",
            fields=[
                ("id", models.UUIDField(default=apps.core.ids.uuid7, primary_key=True, serialize=False)),
                ("status", models.TextField(default="running")),
                ("version", models.TextField(help_text="same or newest")),
                ("asked", models.JSONField(help_text="the filter, as it was asked for")),
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
                "indexes": [
                    models.Index(fields=["workspace", "-id"], name="redrive_newest"),
                    models.Index(
                        condition=models.Q(("status", "running")), fields=["created_at"], name="redrive_running"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["running", "done", "canceled"])), name="redrive_status"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RedriveItem",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "redrive", "source_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("source_id", models.UUIDField()),
                ("state", models.TextField(default="pending")),
                ("execution_id", models.UUIDField(help_text="the new execution", null=True)),
                ("code", models.TextField(default="", help_text="why it was refused")),
                ("message", models.TextField(default="")),
                (
                    "redrive",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="executions.redrive",
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["redrive", "source_id"],
                        name="redrive_item_pending",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["pending", "started", "refused", "canceled"])),
                        name="redrive_item_state",
                    )
                ],
            },
        ),
        protect("executions_redrive"),
        protect("executions_redriveitem"),
        *[definer(signature, body) for signature, body in _functions_0007.DEFINERS.items()],
    ]
