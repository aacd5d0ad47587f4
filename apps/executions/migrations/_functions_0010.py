"""Functions of timers, as their migration creates them."""

TIMERS = """
CREATE OR REPLACE FUNCTION executions_timers_fire(most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    moment timestamptz := clock_timestamp();  -- as a value, so that an index can be searched for it
    fired int;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('executions_timers_fire')) THEN
        RETURN 0;
    END IF;
    -- Only the waits are touched, and none that somebody has locked: whoever has the execution resolves its own.
    WITH due AS (
        SELECT w.id FROM executions_wait w
        WHERE w.resolved_at IS NULL AND w.kind = 'timer' AND w.wake_at <= moment
        ORDER BY w.wake_at LIMIT most FOR UPDATE SKIP LOCKED
    )
    UPDATE executions_wait w SET resolved_at = moment, resolved_by = 'deadline' FROM due WHERE w.id = due.id;
    GET DIAGNOSTICS fired = ROW_COUNT;
    RETURN fired;
END $$;
"""
