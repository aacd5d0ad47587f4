"""Counting the tries of a message from when it was last put on its way, and forgetting what was settled long ago."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models.functions import Now

from apps.core.tenancy import definer

_FORGET = """
CREATE OR REPLACE FUNCTION core_forget(message_days int, event_days int, most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    messages int;
    events int;
BEGIN
    DELETE FROM core_message WHERE id IN (
        SELECT m.id FROM core_message m
        WHERE m.due_at IS NULL AND m.put_at < clock_timestamp() - message_days * interval '1 day'
        LIMIT most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS messages = ROW_COUNT;
    DELETE FROM core_event WHERE id IN (
        SELECT e.id FROM core_event e
        WHERE e.due_at IS NULL AND e.created_at < clock_timestamp() - event_days * interval '1 day'
        LIMIT most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS events = ROW_COUNT;
    RETURN messages + events;
END $$;
"""

_GIVEN_UP = """
CREATE OR REPLACE FUNCTION core_given_up() RETURNS TABLE (events bigint, messages bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT (SELECT count(*) FROM core_event WHERE due_at IS NULL),
           (SELECT count(*) FROM core_message WHERE due_at IS NULL AND delivered_at IS NULL
                                              AND put_at > clock_timestamp() - interval '7 days')
$$;
"""


class Migration(migrations.Migration):
    """One column, two functions, and the index they need."""

    dependencies = [("core", "0003_events")]
    operations = [
        migrations.AddField(
            model_name="message",
            name="put_at",
            field=models.DateTimeField(db_default=Now(), help_text="when it was last put on its way"),
        ),
        migrations.AlterField(
            model_name="message",
            name="attempts",
            field=models.IntegerField(default=0, help_text="how often it was taken since then"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("due_at__isnull", True)), fields=["put_at"], name="core_message_settled"
            ),
        ),
        definer("core_forget(int, int, int)", _FORGET),
        definer("core_given_up()", _GIVEN_UP),
    ]
