"""SQL of migration 0004: what is sent to test addresses is counted by itself."""

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
