"""The trace an execution belongs to, and what there is to do at the moment, across workspaces."""

from __future__ import annotations

from django.db import migrations, models

from apps.core.tenancy import definer

BACKLOG = """
CREATE OR REPLACE FUNCTION executions_backlog() RETURNS TABLE (kind text, label text, number bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- Each part in the words of a partial index, so that a million finished executions cost nothing.
    SELECT 'queued', queue, count(*) FROM executions_execution
    WHERE owner IS NULL AND runnable_at IS NOT NULL AND held_by IS NULL AND runnable_at <= clock_timestamp()
    GROUP BY queue
    UNION ALL
    SELECT 'held', queue, count(*) FROM executions_execution WHERE held_by IS NOT NULL GROUP BY queue
    UNION ALL
    SELECT 'status', 'NEW', count(*) FROM executions_execution WHERE status = 'NEW'
    UNION ALL
    SELECT 'status', 'RUNNING', count(*) FROM executions_execution WHERE status = 'RUNNING'
    UNION ALL
    SELECT 'status', status, count(*) FROM executions_execution
    WHERE status IN ('WAITING', 'WAITING_FOR_HUMAN', 'PAUSED') GROUP BY status
    UNION ALL
    SELECT 'workers', '', count(*) FROM executions_worker WHERE alive_until > clock_timestamp()
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("executions", "0015_failures")]

    operations = [
        migrations.AddField(
            model_name="execution",
            name="trace",
            field=models.TextField(null=True, help_text="traceparent of the request that started it"),
        ),
        definer("executions_backlog()", BACKLOG),
    ]
