"""Lists cost the same however much has ended: the newest of a workspace, of what failed, and what waits."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("executions", "0011_claims")]

    operations = [
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(fields=["workspace", "-id"], name="execution_newest"),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                fields=["workspace", "-id"],
                name="execution_failed",
                condition=models.Q(("status__in", ["CANCELED", "ERROR", "TIMED_OUT"])),
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                fields=["workspace"],
                name="execution_parked",
                condition=models.Q(("status__in", ["WAITING", "WAITING_FOR_HUMAN", "PAUSED"])),
            ),
        ),
    ]
