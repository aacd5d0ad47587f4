"""Schedules, and the one function that looks at the clocks of every workspace."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import definer, protect

# What changed and what is due, in one visit. The lock is held for this look only: two schedulers at once are harmless,
# they would only do the same work twice and have one of them lose every compare-and-set.
_LOOK = """
CREATE OR REPLACE FUNCTION triggers_schedules_look(moment timestamptz, most int)
RETURNS TABLE (
    kind text, workspace_id uuid, workflow_id uuid, node_id text, version_id uuid, active_since timestamptz,
    schedule_id uuid, expression text, timezone text, missed text, next_fire_at timestamptz,
    followed_since timestamptz
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('triggers_schedules_look')) THEN
        RETURN;
    END IF;
    DELETE FROM triggers_schedule s WHERE NOT EXISTS (
        SELECT 1 FROM workflows_active_trigger t
        WHERE t.subtype = 'CRON' AND t.workflow_id = s.workflow_id AND t.node_id = s.node_id);
    RETURN QUERY
        SELECT 'changed', t.workspace_id, t.workflow_id, t.node_id::text, t.version_id, t.active_since, s.id,
               COALESCE(t.params ->> 'expression', ''),
               COALESCE(NULLIF(t.params ->> 'timezone', ''), v.definition -> 'settings' ->> 'timezone', 'UTC'),
               COALESCE(t.params ->> 'missed', 'one'), s.next_fire_at, s.active_since
        FROM workflows_active_trigger t
        JOIN workflows_version v ON v.id = t.version_id
        LEFT JOIN triggers_schedule s ON s.workflow_id = t.workflow_id AND s.node_id = t.node_id
        WHERE t.subtype = 'CRON'
          AND (s.id IS NULL OR s.version_id <> t.version_id OR s.active_since <> t.active_since)
        LIMIT most;
    RETURN QUERY
        SELECT 'due', s.workspace_id, s.workflow_id, s.node_id, s.version_id, s.active_since, s.id, s.expression,
               s.timezone, s.missed, s.next_fire_at, s.active_since
        FROM triggers_schedule s WHERE s.next_fire_at <= moment ORDER BY s.next_fire_at LIMIT most;
END $$;
"""


class Migration(migrations.Migration):
    """The table and its functions."""

    initial = True
    dependencies = [("accounts", "0001_initial"), ("workflows", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Schedule",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("node_id", models.TextField()),
                ("active_since", models.DateTimeField()),
                ("expression", models.TextField()),
                ("timezone", models.TextField()),
                ("missed", models.TextField()),
                ("next_fire_at", models.DateTimeField(help_text="null: never again, see error", null=True)),
                ("last_fired_at", models.DateTimeField(help_text="the due time that was last started", null=True)),
                ("last_skipped_at", models.DateTimeField(help_text="the due time that was last refused", null=True)),
                ("last_skip_reason", models.TextField(default="", help_text="the code of that refusal")),
                ("skipped_count", models.IntegerField(default=0)),
                ("error", models.TextField(default="", help_text="why it cannot come due")),
                (
                    "version",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="workflows.version",
                    ),
                ),
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
                "db_table": "triggers_schedule",
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_fire_at__isnull", False)),
                        fields=["next_fire_at"],
                        name="triggers_schedule_due",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("workflow", "node_id"), name="triggers_schedule_once")],
            },
        ),
        protect("triggers_schedule"),
        definer("triggers_schedules_look(timestamptz, int)", _LOOK),
    ]
