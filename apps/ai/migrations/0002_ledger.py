"""What calls of models cost, and what they may."""

from __future__ import annotations

import django.db.models.deletion
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

from apps.ai.migrations import _functions_0002
from apps.core.ids import uuid7
from apps.core.tenancy import definer, protect, veil

_TABLES = ("ai_call", "ai_open_call", "ai_usage_day", "ai_budget", "ai_budget_use")


class Migration(migrations.Migration):
    """See `apps.ai.models.ledger` and `apps.ai.models.budgets`."""

    dependencies = [("ai", "0001_choices")]

    operations = [
        migrations.CreateModel(
            name="Budget",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("workspace", "Workspace"),
                            ("workflow", "Workflow"),
                            ("agent", "Agent"),
                            ("execution", "Execution"),
                        ],
                        max_length=10,
                    ),
                ),
                ("workflow_id", models.UUIDField(null=True)),
                ("node_id", models.TextField(default="", help_text="of an agent")),
                (
                    "period",
                    models.CharField(choices=[("day", "Day"), ("month", "Month"), ("total", "Total")], max_length=10),
                ),
                ("limit_usd", models.DecimalField(decimal_places=10, max_digits=18, null=True)),
                ("limit_tokens", models.BigIntegerField(null=True)),
                ("then", models.CharField(choices=[("stop", "Stop"), ("ask", "Ask")], default="stop", max_length=10)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
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
                "db_table": "ai_budget",
            },
        ),
        migrations.CreateModel(
            name="BudgetUse",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "subject_id",
                    models.UUIDField(help_text="the execution of a budget per execution, else the budget itself"),
                ),
                ("begins", models.DateField()),
                ("spent", models.DecimalField(decimal_places=10, default=0, max_digits=18)),
                ("reserved", models.DecimalField(decimal_places=10, default=0, max_digits=18)),
                (
                    "more",
                    models.DecimalField(
                        decimal_places=10, default=0, help_text="allowed beyond the limit, this once", max_digits=18
                    ),
                ),
                ("tokens_spent", models.BigIntegerField(default=0)),
                ("tokens_reserved", models.BigIntegerField(default=0)),
                ("tokens_more", models.BigIntegerField(default=0)),
                (
                    "raises",
                    models.JSONField(
                        default=list,
                        help_text="who allowed more, when and how much: {key, usd, tokens, by, at}; a key counts once",
                    ),
                ),
                ("told", models.PositiveSmallIntegerField(default=0)),
                ("opened_at", models.DateTimeField()),
                (
                    "budget",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="uses", to="ai.budget"
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
                "db_table": "ai_budget_use",
            },
        ),
        migrations.CreateModel(
            name="Call",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid7,
                        editable=False,
                        help_text="made when the call began",
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("workflow_id", models.UUIDField(null=True)),
                ("execution_id", models.UUIDField(null=True)),
                ("node_id", models.TextField(default="")),
                ("path", models.TextField(default="")),
                ("step", models.TextField(default="")),
                ("purpose", models.TextField()),
                ("provider", models.TextField()),
                ("model", models.TextField()),
                ("credential_id", models.UUIDField(null=True)),
                ("is_test", models.BooleanField(default=False)),
                ("at", models.DateTimeField(help_text="when it began")),
                ("attempt", models.PositiveIntegerField(help_text="the how manieth of its step")),
                ("input", models.BigIntegerField(default=0, help_text="tokens, those from and to the cache included")),
                ("output", models.BigIntegerField(default=0, help_text="tokens, those of reasoning included")),
                ("cached", models.BigIntegerField(default=0)),
                ("written", models.BigIntegerField(default=0)),
                ("reasoning", models.BigIntegerField(default=0)),
                (
                    "cost",
                    models.DecimalField(
                        decimal_places=10,
                        help_text="US dollars; null where the price is not known",
                        max_digits=18,
                        null=True,
                    ),
                ),
                ("ms", models.BigIntegerField(default=0)),
                ("outcome", models.TextField(help_text="`answered`, or the code of the error")),
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
                "db_table": "ai_call",
            },
        ),
        migrations.CreateModel(
            name="OpenCall",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid7,
                        editable=False,
                        help_text="made when the call began",
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("workflow_id", models.UUIDField(null=True)),
                ("execution_id", models.UUIDField(null=True)),
                ("node_id", models.TextField(default="")),
                ("path", models.TextField(default="")),
                ("step", models.TextField(default="")),
                ("purpose", models.TextField()),
                ("provider", models.TextField()),
                ("model", models.TextField()),
                ("credential_id", models.UUIDField(null=True)),
                ("is_test", models.BooleanField(default=False)),
                ("at", models.DateTimeField(help_text="when it began")),
                (
                    "most",
                    models.DecimalField(
                        decimal_places=10,
                        help_text="what it may cost; null where no price is known",
                        max_digits=18,
                        null=True,
                    ),
                ),
                ("most_tokens", models.BigIntegerField(default=0)),
                (
                    "uses",
                    ArrayField(
                        base_field=models.UUIDField(),
                        default=list,
                        help_text="the BudgetUse rows that hold it",
                        size=None,
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
                "db_table": "ai_open_call",
            },
        ),
        migrations.CreateModel(
            name="UsageDay",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("workflow_id", models.UUIDField(null=True)),
                ("node_id", models.TextField(default="")),
                ("purpose", models.TextField()),
                ("provider", models.TextField()),
                ("model", models.TextField()),
                ("is_test", models.BooleanField(default=False)),
                ("calls", models.BigIntegerField(default=0)),
                ("failed", models.BigIntegerField(default=0, help_text="calls that were not answered")),
                ("unpriced", models.BigIntegerField(default=0, help_text="calls whose price is not known")),
                ("input", models.BigIntegerField(default=0)),
                ("output", models.BigIntegerField(default=0)),
                ("cached", models.BigIntegerField(default=0)),
                ("written", models.BigIntegerField(default=0)),
                ("reasoning", models.BigIntegerField(default=0)),
                ("cost", models.DecimalField(decimal_places=10, default=0, max_digits=18)),
                ("ms", models.BigIntegerField(default=0)),
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
                "db_table": "ai_usage_day",
            },
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.UniqueConstraint(fields=("workspace", "name"), name="ai_budget_name"),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(("limit_usd__isnull", False), ("limit_tokens__isnull", False), _connector="OR"),
                name="ai_budget_has_a_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("node_id", ""), ("scope", "workspace"), ("workflow_id__isnull", True)),
                    models.Q(("node_id", ""), ("scope", "workflow"), ("workflow_id__isnull", False)),
                    models.Q(
                        ("scope", "agent"), ("workflow_id__isnull", False), models.Q(("node_id", ""), _negated=True)
                    ),
                    models.Q(("node_id", ""), ("period", "total"), ("scope", "execution")),
                    _connector="OR",
                ),
                name="ai_budget_names_its_scope",
            ),
        ),
        migrations.AddIndex(
            model_name="budgetuse",
            index=models.Index(fields=["opened_at"], name="ai_budget_use_oldest"),
        ),
        migrations.AddConstraint(
            model_name="budgetuse",
            constraint=models.UniqueConstraint(fields=("budget", "subject_id", "begins"), name="ai_budget_use_once"),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(fields=["workspace", "id"], name="ai_call_newest"),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("execution_id__isnull", False)),
                fields=["execution_id", "node_id", "path", "step"],
                name="ai_call_of_step",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("workflow_id__isnull", False)),
                fields=["workflow_id", "id"],
                name="ai_call_of_workflow",
            ),
        ),
        migrations.AddIndex(
            model_name="opencall",
            index=models.Index(fields=["at"], name="ai_open_call_oldest"),
        ),
        migrations.AddConstraint(
            model_name="usageday",
            constraint=models.UniqueConstraint(
                fields=("workspace", "day", "workflow_id", "node_id", "provider", "model", "purpose", "is_test"),
                name="ai_usage_day_once",
                nulls_distinct=False,
            ),
        ),
        *[protect(table) for table in _TABLES],
        *[veil(table, column="workflow_id") for table in _TABLES if table != "ai_budget_use"],
        veil("ai_budget_use", column="budget_id", parent="ai_budget"),
        *[migrations.RunSQL(body, migrations.RunSQL.noop) for body in _functions_0002.INVOKERS],
        migrations.RunSQL(_functions_0002.GRANTS, migrations.RunSQL.noop),
        *[definer(signature, body) for signature, body in _functions_0002.DEFINERS.items()],
    ]
