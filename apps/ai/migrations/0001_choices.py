"""Which models a workspace uses where nothing else is said."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from apps.core.tenancy import protect


class Migration(migrations.Migration):
    """See `apps.ai.models.choices`."""

    initial = True

    dependencies = [
        ("accounts", "0006_notices"),
    ]

    operations = [
        migrations.CreateModel(
            name="ModelChoices",
            fields=[
                (
                    "workspace",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.workspace",
                    ),
                ),
                (
                    "chain",
                    models.JSONField(
                        default=list, help_text="the default model, then its fallbacks: each a nodes.contract.ModelRef"
                    ),
                ),
                ("embedding", models.JSONField(help_text="a nodes.contract.ModelRef, or null", null=True)),
                (
                    "credentials",
                    models.JSONField(
                        default=dict, help_text="the credential used for a provider where none is named: provider → id"
                    ),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name_plural": "model choices",
                "db_table": "ai_model_choices",
            },
        ),
        protect("ai_model_choices"),
    ]
