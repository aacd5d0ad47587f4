"""Claims that cost less, also for databases made before."""

from __future__ import annotations

from django.db import migrations, models

from apps.core.tenancy import definer
from apps.executions.migrations import _functions_0006

_CLAIM = "executions_claim(uuid, text[], int, int, int)"


class Migration(migrations.Migration):
    dependencies = [("executions", "0010_timers")]

    operations = [
        migrations.AddField(
            model_name="execution",
            name="is_contended",
            field=models.BooleanField(db_default=False, default=False, help_text="somebody may wait for its place"),
        ),
        migrations.RunSQL(
            f"DROP FUNCTION {_CLAIM}; DROP FUNCTION IF EXISTS executions_claim_lane", migrations.RunSQL.noop
        ),
        *[migrations.RunSQL(body, migrations.RunSQL.noop) for body in _functions_0006.REPLACEABLE],
        *[definer(signature, body) for signature, body in _functions_0006.DEFINERS.items()],
    ]
