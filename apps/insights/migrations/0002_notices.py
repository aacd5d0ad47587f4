"""What nobody does is told by looking: queues that are full, and secrets that are due for a fresh one."""

from __future__ import annotations

from django.db import migrations

from apps.core.tenancy import definer

# Each gives what was not told yet: within the hour, or since the secret became due.
_FULL = """
CREATE OR REPLACE FUNCTION insights_full_queues(standard int)
RETURNS TABLE (workspace_id uuid, queued bigint, allowed int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT f.workspace_id, f.queued, f.allowed FROM (
        SELECT e.workspace_id, count(*) AS queued,
               COALESCE(least(q.queue_depth, COALESCE(q.most_queued, standard)), standard) AS allowed
        FROM executions_execution e LEFT JOIN executions_quota q ON q.workspace_id = e.workspace_id
        WHERE e.status = 'NEW' GROUP BY e.workspace_id, q.queue_depth, q.most_queued
    ) AS f
    WHERE f.queued >= f.allowed AND NOT EXISTS (
        SELECT FROM accounts_notice n WHERE n.workspace_id = f.workspace_id AND n.key = 'limit.reached:queue'
                                        AND n.last_at > clock_timestamp() - interval '1 hour')
$$;
"""

_DUE = """
CREATE OR REPLACE FUNCTION insights_due_credentials(most int) RETURNS TABLE (workspace_id uuid, credential_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.workspace_id, c.id FROM integrations_credential c
    WHERE c.rotate_after_days IS NOT NULL
      AND c.secret_changed_at + c.rotate_after_days * interval '1 day' <= clock_timestamp()
      AND NOT EXISTS (
        SELECT FROM accounts_notice n
        WHERE n.workspace_id = c.workspace_id AND n.key = 'credential.attention:rotate:' || c.id
          AND n.first_at >= c.secret_changed_at + c.rotate_after_days * interval '1 day')
    ORDER BY c.id LIMIT most
$$;
"""


class Migration(migrations.Migration):
    """Two functions."""

    dependencies = [("insights", "0001_operators"), ("integrations", "0002_oauth")]
    operations = [
        definer("insights_full_queues(int)", _FULL),
        definer("insights_due_credentials(int)", _DUE),
    ]
