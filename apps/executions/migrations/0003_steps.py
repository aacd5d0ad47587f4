"""Steps of nodes, and holding an execution."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from apps.core.tenancy import definer, protect
from apps.executions.migrations import _functions, _functions_0003


class Migration(migrations.Migration):
    dependencies = [("executions", "0002_claim_and_sweep")]

    operations = [
        migrations.AddField(
            model_name="execution",
            name="hold",
            field=models.JSONField(help_text="who paused it, when and why: {by, at, reason, nodes}", null=True),
        ),
        migrations.AddField(
            model_name="execution",
            name="debug",
            field=models.JSONField(help_text="of a test run: {breakpoints, is_stepping, passed}", null=True),
        ),
        migrations.AddField(
            model_name="noderun",
            name="losses",
            field=models.IntegerField(db_default=0, help_text="how often its worker was lost while it ran"),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(_functions_0003.STEP_TABLE, "DROP TABLE executions_step")],
            state_operations=[
                migrations.CreateModel(
                    name="Step",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "execution_id",
                                "node_id",
                                "path",
                                "key",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("execution_id", models.UUIDField()),
                        ("node_id", models.TextField()),
                        ("path", models.TextField(default="")),
                        ("key", models.TextField()),
                        ("state", models.TextField()),
                        ("effect", models.TextField()),
                        ("result", models.JSONField(null=True)),
                        ("failures", models.IntegerField(default=0)),
                        ("started_at", models.DateTimeField()),
                        ("finished_at", models.DateTimeField(null=True)),
                        (
                            "workspace",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="accounts.workspace",
                            ),
                        ),
                    ],
                ),
            ],
        ),
        protect("executions_step"),
        definer(
            "executions_step(uuid, bigint, text, text, text, text, text, jsonb)",
            _functions_0003.STEP,
        ),
        migrations.RunSQL("DROP FUNCTION executions_news(uuid)", _functions.NEWS),
        definer("executions_news(uuid)", _functions_0003.NEWS),
    ]
