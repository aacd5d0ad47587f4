"""Calls of a node's own address, and the values workflows keep."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import definer, protect
from apps.executions.migrations import _functions_0005


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("workflows", "0001_initial"),
        ("executions", "0004_links"),
    ]

    operations = [
        migrations.CreateModel(
            name="Call",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "execution_id", "node_id", "path", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("execution_id", models.UUIDField()),
                ("node_id", models.TextField()),
                ("path", models.TextField(default="")),
                ("received_at", models.DateTimeField()),
                ("answer", models.JSONField()),
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
        ),
        migrations.RunSQL(
            """ALTER TABLE executions_call ADD CONSTRAINT executions_call_of_execution
               FOREIGN KEY (execution_id) REFERENCES executions_execution (id) ON DELETE CASCADE""",
            migrations.RunSQL.noop,
        ),
        migrations.CreateModel(
            name="Value",
            fields=[
                ("id", models.UUIDField(default=apps.core.ids.uuid7, primary_key=True, serialize=False)),
                ("key", models.TextField()),
                ("value", models.JSONField(help_text="SQL null: being made, or deleted", null=True)),
                ("revision", models.BigIntegerField(default=1)),
                ("expires_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "workflow",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("workflow__isnull", False)), fields=["workflow"], name="value_of_workflow"
                    ),
                    models.Index(
                        condition=models.Q(("expires_at__isnull", False)), fields=["expires_at"], name="value_expiry"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace", "workflow", "key"), name="value_once", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ValueWrite",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "workspace_id", "key", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.TextField()),
                ("result", models.JSONField(null=True)),
                ("written_at", models.DateTimeField()),
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
            options={"indexes": [models.Index(fields=["written_at"], name="value_write_age")]},
        ),
        *[protect(f"executions_{table}") for table in ("call", "value", "valuewrite")],
        *[definer(signature, body) for signature, body in _functions_0005.DEFINERS.items()],
    ]
