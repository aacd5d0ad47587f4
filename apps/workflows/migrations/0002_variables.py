import django.db.models.deletion
from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import protect


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("workflows", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Variable",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("key", models.CharField(max_length=64)),
                ("value", models.JSONField()),
                ("note", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("updated_by_label", models.CharField(max_length=300)),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "db_table": "workflows_variable",
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "key"), name="workflows_variable_once"),
                ],
            },
        ),
        protect("workflows_variable"),
    ]
