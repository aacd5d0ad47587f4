"""The functions of the seventh migration that look across workspaces."""

REDRIVES_RUNNING = """
CREATE OR REPLACE FUNCTION executions_redrives_running()
RETURNS TABLE (redrive_id uuid, workspace_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT r.id, r.workspace_id FROM executions_redrive r WHERE r.status = 'running' ORDER BY r.created_at
$$;
"""

DEFINERS = {"executions_redrives_running()": REDRIVES_RUNNING}
