"""Limits and queues: who may begin, what waits for a place, and which systems are left alone for a while."""

import django.db.models.deletion
from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import definer, protect
from apps.executions.migrations import _functions, _functions_0006


class Migration(migrations.Migration):
    dependencies = [("executions", "0005_calls")]

    operations = [
        migrations.CreateModel(
            name="Circuit",
            fields=[
                ("id", models.UUIDField(default=apps.core.ids.uuid7, primary_key=True, serialize=False)),
                ("target", models.TextField(help_text="host:port, or the credential its calls are signed with")),
                ("state", models.TextField(default="closed")),
                ("failures", models.IntegerField(default=0)),
                ("pause_seconds", models.FloatField(default=0)),
                ("failed_at", models.DateTimeField(null=True)),
                (
                    "until",
                    models.DateTimeField(
                        help_text="open: when it is tried again; half_open: when the trial is over", null=True
                    ),
                ),
                ("last_error", models.TextField(default="")),
                ("changed_at", models.DateTimeField()),
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
            name="Merged",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "workspace_id", "dedupe_key", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("dedupe_key", models.TextField()),
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
            name="Quota",
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
                ("max_concurrent", models.IntegerField(null=True)),
                ("queue_depth", models.IntegerField(null=True)),
                ("most_concurrent", models.IntegerField(null=True)),
                ("most_queued", models.IntegerField(null=True)),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveIndex(
            model_name="execution",
            name="execution_due",
        ),
        migrations.RemoveIndex(
            model_name="execution",
            name="execution_held",
        ),
        migrations.AddField(
            model_name="execution",
            name="concurrency_key",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="execution",
            name="debounce_key",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="execution",
            name="debounce_until",
            field=models.DateTimeField(help_text="then it begins, however often it is pushed back", null=True),
        ),
        migrations.AddField(
            model_name="execution",
            name="key_counts",
            field=models.TextField(help_text="running or unfinished", null=True),
        ),
        migrations.AddField(
            model_name="execution",
            name="key_limit",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="execution",
            name="priority",
            field=models.SmallIntegerField(db_default=0, default=0, help_text="1 high, 0 normal, -1 low"),
        ),
        migrations.AddField(
            model_name="execution",
            name="rate_count",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="execution",
            name="rate_seconds",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="execution",
            name="slot_at",
            field=models.DateTimeField(help_text="when the rate lets it begin; once it has, when it did", null=True),
        ),
        migrations.AlterField(
            model_name="execution",
            name="held_by",
            field=models.TextField(
                help_text="what it waits for though it is due: pause, parent, workflow, key", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(("held_by__isnull", True), ("owner__isnull", True), ("runnable_at__isnull", False)),
                fields=["workspace", "queue", "priority", "runnable_at"],
                name="execution_due",
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(condition=models.Q(("status", "NEW")), fields=["workspace"], name="execution_queued"),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(("status", "RUNNING")), fields=["workspace", "workflow"], name="execution_running"
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(
                    ("status__in", ["RUNNING", "WAITING", "WAITING_FOR_HUMAN", "PAUSED"]),
                    ("concurrency_key__isnull", False),
                ),
                fields=["workflow", "concurrency_key"],
                name="execution_key_taken",
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(("slot_at__isnull", False)), fields=["workflow", "slot_at"], name="execution_slots"
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(("held_by__isnull", False)),
                fields=["workflow", "held_by", "priority", "runnable_at"],
                name="execution_held",
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(("held_by", "key")),
                fields=["workflow", "concurrency_key", "priority", "runnable_at"],
                name="execution_held_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="execution",
            constraint=models.UniqueConstraint(
                condition=models.Q(("debounce_key__isnull", False), ("status", "NEW")),
                fields=("workflow", "debounce_key"),
                name="execution_debounced",
            ),
        ),
        migrations.AddIndex(
            model_name="circuit",
            index=models.Index(condition=models.Q(("failures__gt", 0)), fields=["workspace"], name="circuit_troubled"),
        ),
        migrations.AddConstraint(
            model_name="circuit",
            constraint=models.UniqueConstraint(fields=("workspace", "target"), name="circuit_once"),
        ),
        migrations.AddConstraint(
            model_name="circuit",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["closed", "open", "half_open"])), name="circuit_state"
            ),
        ),
        *[protect(f"executions_{table}") for table in ("merged", "quota", "circuit")],
        *[migrations.RunSQL(body, migrations.RunSQL.noop) for body in _functions_0006.HELPERS],
        migrations.RunSQL("DROP FUNCTION executions_claim(uuid, text[], int)", _functions.CLAIM),
        *[definer(signature, body) for signature, body in _functions_0006.DEFINERS.items()],
    ]
