"""SQL of migration 0008: who uses which large value, weekly partitions, figures of usage.

The partitioned tables belong to the definer role from here on, since only the owner of a table may give it partitions;
`docs/decisions/0005-…` says why that role.
"""

USES = """
CREATE OR REPLACE FUNCTION executions_note_use() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    execution uuid;
BEGIN
    IF TG_ARGV[0] = 'id' THEN
        execution := NEW.id;
    ELSE
        execution := NEW.execution_id;
    END IF;
    INSERT INTO executions_payload_use (execution_id, sha256, workspace_id)
    SELECT DISTINCT execution, entry.value ->> 'sha256', NEW.workspace_id FROM jsonb_each(NEW.by_reference) AS entry
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
-- Who adds a partition, adds its triggers.
GRANT EXECUTE ON FUNCTION executions_note_use, executions_refuse_history TO agentflow_definer;
CREATE TRIGGER payload_use_is_noted AFTER INSERT OR UPDATE OF by_reference ON executions_execution FOR EACH ROW
WHEN (NEW.by_reference IS NOT NULL) EXECUTE FUNCTION executions_note_use('id');
CREATE TRIGGER payload_use_is_noted AFTER INSERT OR UPDATE OF by_reference ON executions_noderun FOR EACH ROW
WHEN (NEW.by_reference IS NOT NULL) EXECUTE FUNCTION executions_note_use('execution_id');
CREATE TRIGGER payload_use_is_noted AFTER INSERT OR UPDATE OF by_reference ON executions_step FOR EACH ROW
WHEN (NEW.by_reference IS NOT NULL) EXECUTE FUNCTION executions_note_use('execution_id');
"""

REPLIES = """
DROP FUNCTION IF EXISTS executions_replies(uuid[]);
CREATE OR REPLACE FUNCTION executions_replies(named uuid[])
RETURNS TABLE (execution_id uuid, workspace_id uuid, status text, response jsonb, output jsonb, error jsonb,
    by_reference jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, workspace_id, status, response, CASE WHEN status = 'SUCCESS' THEN output END, error, by_reference
    FROM executions_execution
    WHERE id = ANY (named) AND (response IS NOT NULL OR by_reference ? 'response'
        OR status IN ('SUCCESS', 'ERROR', 'CANCELED', 'TIMED_OUT', 'WAITING_FOR_HUMAN', 'PAUSED'))
$$;
"""

# As in 0003, with the reference of a result that is kept elsewhere.
STEP = """
DROP FUNCTION IF EXISTS executions_step(uuid, bigint, text, text, text, text, text, jsonb);
CREATE OR REPLACE FUNCTION executions_step(
    execution uuid, expected bigint, node text, at_path text, step_key text, becomes text, does text, gave jsonb,
    refers jsonb)
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
        started_at, finished_at, by_reference)
    VALUES (execution, node, at_path, step_key, place, becomes, does, gave, (becomes = 'FAILED')::int,
        clock_timestamp(), CASE WHEN becomes <> 'STARTED' THEN clock_timestamp() END, refers)
    ON CONFLICT (execution_id, node_id, path, key) DO UPDATE
    SET state = EXCLUDED.state, result = EXCLUDED.result, finished_at = EXCLUDED.finished_at,
        failures = s.failures + EXCLUDED.failures, by_reference = EXCLUDED.by_reference
    WHERE s.state <> 'DONE';
    RETURN true;
END $$;
"""

# ── Partitions ───────────────────────────────────────────────────────────────────────────────────────────────────────

FLOOR = """
CREATE OR REPLACE FUNCTION executions_id_floor(moment timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;
CREATE OR REPLACE FUNCTION executions_week(moment timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$ SELECT date_trunc('week', moment AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' $$;
CREATE OR REPLACE FUNCTION executions_partitioned() RETURNS SETOF regclass
LANGUAGE sql STABLE AS $$
    SELECT c.oid::regclass FROM pg_class c
    JOIN pg_partitioned_table p ON p.partrelid = c.oid
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0] AND a.attname = 'execution_id'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relowner = 'agentflow_definer'::regrole
      AND p.partstrat = 'r' AND p.partnatts = 1 AND p.partdefid <> 0
    ORDER BY c.relname
$$;
GRANT EXECUTE ON FUNCTION executions_id_floor, executions_week, executions_partitioned
TO agentflow_app, agentflow_definer;
"""

# In one transaction, with the rows that already lie in the partition for everything else.
MAKE = """
CREATE OR REPLACE FUNCTION executions_partition_make(parent regclass, week timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    name text := format('%s_%s', (SELECT relname FROM pg_class WHERE oid = parent),
                        to_char(week AT TIME ZONE 'UTC', 'IYYY"w"IW'));
    rest regclass := (SELECT partdefid FROM pg_partitioned_table WHERE partrelid = parent);
    lowest uuid := executions_id_floor(week);
    beyond uuid := executions_id_floor(week + interval '7 days');
    waiting bigint;
BEGIN
    IF to_regclass(format('public.%I', name)) IS NOT NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT count(*) FROM (
                        SELECT FROM %s WHERE execution_id >= $1 AND execution_id < $2 LIMIT 200001) AS found', rest)
        INTO waiting USING lowest, beyond;
    IF waiting > 200000 THEN
        RETURN NULL;  -- so many are not moved under a lock; they stay where they are until retention has removed them
    END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE %s INCLUDING ALL)', name, parent);
    EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC, agentflow_app', name);
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', rest);
    IF waiting > 0 THEN
        EXECUTE format('WITH moved AS (DELETE FROM %s WHERE execution_id >= $1 AND execution_id < $2 RETURNING *)
                        INSERT INTO public.%I SELECT * FROM moved', rest, name) USING lowest, beyond;
    END IF;
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                   parent, name, lowest, beyond);
    RETURN name;
END $$;
GRANT EXECUTE ON FUNCTION executions_partition_make TO agentflow_definer;
"""

ENSURE = """
CREATE OR REPLACE FUNCTION executions_partitions_ensure(weeks_ahead int) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    this_week timestamptz := executions_week(clock_timestamp());
    parent regclass;
    found text;
    stray uuid;
BEGIN
    IF weeks_ahead NOT BETWEEN 0 AND 12 THEN
        RAISE EXCEPTION 'between 0 and 12 weeks ahead, not %', weeks_ahead;
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtext('executions_partitions')) THEN
        RETURN;
    END IF;
    FOR parent IN SELECT executions_partitioned() LOOP
        FOR ahead IN 0..weeks_ahead LOOP
            found := executions_partition_make(parent, this_week + ahead * interval '7 days');
            IF found IS NOT NULL THEN
                RETURN NEXT found;
            END IF;
        END LOOP;
        -- What fell into the partition for everything else gets its own week, one week at a time, the oldest first.
        EXECUTE format($q$
            SELECT execution_id FROM %s
            WHERE execution_id < $1 AND substr(execution_id::text, 15, 1) = '7' ORDER BY execution_id LIMIT 1 $q$,
            (SELECT partdefid::regclass FROM pg_partitioned_table WHERE partrelid = parent))
        INTO stray USING executions_id_floor(this_week);
        IF stray IS NOT NULL THEN
            found := executions_partition_make(parent, executions_week(to_timestamp(
                ('x' || left(replace(stray::text, '-', ''), 12))::bit(48)::bigint / 1000.0)));
            IF found IS NOT NULL THEN
                RETURN NEXT found;
            END IF;
        END IF;
    END LOOP;
END $$;
"""

# Nothing is dropped that an execution could still point to: retention has removed the executions before.
DROP = """
CREATE OR REPLACE FUNCTION executions_partitions_drop(longest_days int) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    days int := (SELECT greatest(longest_days, max(greatest(success_days, failure_days, test_days)))
                 FROM executions_retention);
    parent regclass;
    part text;
    week timestamptz;
BEGIN
    IF longest_days < 1 THEN
        RAISE EXCEPTION 'at least one day must be kept, not %', longest_days;
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtext('executions_partitions')) THEN
        RETURN;
    END IF;
    FOR parent IN SELECT executions_partitioned() LOOP
        FOR part IN
            SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = parent AND c.relname ~ '_[0-9]{4}w[0-9]{2}$' ORDER BY c.relname
        LOOP
            week := to_date(right(part, 7), 'IYYY"w"IW')::timestamp AT TIME ZONE 'UTC';
            CONTINUE WHEN week + interval '7 days' > clock_timestamp() - days * interval '1 day';
            CONTINUE WHEN EXISTS (
                SELECT 1 FROM executions_execution e
                WHERE e.id >= executions_id_floor(week) AND e.id < executions_id_floor(week + interval '7 days'));
            EXECUTE format('DROP TABLE public.%I', part);
            RETURN NEXT part;
        END LOOP;
    END LOOP;
END $$;
"""

# ── Retention and usage ──────────────────────────────────────────────────────────────────────────────────────────────

WORKSPACES = """
CREATE OR REPLACE FUNCTION executions_workspaces() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM accounts_workspace ORDER BY id
$$;
"""

DUE = """
CREATE OR REPLACE FUNCTION executions_retention_due(moment timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT w.id FROM accounts_workspace w LEFT JOIN executions_retention r ON r.workspace_id = w.id
    WHERE r.next_round_at IS NULL OR r.next_round_at <= moment ORDER BY r.next_round_at NULLS FIRST, w.id
$$;
"""

# The ids are ordered by time, so a day is a range of the primary key.
COUNT = """
CREATE OR REPLACE FUNCTION executions_usage_count(wanted date) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH counted AS (
        INSERT INTO executions_usage_day AS u
            (workspace_id, day, workflow_id, succeeded, failed, tested, unfinished, data_bytes,
             deleted_succeeded, deleted_failed, deleted_tested, deleted_bytes)
        SELECT e.workspace_id, wanted, e.workflow_id,
            count(*) FILTER (WHERE e.status = 'SUCCESS' AND e.mode <> 'test'),
            count(*) FILTER (WHERE e.status IN ('ERROR', 'TIMED_OUT', 'CANCELED') AND e.mode <> 'test'),
            count(*) FILTER (WHERE e.finished_at IS NOT NULL AND e.mode = 'test'),
            count(*) FILTER (WHERE e.finished_at IS NULL),
            sum(e.data_bytes), 0, 0, 0, 0
        FROM executions_execution e
        WHERE e.id >= executions_id_floor(wanted::timestamp AT TIME ZONE 'UTC')
          AND e.id < executions_id_floor((wanted + 1)::timestamp AT TIME ZONE 'UTC')
        GROUP BY e.workspace_id, e.workflow_id
        ON CONFLICT (workspace_id, day, workflow_id) DO UPDATE
        SET succeeded = EXCLUDED.succeeded + u.deleted_succeeded, failed = EXCLUDED.failed + u.deleted_failed,
            tested = EXCLUDED.tested + u.deleted_tested, unfinished = EXCLUDED.unfinished,
            data_bytes = EXCLUDED.data_bytes + u.deleted_bytes
        RETURNING 1)
    SELECT count(*)::int FROM counted
$$;
"""

DEFINERS = {
    "executions_replies(uuid[])": REPLIES,
    "executions_step(uuid, bigint, text, text, text, text, text, jsonb, jsonb)": STEP,
    "executions_partitions_ensure(int)": ENSURE,
    "executions_partitions_drop(int)": DROP,
    "executions_workspaces()": WORKSPACES,
    "executions_retention_due(timestamptz)": DUE,
    "executions_usage_count(date)": COUNT,
}

PARTITIONED = ("executions_noderun", "executions_step", "executions_transition")
