"""Functions of steps and of holding, as their migration creates them."""

STEP = """
CREATE OR REPLACE FUNCTION executions_step(
    execution uuid, expected bigint, node text, at_path text, step_key text, becomes text, does text, gave jsonb)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    place uuid;
BEGIN
    -- With a lock, so that nobody can take the execution over between this look and the commit.
    SELECT e.workspace_id INTO place FROM executions_execution e
    WHERE e.id = execution AND e.fence = expected AND e.owner IS NOT NULL FOR SHARE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO executions_step AS s (execution_id, node_id, path, key, workspace_id, state, effect, result, failures,
        started_at, finished_at)
    VALUES (execution, node, at_path, step_key, place, becomes, does, gave, (becomes = 'FAILED')::int,
        clock_timestamp(), CASE WHEN becomes <> 'STARTED' THEN clock_timestamp() END)
    ON CONFLICT (execution_id, node_id, path, key) DO UPDATE
    SET state = EXCLUDED.state, result = EXCLUDED.result, finished_at = EXCLUDED.finished_at,
        failures = s.failures + EXCLUDED.failures
    WHERE s.state <> 'DONE';
    RETURN true;
END $$;
"""

NEWS = """
CREATE FUNCTION executions_news(worker uuid)
RETURNS TABLE (id uuid, fence bigint, has_answers boolean, is_held boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT e.id, e.fence, EXISTS (
        SELECT 1 FROM executions_wait w
        JOIN executions_noderun n ON n.execution_id = e.id AND n.node_id = w.node_id AND n.path = w.path
        WHERE w.execution_id = e.id AND w.resolved_at IS NOT NULL AND n.wait_id = w.id
          AND n.state IN ('WAITING_INPUT', 'NEEDS_REVIEW')), e.hold IS NOT NULL
    FROM executions_execution e WHERE e.owner = worker
$$;
"""

STEP_TABLE = """
    CREATE TABLE executions_step (
        execution_id uuid NOT NULL, node_id text NOT NULL, path text NOT NULL DEFAULT '', key text NOT NULL,
        workspace_id uuid NOT NULL, state text NOT NULL, effect text NOT NULL, result jsonb,
        failures int NOT NULL DEFAULT 0, started_at timestamptz NOT NULL, finished_at timestamptz,
        PRIMARY KEY (execution_id, node_id, path, key),
        CONSTRAINT step_state CHECK (state IN ('STARTED', 'DONE', 'FAILED'))
    ) PARTITION BY RANGE (execution_id);
    CREATE TABLE executions_step_rest PARTITION OF executions_step DEFAULT;
    REVOKE ALL ON executions_step_rest FROM agentflow_app;
"""
