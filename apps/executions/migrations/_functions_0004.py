"""What the migration 0004 adds to the functions of the engine."""

# The end of an execution and the event that tells of it are one commit, whoever ends it. Where nobody listens it costs
# one look into an index; `tells_end` says afterwards whether somebody did.
TELL_END = """
CREATE OR REPLACE FUNCTION executions_tell_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.tells_end := NEW.tells_end OR NEW.mode = 'production' AND EXISTS (
        SELECT 1 FROM workflows_active_trigger t
        WHERE t.workspace_id = NEW.workspace_id AND t.subtype = ANY (
            CASE WHEN NEW.status IN ('ERROR', 'TIMED_OUT') THEN ARRAY['EXECUTION_FINISHED', 'ERROR']
                 ELSE ARRAY['EXECUTION_FINISHED'] END));
    IF NEW.tells_end THEN
        INSERT INTO core_event (id, workspace_id, name, subject_id, data, created_at, due_at, attempts, told, error)
        VALUES (gen_random_uuid(), NEW.workspace_id, 'execution.finished', NEW.id,
                jsonb_build_object('status', NEW.status, 'mode', NEW.mode, 'workflow_id', NEW.workflow_id,
                                   'version_id', NEW.version_id, 'parent_wait_id', NEW.parent_wait_id),
                NEW.finished_at, clock_timestamp(), 0, '[]', '');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ends_are_told BEFORE UPDATE ON executions_execution FOR EACH ROW
WHEN (NEW.status IN ('SUCCESS', 'ERROR', 'CANCELED', 'TIMED_OUT')
      AND OLD.status NOT IN ('SUCCESS', 'ERROR', 'CANCELED', 'TIMED_OUT'))
EXECUTE FUNCTION executions_tell_end();
"""
