"""Events that are posted to a workspace, and who waits for them."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import definer, protect

# What a value is compared by: texts as they are, numbers without trailing zeros; 42, 42.0 and "42" are the same.
_MATCHING = """
CREATE OR REPLACE FUNCTION triggers_event_text(value jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE jsonb_typeof(value) WHEN 'string' THEN value #>> '{}' WHEN 'boolean' THEN value #>> '{}'
                WHEN 'number' THEN trim_scale((value #>> '{}')::numeric)::text END
$$;
CREATE OR REPLACE FUNCTION triggers_event_digest(given jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT encode(sha256(convert_to(COALESCE(jsonb_agg(triggers_event_text(u.value) ORDER BY u.at), '[]')::text,
                                    'UTF8')), 'hex')
    FROM jsonb_array_elements(given) WITH ORDINALITY AS u (value, at)
$$;
CREATE OR REPLACE FUNCTION triggers_event_key(data jsonb, shape text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT triggers_event_digest(COALESCE(jsonb_agg(data #> string_to_array(u.path, '.') ORDER BY u.at), '[]'))
    FROM unnest(string_to_array(shape, ' ')) WITH ORDINALITY AS u (path, at)
$$;
CREATE OR REPLACE FUNCTION triggers_event_lock(workspace uuid, name text, is_post boolean) RETURNS void
LANGUAGE plpgsql SET lock_timeout = '10s' AS $$
DECLARE
    place bigint := hashtextextended('triggers_event:' || workspace || ':' || name, 0);
BEGIN
    IF is_post THEN
        PERFORM pg_advisory_xact_lock(place);
    ELSE
        PERFORM pg_advisory_xact_lock_shared(place);
    END IF;
END $$;
GRANT EXECUTE ON FUNCTION triggers_event_text, triggers_event_digest, triggers_event_key, triggers_event_lock
    TO agentflow_app;
"""

_PENDING = """
CREATE OR REPLACE FUNCTION triggers_events_pending(most int)
RETURNS TABLE (workspace_id uuid, event_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    before timestamptz := clock_timestamp() - interval '1 second';  -- whoever posted it is about to deliver it
BEGIN
    RETURN QUERY
        SELECT e.workspace_id, e.id FROM triggers_event e
        WHERE e.delivered_at IS NULL AND e.posted_at < before ORDER BY e.posted_at LIMIT most;
END $$;
"""

_PURGE = """
CREATE OR REPLACE FUNCTION triggers_events_purge(kept interval, most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone int;
    before timestamptz := clock_timestamp() - kept;
BEGIN
    DELETE FROM triggers_event e WHERE e.id IN (
        SELECT d.id FROM triggers_event d WHERE d.posted_at < before AND d.delivered_at IS NOT NULL
        ORDER BY d.posted_at LIMIT most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;
"""


class Migration(migrations.Migration):
    """The tables and their functions."""

    dependencies = [("triggers", "0001_initial"), ("executions", "0005_calls")]
    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "external_id",
                    models.TextField(help_text="what the sender calls it; the same again is no new event", null=True),
                ),
                ("name", models.TextField()),
                ("data", models.JSONField(null=True)),
                ("posted_at", models.DateTimeField()),
                ("posted_by", models.TextField()),
                ("delivered_at", models.DateTimeField(null=True)),
                ("resolved_count", models.IntegerField(default=0, help_text="so many waits it ended")),
                ("started", models.JSONField(default=list, help_text="[{workflow_id, execution_id}]")),
                ("refused", models.JSONField(default=list, help_text="[{workflow_id, code, message}]")),
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
                "db_table": "triggers_event",
                "indexes": [
                    models.Index(fields=["workspace", "name", "posted_at"], name="triggers_event_by_name"),
                    models.Index(fields=["workspace", "-id"], name="triggers_event_newest"),
                    models.Index(fields=["posted_at"], name="triggers_event_age"),
                    models.Index(
                        condition=models.Q(("delivered_at__isnull", True)),
                        fields=["posted_at"],
                        name="triggers_event_pending",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id__isnull", False)),
                        fields=("workspace", "external_id"),
                        name="triggers_event_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EventWait",
            fields=[
                ("wait_id", models.UUIDField(primary_key=True, serialize=False)),
                ("execution_id", models.UUIDField()),
                ("name", models.TextField()),
                ("shape", models.TextField()),
                ("key", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
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
                "db_table": "triggers_event_wait",
                "indexes": [
                    models.Index(fields=["workspace", "name", "shape", "key"], name="triggers_event_wait_match")
                ],
            },
        ),
        migrations.RunSQL(
            """ALTER TABLE triggers_event_wait ADD CONSTRAINT triggers_event_wait_of_wait
               FOREIGN KEY (wait_id) REFERENCES executions_wait (id) ON DELETE CASCADE""",
            migrations.RunSQL.noop,
        ),
        protect("triggers_event"),
        protect("triggers_event_wait"),
        migrations.RunSQL(
            _MATCHING,
            "DROP FUNCTION triggers_event_key, triggers_event_digest, triggers_event_text, triggers_event_lock",
        ),
        definer("triggers_events_pending(int)", _PENDING),
        definer("triggers_events_purge(interval, int)", _PURGE),
    ]
