"""SQL of migration 0003: who listens at an address, what is kept of refusals, schedules with rules, replays."""

# The listener of an address in any workspace, and whether somebody switched this one trigger off.
WEBHOOK_FIND = """
CREATE OR REPLACE FUNCTION triggers_webhook_find(workspace_slug text, method text, path text)
RETURNS TABLE (
    workspace_id uuid, workflow_id uuid, workflow_name text, version_id uuid, node_id text, trigger_id uuid,
    params jsonb, settings jsonb, queue text, is_paused boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT w.id, f.id, f.name::text, v.id, t.node_id::text, t.id, t.params,
           COALESCE(v.definition -> 'settings', '{}'::jsonb), v.queue::text,
           EXISTS (SELECT FROM triggers_switch s WHERE s.workflow_id = t.workflow_id AND s.node_id = t.node_id)
    FROM accounts_workspace w
    JOIN workflows_active_trigger t
        ON t.workspace_id = w.id AND t.subtype = 'WEBHOOK' AND t.key = $2 || ' ' || $3
    JOIN workflows_workflow f ON f.id = t.workflow_id
    JOIN workflows_version v ON v.id = t.version_id
    WHERE w.slug = $1
$$;
"""

# Who has a test address open. The newest counts where two drafts have the same path.
LISTENING_FIND = """
CREATE OR REPLACE FUNCTION triggers_listening_find(workspace_slug text, given text)
RETURNS TABLE (id uuid, workspace_id uuid, workflow_id uuid, node_id text, methods jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT l.id, l.workspace_id, l.workflow_id, l.node_id, l.methods
    FROM accounts_workspace w JOIN triggers_listening l ON l.workspace_id = w.id AND l.path = $2
    WHERE w.slug = $1 AND l.until_at > clock_timestamp()
    ORDER BY l.opened_at DESC
$$;
"""

# A delivery that started nothing: a row, or, when its trigger (or, for addresses nobody listens at, its workspace) has
# had `most` of them in this hour, one more on the count of the newest.
NOTE = """
CREATE OR REPLACE FUNCTION triggers_delivery_note(workspace_slug text, given jsonb, more int, most int)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    place uuid := (given ->> 'workspace_id')::uuid;
    whose uuid := (given ->> 'workflow_id')::uuid;
    node text := COALESCE(given ->> 'node_id', '');
    hour uuid := executions_id_floor(date_trunc('hour', clock_timestamp()));
    latest uuid;
    kept int;
BEGIN
    IF place IS NULL THEN
        SELECT w.id INTO place FROM accounts_workspace w WHERE w.slug = workspace_slug;
        IF place IS NULL THEN
            RETURN false;
        END IF;
    END IF;
    IF whose IS NULL THEN
        SELECT count(*), max(d.id::text)::uuid INTO kept, latest FROM triggers_delivery d
        WHERE d.workspace_id = place AND d.workflow_id IS NULL AND d.id >= hour AND d.verdict <> 'accepted';
    ELSE
        SELECT count(*), max(d.id::text)::uuid INTO kept, latest FROM triggers_delivery d
        WHERE d.workspace_id = place AND d.workflow_id = whose AND d.node_id = node AND d.id >= hour
          AND d.verdict <> 'accepted';
    END IF;
    IF kept >= most THEN
        UPDATE triggers_delivery d SET repeats = d.repeats + more WHERE d.id = latest;
        RETURN false;
    END IF;
    INSERT INTO triggers_delivery (id, workspace_id, source, workflow_id, node_id, label, external_id, verdict, code,
        message, status, execution_id, received_at, size, remote, request, by_reference, is_whole, repeats)
    VALUES ((given ->> 'id')::uuid, place, given ->> 'source', whose, node, given ->> 'label', given ->> 'external_id',
        given ->> 'verdict', COALESCE(given ->> 'code', ''), COALESCE(given ->> 'message', ''),
        (given ->> 'status')::int, (given ->> 'execution_id')::uuid, clock_timestamp(),
        COALESCE((given ->> 'size')::int, 0), COALESCE(given ->> 'remote', ''), NULLIF(given -> 'request', 'null'),
        NULLIF(given -> 'by_reference', 'null'), COALESCE((given ->> 'is_whole')::boolean, true), more - 1);
    RETURN true;
END $$;
"""

# Old ones, and what says that they use values in object storage.
PURGE = """
CREATE OR REPLACE FUNCTION triggers_deliveries_purge(kept interval, most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone int;
    before uuid := executions_id_floor(clock_timestamp() - kept);
BEGIN
    WITH old AS (
        DELETE FROM triggers_delivery d WHERE d.id IN (
            SELECT o.id FROM triggers_delivery o WHERE o.id < before ORDER BY o.id LIMIT most FOR UPDATE SKIP LOCKED)
        RETURNING d.id, d.by_reference
    ), unused AS (
        DELETE FROM executions_payload_use u USING old
        WHERE u.execution_id = old.id AND old.by_reference IS NOT NULL
          AND NOT EXISTS (SELECT FROM executions_execution e WHERE e.id = old.id)
    )
    SELECT count(*) INTO gone FROM old;
    DELETE FROM triggers_replay r WHERE r.status <> 'running' AND r.created_at < clock_timestamp() - kept;
    DELETE FROM triggers_listening l WHERE l.until_at < clock_timestamp() - interval '1 hour';
    RETURN gone;
END $$;
"""

REPLAYS_RUNNING = """
CREATE OR REPLACE FUNCTION triggers_replays_running()
RETURNS TABLE (replay_id uuid, workspace_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT r.id, r.workspace_id FROM triggers_replay r WHERE r.status = 'running' ORDER BY r.id LIMIT 100
$$;
"""

# As in 0001, with all the parameters of a trigger, and without schedules that somebody switched off.
LOOK = """
DROP FUNCTION IF EXISTS triggers_schedules_look(timestamptz, int);
CREATE OR REPLACE FUNCTION triggers_schedules_look(moment timestamptz, most int)
RETURNS TABLE (
    kind text, workspace_id uuid, workflow_id uuid, node_id text, version_id uuid, active_since timestamptz,
    schedule_id uuid, expression text, timezone text, missed text, rule jsonb, next_fire_at timestamptz,
    followed_since timestamptz
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('triggers_schedules_look')) THEN
        RETURN;
    END IF;
    DELETE FROM triggers_schedule s WHERE NOT EXISTS (
        SELECT 1 FROM workflows_active_trigger t
        WHERE t.subtype = 'CRON' AND t.workflow_id = s.workflow_id AND t.node_id = s.node_id);
    RETURN QUERY
        SELECT 'changed', t.workspace_id, t.workflow_id, t.node_id::text, t.version_id, t.active_since, s.id,
               COALESCE(t.params ->> 'expression', ''),
               COALESCE(NULLIF(t.params ->> 'timezone', ''), v.definition -> 'settings' ->> 'timezone', 'UTC'),
               COALESCE(t.params ->> 'missed', 'one'), t.params - ARRAY['expression', 'timezone', 'missed'],
               s.next_fire_at, s.active_since
        FROM workflows_active_trigger t
        JOIN workflows_version v ON v.id = t.version_id
        LEFT JOIN triggers_schedule s ON s.workflow_id = t.workflow_id AND s.node_id = t.node_id
        WHERE t.subtype = 'CRON'
          AND (s.id IS NULL OR s.version_id <> t.version_id OR s.active_since <> t.active_since)
        LIMIT most;
    RETURN QUERY
        SELECT 'due', s.workspace_id, s.workflow_id, s.node_id, s.version_id, s.active_since, s.id, s.expression,
               s.timezone, s.missed, s.rule, s.next_fire_at, s.active_since
        FROM triggers_schedule s WHERE s.next_fire_at <= moment AND NOT s.is_paused
        ORDER BY s.next_fire_at LIMIT most;
END $$;
"""

USES = """
CREATE TRIGGER payload_use_is_noted AFTER INSERT OR UPDATE OF by_reference ON triggers_delivery FOR EACH ROW
WHEN (NEW.by_reference IS NOT NULL) EXECUTE FUNCTION executions_note_use('id');
"""
