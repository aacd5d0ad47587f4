"""Large values by reference, artifacts, retention, weekly partitions, figures of usage."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import definer, protect
from apps.executions.migrations import _functions_0008

_TENANT_TABLES = ("payload", "payload_use", "artifact", "retention", "usage_day", "storage_use")


def _hand_over(table: str) -> migrations.RunSQL:
    """The definer role owns the table and its partitions from now on, so that its functions can add and drop some."""
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} OWNER TO agentflow_definer;
        ALTER TABLE {table}_rest OWNER TO agentflow_definer;
        """,
        migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("executions", "0007_reruns")]

    operations = [
        migrations.CreateModel(
            name="Retention",
            fields=[
                (
                    "workspace",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.workspace",
                    ),
                ),
                ("success_days", models.IntegerField(null=True)),
                ("failure_days", models.IntegerField(null=True)),
                ("test_days", models.IntegerField(null=True)),
                ("is_archived", models.BooleanField(null=True)),
                ("changed_at", models.DateTimeField(null=True)),
                ("scanned_to", models.DateTimeField(help_text="how far this round has looked, by creation", null=True)),
                ("next_round_at", models.DateTimeField(null=True)),
                (
                    "swept_to",
                    models.TextField(default="", help_text="how far object storage has been looked through, by key"),
                ),
            ],
        ),
        migrations.AddField(
            model_name="execution",
            name="by_reference",
            field=models.JSONField(
                help_text="columns whose values are in object storage: {name: {sha256, size, head}}", null=True
            ),
        ),
        migrations.AddField(
            model_name="execution",
            name="data_bytes",
            field=models.BigIntegerField(db_default=0, help_text="what its node runs have written so far, about"),
        ),
        migrations.AddField(
            model_name="noderun",
            name="by_reference",
            field=models.JSONField(help_text="as with executions", null=True),
        ),
        migrations.AddField(
            model_name="step",
            name="by_reference",
            field=models.JSONField(help_text="as with executions", null=True),
        ),
        migrations.CreateModel(
            name="Artifact",
            fields=[
                ("id", models.UUIDField(default=apps.core.ids.uuid7, primary_key=True, serialize=False)),
                ("workflow_id", models.UUIDField()),
                ("node_id", models.TextField()),
                ("path", models.TextField(default="")),
                ("name", models.TextField()),
                ("content_type", models.TextField()),
                ("size", models.BigIntegerField(help_text="bytes")),
                ("sha256", models.TextField()),
                ("is_stored", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                (
                    "execution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="executions.execution"
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
        ),
        migrations.CreateModel(
            name="Payload",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "workspace_id", "sha256", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sha256", models.TextField()),
                ("size", models.BigIntegerField(help_text="bytes")),
                (
                    "touched_at",
                    models.DateTimeField(help_text="when it was last about to be written; kept for a day from then on"),
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
        ),
        migrations.CreateModel(
            name="StorageUse",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "workspace_id", "kind", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.TextField(help_text="payloads or artifacts")),
                ("objects_count", models.BigIntegerField()),
                ("size", models.BigIntegerField(help_text="bytes")),
                ("measured_at", models.DateTimeField()),
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
                "db_table": "executions_storage_use",
            },
        ),
        migrations.CreateModel(
            name="UsageDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "workspace_id",
                        "day",
                        "workflow_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("day", models.DateField()),
                ("workflow_id", models.UUIDField()),
                ("succeeded", models.IntegerField(default=0)),
                ("failed", models.IntegerField(default=0, help_text="also cancelled and timed out")),
                ("tested", models.IntegerField(default=0, help_text="test runs that have ended, however")),
                ("unfinished", models.IntegerField(default=0)),
                ("data_bytes", models.BigIntegerField(default=0)),
                ("deleted_succeeded", models.IntegerField(default=0)),
                ("deleted_failed", models.IntegerField(default=0)),
                ("deleted_tested", models.IntegerField(default=0)),
                ("deleted_bytes", models.BigIntegerField(default=0)),
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
                "db_table": "executions_usage_day",
            },
        ),
        migrations.CreateModel(
            name="PayloadUse",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "execution_id", "sha256", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("execution_id", models.UUIDField()),
                ("sha256", models.TextField()),
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
                "db_table": "executions_payload_use",
                "indexes": [models.Index(fields=["workspace", "sha256"], name="payload_used")],
            },
        ),
        *[protect(f"executions_{table}") for table in _TENANT_TABLES],
        migrations.RunSQL(_functions_0008.USES, "DROP FUNCTION executions_note_use CASCADE"),
        *[_hand_over(table) for table in _functions_0008.PARTITIONED],
        migrations.RunSQL(_functions_0008.FLOOR, migrations.RunSQL.noop),
        migrations.RunSQL(_functions_0008.MAKE, migrations.RunSQL.noop),
        *[definer(signature, body) for signature, body in _functions_0008.DEFINERS.items()],
        migrations.RunSQL("SELECT executions_partitions_ensure(4)", migrations.RunSQL.noop),
    ]
