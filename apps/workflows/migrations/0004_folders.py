"""Workflows in folders, with tags."""

from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import protect


class Migration(migrations.Migration):
    """A folder is its path; a workflow is in one of them or in none."""

    dependencies = [("accounts", "0001_initial"), ("workflows", "0003_sharing")]
    operations = [
        migrations.CreateModel(
            name="Folder",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("path", models.CharField(max_length=400)),
                ("created_at", models.DateTimeField()),
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
                "db_table": "workflows_folder",
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "path"), name="workflows_folder_once"),
                ],
            },
        ),
        protect("workflows_folder"),
        migrations.AddField(
            model_name="workflow",
            name="folder",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="workflows",
                to="workflows.folder",
            ),
        ),
        migrations.AddField(
            model_name="workflow",
            name="tags",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40), default=list, size=None
            ),
        ),
    ]
