"""A test that waits for a person keeps nobody out: two functions as of 0013."""

from __future__ import annotations

PLACE_FREED = """
CREATE OR REPLACE FUNCTION executions_place_freed() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.status = 'RUNNING' AND NEW.max_concurrent IS NOT NULL THEN
        PERFORM executions_let_in(NEW.workflow_id, 'workflow', NULL);
    END IF;
    IF NEW.key_limit IS NOT NULL AND OLD.status <> 'NEW'
       AND (NEW.status IN ('SUCCESS', 'ERROR', 'CANCELED', 'TIMED_OUT')
            OR (OLD.status = 'RUNNING' AND NEW.key_counts = 'running')) THEN
        PERFORM executions_let_in(NEW.workflow_id, 'key', NEW.concurrency_key);
    END IF;
    IF OLD.status IN ('PAUSED', 'WAITING_FOR_HUMAN') AND NEW.status NOT IN ('PAUSED', 'WAITING_FOR_HUMAN')
       AND NEW.mode = 'production' THEN
        UPDATE executions_execution e SET held_by = NULL, runnable_at = COALESCE(e.runnable_at, clock_timestamp())
        WHERE e.id IN (
            SELECT h.id FROM executions_execution h WHERE h.workflow_id = NEW.workflow_id AND h.held_by = 'pause'
            FOR UPDATE SKIP LOCKED)
          AND NOT EXISTS (SELECT 1 FROM executions_execution p
                          WHERE p.workflow_id = NEW.workflow_id AND p.mode = 'production'
                            AND p.status IN ('PAUSED', 'WAITING_FOR_HUMAN'));
    END IF;
    RETURN NULL;
END $$;
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
        WHERE p.workflow_id = e.workflow_id AND p.mode = 'production' AND p.status IN ('PAUSED', 'WAITING_FOR_HUMAN'));
    RETURN QUERY
        SELECT e.id, e.workspace_id FROM executions_execution e
        WHERE e.status NOT IN ('SUCCESS', 'ERROR', 'CANCELED', 'TIMED_OUT') AND e.deadline_at IS NOT NULL
          AND e.deadline_at < moment
        ORDER BY e.deadline_at LIMIT 100;
END $$;
"""
