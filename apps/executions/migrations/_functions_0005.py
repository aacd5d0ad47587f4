"""The function that takes in the call of a node's address, as the fifth migration creates it."""

# One statement of the caller is the whole transaction: nothing but the address is known beforehand. Lock order as
# everywhere: execution, wait. `outcome`: resumed, stored (nobody waits yet), again (this very call, sent once more),
# answered (by another), late (after the deadline), ended (the execution), unknown.
CALL_RECEIVE = """
CREATE OR REPLACE FUNCTION executions_call_receive(execution uuid, node text, place text, given jsonb, caller text)
RETURNS TABLE (outcome text, queue text, who text, at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    run record;
    waiting record;
    early record;
    moment timestamptz;
BEGIN
    SELECT e.workspace_id, e.status, e.queue INTO run FROM executions_execution e WHERE e.id = execution FOR UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'unknown', NULL::text, NULL::text, NULL::timestamptz;
        RETURN;
    END IF;
    moment := clock_timestamp();
    SELECT w.id, w.wake_at INTO waiting FROM executions_wait w
    WHERE w.execution_id = execution AND w.node_id = node AND w.path = place AND w.resolved_at IS NULL
      AND w.kind = 'callback';
    IF FOUND THEN
        IF waiting.wake_at <= moment THEN
            RETURN QUERY SELECT 'late', run.queue, 'deadline', waiting.wake_at;
            RETURN;
        END IF;
        UPDATE executions_wait w SET resolved_at = moment, resolved_by = caller, answer = given WHERE w.id = waiting.id;
        UPDATE executions_execution e SET runnable_at = moment
        WHERE e.id = execution AND e.owner IS NULL AND e.hold IS NULL;
        RETURN QUERY SELECT 'resumed', run.queue, caller, moment;
        RETURN;
    END IF;
    SELECT w.resolved_by, w.resolved_at, w.answer ->> 'id' AS call INTO waiting FROM executions_wait w
    WHERE w.execution_id = execution AND w.node_id = node AND w.path = place AND w.kind = 'callback'
    ORDER BY w.opened_at DESC LIMIT 1;
    IF FOUND THEN
        RETURN QUERY SELECT CASE WHEN waiting.call = given ->> 'id' THEN 'again'
                                 WHEN waiting.call IS NOT NULL THEN 'answered'
                                 WHEN waiting.resolved_by = 'deadline' THEN 'late' ELSE 'ended' END,
                            run.queue, waiting.resolved_by, waiting.resolved_at;
        RETURN;
    END IF;
    SELECT c.received_at, c.answer ->> 'id' AS call INTO early FROM executions_call c
    WHERE c.execution_id = execution AND c.node_id = node AND c.path = place;
    IF FOUND THEN
        RETURN QUERY SELECT CASE WHEN early.call = given ->> 'id' THEN 'again' ELSE 'answered' END,
                            run.queue, caller, early.received_at;
    ELSIF run.status IN ('SUCCESS', 'ERROR', 'CANCELED', 'TIMED_OUT') THEN
        RETURN QUERY SELECT 'ended', run.queue, NULL::text, NULL::timestamptz;
    ELSE
        INSERT INTO executions_call (execution_id, node_id, path, workspace_id, received_at, answer)
        VALUES (execution, node, place, run.workspace_id, moment, given);
        RETURN QUERY SELECT 'stored', run.queue, caller, moment;
    END IF;
END $$;
"""

# What nobody needs any more: values whose time is over, and the memory of changes nobody repeats after so long.
VALUES_SWEEP = """
CREATE OR REPLACE FUNCTION executions_values_sweep(kept interval, most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone int;
    more int;
    moment timestamptz := clock_timestamp();
BEGIN
    DELETE FROM executions_value v WHERE v.id IN (
        SELECT d.id FROM executions_value d WHERE d.expires_at <= moment LIMIT most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM executions_valuewrite w WHERE (w.workspace_id, w.key) IN (
        SELECT d.workspace_id, d.key FROM executions_valuewrite d WHERE d.written_at < moment - kept
        LIMIT most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS more = ROW_COUNT;
    RETURN gone + more;
END $$;
"""

DEFINERS = {
    "executions_call_receive(uuid, text, text, jsonb, text)": CALL_RECEIVE,
    "executions_values_sweep(interval, int)": VALUES_SWEEP,
}
