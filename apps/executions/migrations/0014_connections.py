"""What came into a node where a connection mapped it, and what the conditions of connections came to."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("executions", "0013_tests_apart")]

    operations = [
        migrations.AddField(
            model_name="noderun",
            name="input",
            field=models.JSONField(help_text="where a connection mapped what came", null=True),
        ),
        migrations.AddField(
            model_name="noderun",
            name="verdicts",
            field=models.JSONField(
                help_text="what the conditions of its connections came to, by their text", null=True
            ),
        ),
    ]
