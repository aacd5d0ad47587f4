"""What is to be told, inside and outward, and the functions that find what is due in any workspace."""

from __future__ import annotations

from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import definer, protect

# Taken rows are due again after `hold_seconds`: whoever took them and died is followed by somebody else.
_TAKE = """
CREATE OR REPLACE FUNCTION {function}(most int, hold_seconds double precision) RETURNS SETOF {table}
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    moment timestamptz := clock_timestamp();  -- as a value, so that an index can be searched for it
BEGIN
    RETURN QUERY
        WITH due AS MATERIALIZED (
            SELECT d.id FROM {table} d WHERE d.due_at <= moment ORDER BY d.due_at LIMIT most FOR UPDATE SKIP LOCKED)
        UPDATE {table} t SET due_at = moment + hold_seconds * interval '1 second', attempts = t.attempts + 1
        FROM due WHERE t.id = due.id RETURNING t.*;
END $$;
"""


class Migration(migrations.Migration):
    """The two tables."""

    dependencies = [("core", "0002_pulse")]
    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.UUIDField(default=apps.core.ids.uuid7, primary_key=True, serialize=False)),
                ("workspace_id", models.UUIDField()),
                ("name", models.TextField(help_text="noun.past, as in execution.finished")),
                ("subject_id", models.UUIDField(help_text="what it happened to")),
                ("data", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(help_text="null: given up", null=True)),
                ("attempts", models.IntegerField(db_default=0, default=0)),
                ("told", models.JSONField(default=list, help_text="the subscribers that are done")),
                ("error", models.TextField(db_default="", default="")),
            ],
            options={
                "db_table": "core_event",
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="core_event_due"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.UUIDField(default=apps.core.ids.uuid7, primary_key=True, serialize=False)),
                ("workspace_id", models.UUIDField()),
                ("channel", models.TextField(help_text="who sends it, see subscribers.SENDERS")),
                ("subject_id", models.UUIDField(help_text="what it is about")),
                ("target", models.TextField(help_text="where it goes, for people to read")),
                ("data", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(null=True)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("attempts", models.IntegerField(default=0, help_text="since it was last put on its way")),
                ("tries", models.JSONField(default=list)),
            ],
            options={
                "db_table": "core_message",
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="core_message_due"
                    ),
                    models.Index(fields=["subject_id"], name="core_message_subject"),
                ],
            },
        ),
        protect("core_event"),
        protect("core_message"),
        definer(
            "core_events_take(int, double precision)", _TAKE.format(function="core_events_take", table="core_event")
        ),
        definer(
            "core_messages_take(int, double precision)",
            _TAKE.format(function="core_messages_take", table="core_message"),
        ),
    ]
