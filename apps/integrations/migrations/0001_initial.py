"""Credentials, the wrapped keys they are encrypted with, and who uses them."""

from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import definer, protect

# Rotation goes through the keys of every workspace; only what says where they are leaves the wall, not the keys.
_KEYS = """
CREATE OR REPLACE FUNCTION integrations_data_keys()
RETURNS TABLE (workspace_id uuid, id uuid, wrapped_by text, is_current boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT k.workspace_id, k.id, k.wrapped_by::text, k.retired_at IS NULL
    FROM integrations_data_key k ORDER BY k.workspace_id, k.id
$$;
"""


def _id() -> models.UUIDField[object, object]:
    return models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False)


def _workspace() -> models.ForeignKey[object, object]:
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace")


class Migration(migrations.Migration):
    """The tables and the function of key rotation."""

    initial = True
    dependencies = [
        ("accounts", "0002_key_of_the_inactive"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DataKey",
            fields=[
                ("id", _id()),
                ("wrapped", models.BinaryField()),
                ("wrapped_by", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("retired_at", models.DateTimeField(null=True)),
                ("workspace", _workspace()),
            ],
            options={"db_table": "integrations_data_key"},
        ),
        migrations.CreateModel(
            name="Credential",
            fields=[
                ("id", _id()),
                ("sealed", models.BinaryField()),
                ("name", models.CharField(max_length=100)),
                ("type", models.CharField(max_length=60)),
                (
                    "scope",
                    models.CharField(
                        choices=[("workspace", "Workspace"), ("user", "User")], default="workspace", max_length=10
                    ),
                ),
                ("settings", models.JSONField(default=dict)),
                ("endings", models.JSONField(default=dict)),
                (
                    "allowed_hosts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=255), default=list, size=None
                    ),
                ),
                ("rotate_after_days", models.PositiveIntegerField(null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("secret_changed_at", models.DateTimeField()),
                ("revision", models.PositiveIntegerField(default=1)),
                ("tested_at", models.DateTimeField(null=True)),
                ("is_verified", models.BooleanField(default=False)),
                ("test_message", models.CharField(blank=True, max_length=500)),
                ("last_used_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("workspace", _workspace()),
            ],
            options={"db_table": "integrations_credential"},
        ),
        migrations.CreateModel(
            name="CredentialUse",
            fields=[
                ("id", _id()),
                ("workflow_id", models.UUIDField()),
                ("day", models.DateField()),
                ("count", models.PositiveIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("last_execution_id", models.UUIDField(null=True)),
                (
                    "credential",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="integrations.credential"
                    ),
                ),
                ("workspace", _workspace()),
            ],
            options={"db_table": "integrations_credential_use"},
        ),
        migrations.AddConstraint(
            model_name="datakey",
            constraint=models.UniqueConstraint(
                condition=models.Q(("retired_at", None)), fields=("workspace",), name="integrations_one_data_key"
            ),
        ),
        migrations.AddIndex(
            model_name="credential",
            index=models.Index(fields=["workspace", "-id"], name="integrations_newest"),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.UniqueConstraint(
                condition=models.Q(("scope", "workspace")), fields=("workspace", "name"), name="integrations_name_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.UniqueConstraint(
                condition=models.Q(("scope", "user")),
                fields=("workspace", "owner", "name"),
                name="integrations_private_name_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("owner", None), ("scope", "workspace")),
                    models.Q(("owner__isnull", False), ("scope", "user")),
                    _connector="OR",
                ),
                name="integrations_private_has_owner",
            ),
        ),
        migrations.AddIndex(
            model_name="credentialuse",
            index=models.Index(fields=["workspace", "-day"], name="integrations_use_newest"),
        ),
        migrations.AddConstraint(
            model_name="credentialuse",
            constraint=models.UniqueConstraint(
                fields=("credential", "workflow_id", "day"), name="integrations_use_per_day"
            ),
        ),
        protect("integrations_data_key"),
        protect("integrations_credential"),
        protect("integrations_credential_use"),
        definer("integrations_data_keys()", _KEYS),
    ]
