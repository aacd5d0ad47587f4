"""Signs of life."""

from __future__ import annotations

from django.db import migrations, models

from apps.core.tenancy import share


class Migration(migrations.Migration):
    """The table of pulses."""

    dependencies = [("core", "0001_roles")]
    operations = [
        migrations.CreateModel(
            name="Pulse",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("detail", models.JSONField(default=dict)),
            ],
            options={"db_table": "core_pulse"},
        ),
        share("core_pulse"),
    ]
