"""SQL of migration 0005: as before, with workspaces found under their former addresses, and not when closed."""

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
    WHERE w.closed_at IS NULL AND w.id = COALESCE(
        (SELECT here.id FROM accounts_workspace here WHERE here.slug = $1),
        (SELECT f.workspace_id FROM accounts_former_slug f WHERE f.slug = $1))
$$;
"""

# Who has a test address open. The newest counts where two drafts have the same path.
LISTENING_FIND = """
CREATE OR REPLACE FUNCTION triggers_listening_find(workspace_slug text, given text)
RETURNS TABLE (id uuid, workspace_id uuid, workflow_id uuid, node_id text, methods jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT l.id, l.workspace_id, l.workflow_id, l.node_id, l.methods
    FROM accounts_workspace w JOIN triggers_listening l ON l.workspace_id = w.id AND l.path = $2
    WHERE w.closed_at IS NULL AND w.id = COALESCE(
        (SELECT here.id FROM accounts_workspace here WHERE here.slug = $1),
        (SELECT f.workspace_id FROM accounts_former_slug f WHERE f.slug = $1))
      AND l.until_at > clock_timestamp()
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
        place := accounts_workspace_at(workspace_slug);
        IF place IS NULL THEN
            RETURN false;
        END IF;
    END IF;
    IF whose IS NULL THEN
        SELECT count(*), max(d.id::text)::uuid INTO kept, latest FROM triggers_delivery d
        WHERE d.workspace_id = place AND d.workflow_id IS NULL AND d.id >= hour AND d.verdict <> 'accepted'
          AND d.source = given ->> 'source';
    ELSE
        SELECT count(*), max(d.id::text)::uuid INTO kept, latest FROM triggers_delivery d
        WHERE d.workspace_id = place AND d.workflow_id = whose AND d.node_id = node AND d.id >= hour
          AND d.verdict <> 'accepted' AND d.source = given ->> 'source';
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
