"""What operators may learn of every workspace: how much there is of what, and nothing of its content."""

from __future__ import annotations

from django.db import migrations

from apps.core.tenancy import definer

# Each count stops at 1,001 and comes from a partial index, so that a workspace with millions of rows costs what a small
# one does. Who is no operator gets no row.
_OVERVIEW = """
CREATE OR REPLACE FUNCTION insights_operator_overview(operator uuid, wanted text, beyond text, since uuid, most int)
RETURNS TABLE (slug varchar, name varchar, created_at timestamptz, closed_at timestamptz, members bigint,
               queued bigint, running bigint, waiting bigint, failed bigint, events bigint, messages bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH shown AS (
        SELECT w.id, w.slug, w.name, w.created_at, w.closed_at FROM accounts_workspace w
        WHERE EXISTS (SELECT FROM accounts_user u
                      WHERE u.id = operator AND u.is_active AND u.is_staff AND u.is_superuser)
          AND (wanted = '' OR strpos(lower(w.slug), lower(wanted)) > 0 OR strpos(lower(w.name), lower(wanted)) > 0)
          AND w.slug > beyond
        ORDER BY w.slug LIMIT most
    ), given_up AS (
        SELECT e.workspace_id, count(*) AS n FROM core_event e WHERE e.due_at IS NULL GROUP BY 1
    ), dead AS (
        SELECT m.workspace_id, count(*) AS n FROM core_message m
        WHERE m.due_at IS NULL AND m.delivered_at IS NULL AND m.put_at > clock_timestamp() - interval '7 days'
        GROUP BY 1
    )
    SELECT s.slug, s.name, s.created_at, s.closed_at,
        (SELECT count(*) FROM accounts_membership m WHERE m.workspace_id = s.id),
        (SELECT count(*) FROM (SELECT FROM executions_execution e
            WHERE e.workspace_id = s.id AND e.status = 'NEW' LIMIT 1001) AS few),
        (SELECT count(*) FROM (SELECT FROM executions_execution e
            WHERE e.workspace_id = s.id AND e.status = 'RUNNING' LIMIT 1001) AS few),
        (SELECT count(*) FROM (SELECT FROM executions_execution e
            WHERE e.workspace_id = s.id AND e.status IN ('WAITING', 'WAITING_FOR_HUMAN', 'PAUSED') LIMIT 1001) AS few),
        (SELECT count(*) FROM (SELECT FROM executions_execution e
            WHERE e.workspace_id = s.id AND e.status IN ('CANCELED', 'ERROR', 'TIMED_OUT') AND e.status <> 'CANCELED'
              AND e.id >= since LIMIT 1001) AS few),
        COALESCE((SELECT n FROM given_up g WHERE g.workspace_id = s.id), 0),
        COALESCE((SELECT n FROM dead d WHERE d.workspace_id = s.id), 0)
    FROM shown s ORDER BY s.slug
$$;
"""


class Migration(migrations.Migration):
    """One function."""

    dependencies = [("accounts", "0006_notices"), ("core", "0004_forgetting"), ("executions", "0015_failures")]
    operations = [definer("insights_operator_overview(uuid, text, text, uuid, int)", _OVERVIEW)]
