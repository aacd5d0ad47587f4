"""Timers that fall due at once are resolved at once."""

from __future__ import annotations

from django.db import migrations, models

from apps.core.tenancy import definer
from apps.executions.migrations import _functions_0010


class Migration(migrations.Migration):
    dependencies = [("executions", "0009_logs")]

    operations = [
        migrations.AddIndex(
            model_name="wait",
            index=models.Index(
                fields=["wake_at"],
                name="wait_timers",
                condition=models.Q(("kind", "timer"), ("resolved_at__isnull", True)),
            ),
        ),
        definer("executions_timers_fire(int)", _functions_0010.TIMERS),
    ]
