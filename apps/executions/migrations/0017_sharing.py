"""What belongs to a hidden workflow is hidden with it: its executions, and what it keeps."""

from __future__ import annotations

from django.db import migrations

from apps.core.tenancy import veil


class Migration(migrations.Migration):
    """See `apps.accounts.access.objects`. What belongs to an execution is looked up by way of it."""

    dependencies = [("executions", "0016_trace"), ("workflows", "0003_sharing")]
    operations = [
        veil("executions_execution", column="workflow_id"),
        veil("executions_value", column="workflow_id"),
        veil("executions_usage_day", column="workflow_id"),
        *(
            veil(f"executions_{name}", column="execution_id", parent="executions_execution")
            for name in ("wait", "artifact")
        ),
    ]
