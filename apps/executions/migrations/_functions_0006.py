"""The functions of limits and queues, as migration 0006 creates them.

Who may begin is decided here and nowhere else: `CLAIM` takes what is due and has a place; what has none waits in a room
(`held_by`), and whoever frees a place lets the next one out in the same transaction (`PLACE_FREED`).
"""

from __future__ import annotations

# An execution of high priority stands in line as if it had been due five minutes earlier, one of low priority five
# minutes later. So age counts as well, and nothing waits for ever.
_HEAD_START = "interval '5 minutes'"


def _take(which: str, is_contended: str) -> str:
    """Take what is locked already."""
    return f"""
        UPDATE executions_execution e
        SET owner = worker, fence = e.fence + 1, status = 'RUNNING', runnable_at = NULL,
            started_at = COALESCE(e.started_at, stamp), is_contended = {is_contended},
            slot_at = CASE WHEN e.started_at IS NULL AND e.slot_at IS NOT NULL THEN stamp ELSE e.slot_at END,
            resume_count = e.resume_count + (e.status <> 'NEW')::int
        WHERE e.id = ANY ({which}) RETURNING e.*;
        GET DIAGNOSTICS got = ROW_COUNT;
        taken := taken + got;"""


_IS_LIMITED = "(e.max_concurrent IS NOT NULL OR e.key_limit IS NOT NULL OR e.rate_count IS NOT NULL)"

CLAIM = f"""
CREATE OR REPLACE FUNCTION executions_claim(
    worker uuid, served text[], places int, capacity int, workspace_places int)
RETURNS SETOF executions_execution
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off  -- planned once, along the indexes, not at every look
AS $$
DECLARE
    moment timestamptz := clock_timestamp();  -- as a value, so that an index can be searched for it
    stamp timestamptz;
    lanes uuid[];
    kinds int[];    -- of each lane: in how many queues and priorities it has work, and if in one, in which
    queues text[];
    levels int[];
    lane uuid;
    remaining int := places;
    position int := 0;
    most int := ceil(capacity * 0.8);
    share int;
    taken int;
    got int;
    found int;
    wanted int;
    quota int;
    free uuid[];
    limited uuid[];
    passed uuid[];  -- looked at in this claim
BEGIN
    -- Workspaces with due work, the least recently served first: index probes per workspace, not per execution.
    WITH RECURSIVE spread AS (
        (SELECT e.workspace_id FROM executions_execution e
         WHERE e.owner IS NULL AND e.held_by IS NULL AND e.runnable_at IS NOT NULL ORDER BY e.workspace_id LIMIT 1)
        UNION ALL
        SELECT (SELECT e.workspace_id FROM executions_execution e
                WHERE e.owner IS NULL AND e.held_by IS NULL AND e.runnable_at IS NOT NULL
                  AND e.workspace_id > spread.workspace_id
                ORDER BY e.workspace_id LIMIT 1)
        FROM spread WHERE spread.workspace_id IS NOT NULL
    )
    SELECT array_agg(f.workspace_id), array_agg(f.kinds), array_agg(f.queue), array_agg(f.level)
    INTO lanes, kinds, queues, levels
    FROM (
        SELECT spread.workspace_id, due.*
        FROM spread LEFT JOIN executions_lane l ON l.workspace_id = spread.workspace_id CROSS JOIN LATERAL (
            SELECT count(*)::int AS kinds, min(s.queue) AS queue, min(p.level) AS level
            FROM (VALUES (0), (1), (-1)) p (level) CROSS JOIN unnest(served) s (queue) CROSS JOIN LATERAL (
                SELECT 1 FROM executions_execution e
                WHERE e.owner IS NULL AND e.held_by IS NULL AND e.workspace_id = spread.workspace_id
                  AND e.queue = s.queue AND e.priority = p.level AND e.runnable_at <= moment LIMIT 1) one) due
        WHERE spread.workspace_id IS NOT NULL AND due.kinds > 0 ORDER BY l.served_at NULLS FIRST) f;
    IF lanes IS NULL THEN
        RETURN;
    END IF;
    FOREACH lane IN ARRAY lanes LOOP
        share := ceil(remaining::numeric / (cardinality(lanes) - position));
        position := position + 1;
        taken := 0;
        -- However much it has to do, one workspace leaves a fifth of the process to the others.
        IF share > most - (capacity - places) THEN
            share := least(share, most - (SELECT count(*)::int FROM executions_execution e
                                          WHERE e.owner = worker AND e.workspace_id = lane));
            CONTINUE WHEN share <= 0;
        END IF;
        quota := COALESCE((SELECT least(q.max_concurrent, COALESCE(q.most_concurrent, workspace_places))
                           FROM executions_quota q WHERE q.workspace_id = lane), workspace_places);
        IF quota IS NOT NULL THEN
            -- Counting is done by one process at a time; who does not get the lock leaves the workspace to it.
            CONTINUE WHEN NOT pg_try_advisory_xact_lock(hashtextextended('executions_lane:' || lane, 0));
            -- What lost its owner has its place already.
            free := ARRAY(SELECT e.id FROM executions_execution e
                          WHERE e.workspace_id = lane AND e.status = 'RUNNING' AND e.owner IS NULL
                            AND e.held_by IS NULL AND e.runnable_at <= moment AND e.queue = ANY (served)
                          LIMIT share FOR UPDATE SKIP LOCKED);
            stamp := clock_timestamp();
            RETURN QUERY {_take("free", "true")}
            share := least(share, taken + quota - (SELECT count(*)::int FROM executions_execution e
                                                   WHERE e.workspace_id = lane AND e.status = 'RUNNING'));
        END IF;
        passed := '{{}}';
        FOR round IN 1..20 LOOP
            wanted := share - taken;
            EXIT WHEN wanted <= 0;
            IF kinds[position] = 1 THEN
                SELECT array_agg(c.id) FILTER (WHERE NOT c.is_limited), array_agg(c.id) FILTER (WHERE c.is_limited),
                       count(*)
                INTO free, limited, found
                FROM (SELECT e.id, {_IS_LIMITED} AS is_limited
                      FROM executions_execution e
                      WHERE e.owner IS NULL AND e.held_by IS NULL AND e.workspace_id = lane
                        AND e.queue = queues[position] AND e.priority = levels[position] AND e.runnable_at <= moment
                        AND e.id <> ALL (passed)
                      ORDER BY e.runnable_at LIMIT wanted FOR UPDATE SKIP LOCKED) c;
            ELSE
                SELECT array_agg(c.id) FILTER (WHERE NOT c.is_limited),
                       array_agg(c.id ORDER BY c.turn) FILTER (WHERE c.is_limited), count(*)
                INTO free, limited, found
                FROM (
                    SELECT h.id, h.runnable_at - p.level * {_HEAD_START} AS turn, h.is_limited
                    FROM (VALUES (0), (1), (-1)) p (level) CROSS JOIN unnest(served) s (queue) CROSS JOIN LATERAL (
                        SELECT e.id, e.runnable_at, {_IS_LIMITED} AS is_limited
                        FROM executions_execution e
                        WHERE e.owner IS NULL AND e.held_by IS NULL AND e.workspace_id = lane AND e.queue = s.queue
                          AND e.priority = p.level AND e.runnable_at <= moment AND e.id <> ALL (passed)
                        ORDER BY e.runnable_at LIMIT wanted) h
                    ORDER BY turn LIMIT wanted) c;
                passed := passed || free;
                free := ARRAY(  -- the COALESCE keeps the planner at the ids
                    SELECT e.id FROM executions_execution e
                    WHERE e.id = ANY (free) AND e.owner IS NULL AND e.held_by IS NULL
                      AND COALESCE(e.runnable_at, 'infinity') <= moment FOR UPDATE SKIP LOCKED);
            END IF;
            IF free IS NOT NULL THEN
                stamp := clock_timestamp();
                RETURN QUERY {_take("free", "quota IS NOT NULL")}
            END IF;
            EXIT WHEN limited IS NULL AND found < wanted;
            IF limited IS NOT NULL THEN
                RETURN QUERY SELECT * FROM executions_claim_limited(worker, limited);
                GET DIAGNOSTICS got = ROW_COUNT;
                taken := taken + got;
                EXIT WHEN found < wanted AND got = cardinality(limited);
            END IF;
            passed := passed || limited;
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

# Of what is due and has a limit: takes what has a place, one by one, and sends the others to where they wait.
CLAIM_LIMITED = f"""
CREATE OR REPLACE FUNCTION executions_claim_limited(worker uuid, named uuid[]) RETURNS SETOF executions_execution
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    moment timestamptz := clock_timestamp();
    stamp timestamptz;
    taken int := 0;
    got int;
    left_alone uuid[] := '{{}}';  -- workflows in which another process counts
    due executions_execution;
    lacks text;
BEGIN
    FOR due IN
        SELECT * FROM executions_execution e
        WHERE e.id = ANY (named) AND e.owner IS NULL AND e.held_by IS NULL
          AND COALESCE(e.runnable_at, 'infinity') <= moment
        ORDER BY array_position(named, e.id) FOR UPDATE SKIP LOCKED
    LOOP
        CONTINUE WHEN due.workflow_id = ANY (left_alone);
        IF NOT pg_try_advisory_xact_lock(hashtextextended('executions_limit:' || due.workflow_id, 0)) THEN
            left_alone := left_alone || due.workflow_id;
            CONTINUE;
        END IF;
        lacks := executions_lacks(due);
        IF lacks IS NULL THEN
            stamp := clock_timestamp();
            RETURN QUERY {_take("ARRAY[due.id]", "true")}
        ELSIF lacks = 'rate' THEN
            UPDATE executions_execution e SET slot_at = s.at, runnable_at = s.at
            FROM (SELECT executions_slot(due.workflow_id, due.rate_count, due.rate_seconds, due.id) AS at) s
            WHERE e.id = due.id;
        ELSE
            UPDATE executions_execution e SET held_by = lacks WHERE e.id = due.id;
        END IF;
        IF lacks IN ('rate', 'key') AND due.max_concurrent IS NOT NULL THEN
            -- The place in the workflow for which it may have been let in goes to the next one.
            PERFORM executions_let_in(due.workflow_id, 'workflow', NULL);
        END IF;
    END LOOP;
END $$;
"""

# What keeps an execution from running now: null when nothing does, else the room it waits in, or 'rate'. What runs, or
# keeps its key until it ends, has its place already. To be called under the workflow's lock.
LACKS = """
CREATE OR REPLACE FUNCTION executions_lacks(due executions_execution) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF due.status = 'RUNNING' THEN
        RETURN NULL;
    END IF;
    IF due.key_limit IS NOT NULL AND (due.status = 'NEW' OR due.key_counts = 'running') AND due.key_limit <= (
        SELECT count(*) FROM executions_execution e
        WHERE e.workflow_id = due.workflow_id AND e.concurrency_key = due.concurrency_key
          AND e.status IN ('RUNNING', 'WAITING', 'WAITING_FOR_HUMAN', 'PAUSED')
          AND (due.key_counts = 'unfinished' OR e.status = 'RUNNING')) THEN
        RETURN 'key';
    END IF;
    IF due.max_concurrent IS NOT NULL AND due.max_concurrent <= (
        SELECT count(*) FROM executions_execution e
        WHERE e.workspace_id = due.workspace_id AND e.workflow_id = due.workflow_id AND e.status = 'RUNNING') THEN
        RETURN 'workflow';
    END IF;
    IF due.rate_count IS NOT NULL AND due.status = 'NEW' AND clock_timestamp() < (
        SELECT e.slot_at FROM executions_execution e
        WHERE e.workflow_id = due.workflow_id AND e.slot_at IS NOT NULL AND e.started_at IS NOT NULL
        ORDER BY e.slot_at DESC OFFSET due.rate_count - 1 LIMIT 1) + due.rate_seconds * interval '1 second' THEN
        RETURN 'rate';
    END IF;
    RETURN NULL;
END $$;
"""

# The first moment at which one more may begin: so long after the n-th last of those that have begun or have a slot.
SLOT = """
CREATE OR REPLACE FUNCTION executions_slot(workflow uuid, at_most int, seconds double precision, besides uuid)
RETURNS timestamptz
LANGUAGE sql SET search_path = public, pg_temp AS $$
    SELECT greatest(clock_timestamp(), (
        SELECT e.slot_at FROM executions_execution e
        WHERE e.workflow_id = workflow AND e.slot_at IS NOT NULL AND e.id <> besides
          AND (e.started_at IS NOT NULL OR e.status = 'NEW')
        ORDER BY e.slot_at DESC OFFSET at_most - 1 LIMIT 1) + seconds * interval '1 second')
$$;
"""

# Lets the next one of a room out, so that it is due again. Whether there was one that nobody else has in hand.
LET_IN = f"""
CREATE OR REPLACE FUNCTION executions_let_in(workflow uuid, room text, of_key text) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    next_one uuid;
BEGIN
    SELECT h.id INTO next_one
    FROM (VALUES (0), (1), (-1)) p (level) CROSS JOIN LATERAL (
        SELECT e.id, e.runnable_at FROM executions_execution e
        WHERE e.workflow_id = workflow AND e.held_by = room AND e.priority = p.level
          AND (of_key IS NULL OR e.concurrency_key = of_key)
        ORDER BY e.runnable_at LIMIT 1 FOR UPDATE SKIP LOCKED) h
    ORDER BY h.runnable_at - p.level * {_HEAD_START} LIMIT 1;
    UPDATE executions_execution e SET held_by = NULL WHERE e.id = next_one;
    RETURN next_one IS NOT NULL;
END $$;
"""

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
    IF OLD.status IN ('PAUSED', 'WAITING_FOR_HUMAN') AND NEW.status NOT IN ('PAUSED', 'WAITING_FOR_HUMAN') THEN
        UPDATE executions_execution e SET held_by = NULL, runnable_at = COALESCE(e.runnable_at, clock_timestamp())
        WHERE e.id IN (
            SELECT h.id FROM executions_execution h WHERE h.workflow_id = NEW.workflow_id AND h.held_by = 'pause'
            FOR UPDATE SKIP LOCKED)
          AND NOT EXISTS (SELECT 1 FROM executions_execution p
                          WHERE p.workflow_id = NEW.workflow_id AND p.status IN ('PAUSED', 'WAITING_FOR_HUMAN'));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER a_place_is_freed AFTER UPDATE OF status ON executions_execution FOR EACH ROW
WHEN (OLD.status IS DISTINCT FROM NEW.status AND (
    NEW.max_concurrent IS NOT NULL OR NEW.key_limit IS NOT NULL OR OLD.status IN ('PAUSED', 'WAITING_FOR_HUMAN')))
EXECUTE FUNCTION executions_place_freed();
"""

# Lets out whom nobody let out: the one who freed the place could not see yet that somebody went to wait for it.
LIMITS_SWEEP = """
CREATE OR REPLACE FUNCTION executions_limits_sweep() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    room record;
    let_in int := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('executions_limits_sweep')) THEN
        RETURN 0;
    END IF;
    FOR room IN
        SELECT DISTINCT ON (e.workflow_id, e.held_by, e.key) e.*
        FROM (SELECT h.workflow_id, h.workspace_id, h.held_by, h.max_concurrent, h.key_limit, h.key_counts,
                     CASE WHEN h.held_by = 'key' THEN h.concurrency_key END AS key
              FROM executions_execution h WHERE h.held_by IN ('workflow', 'key')) e
    LOOP
        FOR place IN 1 .. CASE room.held_by
            WHEN 'workflow' THEN room.max_concurrent - (
                SELECT count(*) FROM executions_execution r
                WHERE r.workspace_id = room.workspace_id AND r.workflow_id = room.workflow_id AND r.status = 'RUNNING')
            ELSE room.key_limit - (
                SELECT count(*) FROM executions_execution r
                WHERE r.workflow_id = room.workflow_id AND r.concurrency_key = room.key
                  AND r.status IN ('RUNNING', 'WAITING', 'WAITING_FOR_HUMAN', 'PAUSED')
                  AND (room.key_counts = 'unfinished' OR r.status = 'RUNNING')) END
        LOOP
            EXIT WHEN NOT executions_let_in(room.workflow_id, room.held_by, room.key);
            let_in := let_in + 1;
        END LOOP;
    END LOOP;
    DELETE FROM executions_circuit c
    WHERE c.state = 'closed' AND COALESCE(c.failed_at, c.changed_at) < clock_timestamp() - interval '1 day';
    RETURN let_in;
END $$;
"""

TROUBLED_CIRCUITS = """
CREATE OR REPLACE FUNCTION executions_troubled_circuits()
RETURNS TABLE (workspace_id uuid, target text, state text, failures int, pause_seconds double precision,
    failed_at timestamptz, until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.workspace_id, c.target, c.state, c.failures, c.pause_seconds, c.failed_at, c.until
    FROM executions_circuit c
    WHERE c.failures > 0 AND (c.state <> 'closed' OR c.failed_at > clock_timestamp() - interval '1 minute')
$$;
"""

DEFINERS = {
    "executions_claim(uuid, text[], int, int, int)": CLAIM,
    "executions_limits_sweep()": LIMITS_SWEEP,
    "executions_troubled_circuits()": TROUBLED_CIRCUITS,
}
REPLACEABLE = (
    LACKS,
    SLOT,
    LET_IN,
    CLAIM_LIMITED,
    """
    GRANT EXECUTE ON FUNCTION executions_claim_limited, executions_lacks, executions_slot, executions_let_in
        TO agentflow_definer;
    GRANT EXECUTE ON FUNCTION executions_slot, executions_let_in TO agentflow_app;
    """,
)
HELPERS = (*REPLACEABLE, PLACE_FREED)
