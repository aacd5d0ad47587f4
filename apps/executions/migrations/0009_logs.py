"""The log of a workspace, newest first: all of it, and what went wrong. Both cost the same however much there is."""

from __future__ import annotations

from django.db import migrations

# The predicate is `apps.executions.log_rows.TROUBLED`, word by word: only then is the index used.
TROUBLED = """changes @? '$[*] ? (@.error_code != null || @.state == "CANCELED" || @.status == "CANCELED"
    || @.said == "warning" || @.said == "error" || @.wait.kind == "review")'"""


class Migration(migrations.Migration):
    dependencies = [("executions", "0008_payloads")]

    operations = [
        migrations.RunSQL(
            f"""
            CREATE INDEX executions_transition_recent ON executions_transition (workspace_id, at, execution_id, seq);
            CREATE INDEX executions_transition_troubled ON executions_transition (workspace_id, at, execution_id, seq)
                WHERE {TROUBLED};
            """,
            "DROP INDEX executions_transition_recent; DROP INDEX executions_transition_troubled;",
        )
    ]
