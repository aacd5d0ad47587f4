"""A failure in production is told, whether or not a workflow listens: people want to know."""

from __future__ import annotations

from django.db import migrations

# Of an execution that another one started, that other one tells.
_TELL_FAILURE = """
CREATE OR REPLACE FUNCTION executions_tell_failure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO core_event (id, workspace_id, name, subject_id, data, created_at, due_at, attempts, told, error)
    VALUES (gen_random_uuid(), NEW.workspace_id, 'execution.failed', NEW.id,
            jsonb_build_object('workflow_id', NEW.workflow_id, 'version_id', NEW.version_id),
            COALESCE(NEW.finished_at, clock_timestamp()), clock_timestamp(), 0, '[]', '');
    RETURN NULL;
END $$;
CREATE TRIGGER failures_are_told AFTER UPDATE ON executions_execution FOR EACH ROW
WHEN (NEW.status IN ('ERROR', 'TIMED_OUT') AND NEW.mode = 'production' AND NEW.parent_id IS NULL
      AND OLD.status NOT IN ('SUCCESS', 'ERROR', 'CANCELED', 'TIMED_OUT'))
EXECUTE FUNCTION executions_tell_failure();
"""


class Migration(migrations.Migration):
    """One trigger."""

    dependencies = [("executions", "0014_connections")]
    operations = [migrations.RunSQL(_TELL_FAILURE, "DROP FUNCTION executions_tell_failure() CASCADE")]
