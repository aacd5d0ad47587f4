"""Pulled models, and one prompt on several models."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import definer, protect, veil

# Taken rows are due again after `hold_seconds`: whoever took them and died is followed by somebody else.
_TAKE = """
CREATE OR REPLACE FUNCTION {function}(hold_seconds double precision) RETURNS SETOF {table}
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    moment timestamptz := clock_timestamp();  -- as a value, so that an index can be searched for it
BEGIN
    RETURN QUERY
        WITH due AS MATERIALIZED (
            SELECT d.id FROM {table} d WHERE d.due_at <= moment ORDER BY d.due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
        UPDATE {table} t SET status = 'running', due_at = moment + hold_seconds * interval '1 second',
            attempts = t.attempts + 1
        FROM due WHERE t.id = due.id RETURNING t.*;
END $$;
"""

_FORGET = """
CREATE OR REPLACE FUNCTION ai_comparisons_forget(days int, most int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone bigint;
    before timestamptz := clock_timestamp() - days * interval '1 day';
    old_ids uuid[] := ARRAY(
        SELECT c.id FROM ai_comparison c WHERE c.created_at < before
        ORDER BY c.id LIMIT most FOR UPDATE SKIP LOCKED);
BEGIN
    DELETE FROM ai_pull p WHERE p.due_at IS NULL AND p.created_at < before;
    DELETE FROM ai_comparison_answer a WHERE a.comparison_id = ANY (old_ids);
    DELETE FROM ai_comparison c WHERE c.id = ANY (old_ids);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;
"""


class Migration(migrations.Migration):
    """See `apps.ai.models.jobs`."""

    dependencies = [
        ("accounts", "0006_notices"),
        ("ai", "0003_memory"),
        ("integrations", "0004_inbound"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Comparison",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("system", models.TextField(blank=True)),
                ("prompt", models.TextField()),
                (
                    "sampling",
                    models.JSONField(
                        default=dict, help_text="a nodes.contract.Sampling, without what is left to the provider"
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "asked_by",
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "db_table": "ai_comparison",
            },
        ),
        migrations.CreateModel(
            name="Answer",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("canceled", "Canceled"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("due_at", models.DateTimeField(help_text="when a worker may take it; null: it has ended", null=True)),
                ("attempts", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "error",
                    models.JSONField(
                        help_text="why it failed: code, message, hint, and the page below the workspace that mends it",
                        null=True,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("place", models.PositiveSmallIntegerField()),
                ("provider", models.CharField(max_length=20)),
                ("model", models.CharField(max_length=200)),
                ("text", models.TextField(blank=True)),
                ("finish", models.CharField(blank=True, max_length=10)),
                (
                    "notes",
                    models.JSONField(
                        default=list, help_text="what of the request the model does not know and was left out"
                    ),
                ),
                ("usage", models.JSONField(default=dict, help_text="a nodes.contract.Usage")),
                (
                    "cost",
                    models.DecimalField(
                        decimal_places=8, help_text="US dollars; null: not known", max_digits=14, null=True
                    ),
                ),
                ("seconds", models.FloatField(null=True)),
                ("first_seconds", models.FloatField(help_text="until the first piece of text", null=True)),
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
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
                (
                    "comparison",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="answers", to="ai.comparison"
                    ),
                ),
            ],
            options={
                "db_table": "ai_comparison_answer",
            },
        ),
        migrations.CreateModel(
            name="Pull",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("canceled", "Canceled"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("due_at", models.DateTimeField(help_text="when a worker may take it; null: it has ended", null=True)),
                ("attempts", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "error",
                    models.JSONField(
                        help_text="why it failed: code, message, hint, and the page below the workspace that mends it",
                        null=True,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("model", models.CharField(max_length=200)),
                (
                    "message",
                    models.CharField(blank=True, help_text="what the server does at the moment", max_length=200),
                ),
                ("done_bytes", models.BigIntegerField(default=0)),
                ("total_bytes", models.BigIntegerField(default=0, help_text="0 while it is not known")),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "credential",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="integrations.credential"
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
                "db_table": "ai_pull",
            },
        ),
        migrations.AddIndex(
            model_name="comparison",
            index=models.Index(fields=["workspace", "-id"], name="ai_comparison_newest"),
        ),
        migrations.AddIndex(
            model_name="answer",
            index=models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="ai_answer_due"),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.UniqueConstraint(fields=("comparison", "place"), name="ai_answer_place"),
        ),
        migrations.AddIndex(
            model_name="pull",
            index=models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="ai_pull_due"),
        ),
        migrations.AddConstraint(
            model_name="pull",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["waiting", "running"])),
                fields=("credential", "model"),
                name="ai_pull_once",
            ),
        ),
        protect("ai_comparison"),
        protect("ai_comparison_answer"),
        protect("ai_pull"),
        veil("ai_comparison_answer", column="credential_id"),
        veil("ai_pull", column="credential_id"),
        definer(
            "ai_answers_take(double precision)", _TAKE.format(function="ai_answers_take", table="ai_comparison_answer")
        ),
        definer("ai_pulls_take(double precision)", _TAKE.format(function="ai_pulls_take", table="ai_pull")),
        definer("ai_comparisons_forget(int, int)", _FORGET),
    ]
