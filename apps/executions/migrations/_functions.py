"""The functions of the engine that look across workspaces, as the first migration creates them.

Owned by the definer role and called by the runtime role; each does one thing and returns no more than its caller needs.
"""

CLAIM = """
CREATE OR REPLACE FUNCTION executions_claim(worker uuid, served text[], places int)
RETURNS SETOF executions_execution
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    lanes uuid[];
    lane uuid;
    due executions_execution;
    remaining int := places;
    share int;
    taken int;
    wanted int;
    seen int;
    full_workflows uuid[];
    position int := 0;
    moment timestamptz := clock_timestamp();  -- as a value, so that an index can be searched for it
BEGIN
    -- Workspaces with due work, the least recently served first: one index probe per workspace, not one per execution.
    WITH RECURSIVE spread AS (
        (SELECT e.workspace_id FROM executions_execution e
         WHERE e.owner IS NULL AND e.runnable_at IS NOT NULL ORDER BY e.workspace_id LIMIT 1)
        UNION ALL
        SELECT (SELECT e.workspace_id FROM executions_execution e
                WHERE e.owner IS NULL AND e.runnable_at IS NOT NULL AND e.workspace_id > spread.workspace_id
                ORDER BY e.workspace_id LIMIT 1)
        FROM spread WHERE spread.workspace_id IS NOT NULL
    )
    SELECT array_agg(spread.workspace_id ORDER BY l.served_at NULLS FIRST) INTO lanes
    FROM spread LEFT JOIN executions_lane l ON l.workspace_id = spread.workspace_id
    WHERE spread.workspace_id IS NOT NULL AND EXISTS (
        SELECT 1 FROM executions_execution e
        WHERE e.owner IS NULL AND e.workspace_id = spread.workspace_id AND e.runnable_at <= moment
          AND e.queue = ANY (served));
    IF lanes IS NULL THEN
        RETURN;
    END IF;
    FOREACH lane IN ARRAY lanes LOOP
        share := ceil(remaining::numeric / (cardinality(lanes) - position));
        position := position + 1;
        taken := 0;
        full_workflows := '{}';
        LOOP
            -- No more are locked than are wanted. Where a workflow turns out to be full, once more without it.
            wanted := share - taken;
            seen := 0;
            FOR due IN
                SELECT * FROM executions_execution e
                WHERE e.owner IS NULL AND e.workspace_id = lane AND e.runnable_at <= moment
                  AND e.queue = ANY (served) AND e.workflow_id <> ALL (full_workflows)
                ORDER BY e.runnable_at LIMIT wanted
                FOR UPDATE SKIP LOCKED
            LOOP
                seen := seen + 1;
                IF due.max_concurrent IS NOT NULL THEN
                    CONTINUE WHEN due.workflow_id = ANY (full_workflows);
                    -- Counting is done by one process at a time; who does not get the lock leaves the workflow to it.
                    IF NOT pg_try_advisory_xact_lock(hashtextextended('executions_claim:' || due.workflow_id, 0))
                       OR due.max_concurrent <= (SELECT count(*) FROM executions_execution r
                                                 WHERE r.workflow_id = due.workflow_id AND r.owner IS NOT NULL) THEN
                        full_workflows := full_workflows || due.workflow_id;
                        CONTINUE;
                    END IF;
                END IF;
                UPDATE executions_execution e
                SET owner = worker, fence = e.fence + 1, status = 'RUNNING', runnable_at = NULL,
                    started_at = COALESCE(e.started_at, clock_timestamp()),
                    resume_count = e.resume_count + (e.status <> 'NEW')::int
                WHERE e.id = due.id RETURNING e.* INTO due;
                taken := taken + 1;
                RETURN NEXT due;
            END LOOP;
            EXIT WHEN taken >= share OR seen < wanted;
        END LOOP;
        remaining := remaining - taken;
        IF taken > 0 AND cardinality(lanes) > 1 THEN
            INSERT INTO executions_lane (workspace_id, served_at) VALUES (lane, clock_timestamp())
            ON CONFLICT (workspace_id) DO UPDATE SET served_at = EXCLUDED.served_at;
        END IF;
        EXIT WHEN remaining <= 0;
    END LOOP;
END $$;
"""

RELEASE = """
CREATE OR REPLACE FUNCTION executions_release(worker uuid, named uuid[]) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH released AS (
        UPDATE executions_execution SET owner = NULL, runnable_at = clock_timestamp()
        WHERE owner = worker AND (named IS NULL OR id = ANY (named)) RETURNING 1)
    SELECT count(*)::int FROM released
$$;
"""

WORKER_RELEASE = """
CREATE OR REPLACE FUNCTION executions_worker_release(worker uuid) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE executions_worker SET alive_until = clock_timestamp() WHERE id = worker;
    SELECT executions_release(worker, NULL)
$$;
"""

NEWS = """
CREATE OR REPLACE FUNCTION executions_news(worker uuid)
RETURNS TABLE (id uuid, fence bigint, has_answers boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT e.id, e.fence, EXISTS (
        SELECT 1 FROM executions_wait w
        JOIN executions_noderun n ON n.execution_id = e.id AND n.node_id = w.node_id AND n.path = w.path
        WHERE w.execution_id = e.id AND w.resolved_at IS NOT NULL AND n.wait_id = w.id
          AND n.state IN ('WAITING_INPUT', 'NEEDS_REVIEW'))
    FROM executions_execution e WHERE e.owner = worker
$$;
"""

SWEEP = """
CREATE OR REPLACE FUNCTION executions_sweep(lease_seconds double precision)
RETURNS TABLE (execution_id uuid, workspace_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    moment timestamptz := clock_timestamp();  -- as a value, so that an index can be searched for it
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('executions_sweep')) THEN
        RETURN;
    END IF;
    -- A database that was away has not seen the pulses: nothing expires within one lease of its own start.
    IF pg_postmaster_start_time() < clock_timestamp() - lease_seconds * interval '1 second' THEN
        -- What a frozen owner has locked in the middle of a commit is left for later, or all would wait with it.
        UPDATE executions_execution e SET owner = NULL, runnable_at = moment
        WHERE e.id IN (
            SELECT d.id FROM executions_execution d
            WHERE d.owner IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM executions_worker w WHERE w.id = d.owner AND w.alive_until > moment)
            FOR UPDATE OF d SKIP LOCKED);
        DELETE FROM executions_worker w WHERE w.alive_until < clock_timestamp() - interval '1 day';
    END IF;
    UPDATE executions_execution e SET held_by = NULL, runnable_at = clock_timestamp()
    WHERE e.held_by = 'pause' AND NOT EXISTS (
        SELECT 1 FROM executions_execution p
        WHERE p.workflow_id = e.workflow_id AND p.status IN ('PAUSED', 'WAITING_FOR_HUMAN'));
    RETURN QUERY
        SELECT e.id, e.workspace_id FROM executions_execution e
        WHERE e.status NOT IN ('SUCCESS', 'ERROR', 'CANCELED', 'TIMED_OUT') AND e.deadline_at IS NOT NULL
          AND e.deadline_at < moment
        ORDER BY e.deadline_at LIMIT 100;
END $$;
"""

REPLIES = """
CREATE OR REPLACE FUNCTION executions_replies(named uuid[])
RETURNS TABLE (execution_id uuid, status text, response jsonb, output jsonb, error jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, status, response, CASE WHEN status = 'SUCCESS' THEN output END, error FROM executions_execution
    WHERE id = ANY (named) AND (response IS NOT NULL
        OR status IN ('SUCCESS', 'ERROR', 'CANCELED', 'TIMED_OUT', 'WAITING_FOR_HUMAN', 'PAUSED'))
$$;
"""

WORKSPACE_OF = """
CREATE OR REPLACE FUNCTION executions_workspace_of(execution uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT workspace_id FROM executions_execution WHERE id = execution
$$;
"""

GUARD = """
CREATE OR REPLACE FUNCTION executions_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'execution % has ended as % and cannot change', OLD.id, OLD.status
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER terminal_rows_never_change BEFORE UPDATE ON executions_execution FOR EACH ROW
WHEN (OLD.status IN ('SUCCESS', 'ERROR', 'CANCELED', 'TIMED_OUT')) EXECUTE FUNCTION executions_refuse_change();
CREATE TRIGGER settled_rows_never_change BEFORE UPDATE ON executions_transition FOR EACH ROW
EXECUTE FUNCTION executions_refuse_history();
"""

HISTORY = """
CREATE OR REPLACE FUNCTION executions_refuse_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'history is never rewritten' USING ERRCODE = 'check_violation';
END $$;
"""

DEFINERS = {
    "executions_claim(uuid, text[], int)": CLAIM,
    "executions_release(uuid, uuid[])": RELEASE,
    "executions_worker_release(uuid)": WORKER_RELEASE,
    "executions_news(uuid)": NEWS,
    "executions_sweep(double precision)": SWEEP,
    "executions_replies(uuid[])": REPLIES,
    "executions_workspace_of(uuid)": WORKSPACE_OF,
}

# Tables that only grow, split by the time-ordered id of the execution so that old months can be dropped whole.
PARTITIONED = {
    "executions_noderun": """
        CREATE TABLE executions_noderun (
            execution_id uuid NOT NULL, node_id text NOT NULL, path text NOT NULL DEFAULT '',
            workspace_id uuid NOT NULL, state text NOT NULL, attempt int NOT NULL DEFAULT 0, effect text,
            params jsonb, output jsonb, port text, also jsonb NOT NULL DEFAULT '[]', error jsonb, suspended jsonb,
            wait_id uuid, retry_at timestamptz, started_at timestamptz, attempt_at timestamptz,
            finished_at timestamptz, failures int NOT NULL DEFAULT 0, attempts jsonb NOT NULL DEFAULT '[]',
            logs jsonb NOT NULL DEFAULT '[]',
            PRIMARY KEY (execution_id, node_id, path),
            CONSTRAINT node_run_state CHECK (state IN ('PENDING', 'RUNNING', 'WAITING_INPUT', 'RETRYING',
                'NEEDS_REVIEW', 'COMPLETED', 'FAILED', 'SKIPPED', 'CANCELED'))
        ) PARTITION BY RANGE (execution_id);
        CREATE TABLE executions_noderun_rest PARTITION OF executions_noderun DEFAULT;
        REVOKE ALL ON executions_noderun_rest FROM agentflow_app;
    """,
    "executions_transition": """
        CREATE TABLE executions_transition (
            execution_id uuid NOT NULL, seq bigint NOT NULL, workspace_id uuid NOT NULL, at timestamptz NOT NULL,
            fence bigint NOT NULL, changes jsonb NOT NULL,
            PRIMARY KEY (execution_id, seq)
        ) PARTITION BY RANGE (execution_id);
        CREATE TABLE executions_transition_rest PARTITION OF executions_transition DEFAULT;
        REVOKE ALL ON executions_transition_rest FROM agentflow_app;
    """,
}
